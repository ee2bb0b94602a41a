/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/timespan.h"

#include <glib.h>
#include <string.h>

typedef struct Unit {
        const char *names[5]; /* the first is written, where any is; all are read */
        bool is_written;
        uint64_t usec;
} Unit;

/* The longest first, as they are written. */
static const Unit units[] = {
        { { "y", "year", "years" }, false, UINT64_C(31557600000000) },
        { { "M", "month", "months" }, false, UINT64_C(2629800000000) },
        { { "w", "week", "weeks" }, false, UINT64_C(604800000000) },
        { { "d", "day", "days" }, true, UINT64_C(86400000000) },
        { { "h", "hr", "hour", "hours" }, true, UINT64_C(3600000000) },
        { { "min", "m", "minute", "minutes" }, true, UINT64_C(60000000) },
        { { "s", "sec", "second", "seconds" }, true, UINT64_C(1000000) },
        { { "ms", "msec" }, true, UINT64_C(1000) },
        { { "us", "usec" }, true, UINT64_C(1) },
};

static const char *skip_spaces(const char *text)
{
        return text + strspn(text, " ");
}

/* The unit at the text, which ends behind it; 0 where there is none. */
static uint64_t read_unit(const char **text)
{
        const char *start = *text;
        g_autofree char *name = NULL;
        size_t length = 0;

        while (g_ascii_isalpha(start[length]))
                length++;
        name = g_strndup(start, length);
        for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
                if (g_strv_contains(units[i].names, name)) {
                        *text = start + length;
                        return units[i].usec;
                }
        return 0;
}

static bool read_whole(const char **text, uint64_t *ret)
{
        uint64_t value = 0;

        for (; g_ascii_isdigit(**text); (*text)++)
                if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
                    __builtin_add_overflow(value, (uint64_t) (**text - '0'), &value))
                        return false;
        *ret = value;
        return true;
}

/* What stands behind a point, in millionths, which is fine enough; further digits do not count. */
static bool read_millionths(const char **text, uint64_t *ret)
{
        uint64_t value = 0, digit = 100000;

        *ret = 0;
        if (**text != '.')
                return true;
        (*text)++;
        if (!g_ascii_isdigit(**text))
                return false;
        for (; g_ascii_isdigit(**text); (*text)++, digit /= 10)
                value += digit * (uint64_t) (**text - '0');
        *ret = value;
        return true;
}

/* A number with its unit. A number alone is seconds, where nothing but it is there. */
static bool read_part(const char **text, bool first, uint64_t *ret_usec)
{
        uint64_t whole, millionths, unit;

        if (!g_ascii_isdigit(**text) || !read_whole(text, &whole) || !read_millionths(text, &millionths))
                return false;
        *text = skip_spaces(*text);
        unit = first && !**text ? G_USEC_PER_SEC : read_unit(text);
        return unit > 0 && !__builtin_mul_overflow(whole, unit, ret_usec) &&
               !__builtin_add_overflow(*ret_usec, unit * millionths / 1000000, ret_usec);
}

bool timespan_parse(const char *text, uint64_t *ret_usec)
{
        uint64_t sum = 0, part;
        bool first = true;

        text = skip_spaces(text);
        do {
                if (!read_part(&text, first, &part) || __builtin_add_overflow(sum, part, &sum))
                        return false;
                text = skip_spaces(text);
                first = false;
        } while (*text);

        *ret_usec = sum;
        return true;
}

char *timespan_format(uint64_t usec)
{
        GString *text = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
                uint64_t count = units[i].is_written ? usec / units[i].usec : 0;

                usec -= count * units[i].usec;
                if (count > 0)
                        g_string_append_printf(text, "%s%" G_GUINT64_FORMAT "%s", text->len > 0 ? " " : "",
                                               count, units[i].names[0]);
        }
        return g_string_free(text->len > 0 ? text : g_string_append(text, "0s"), FALSE);
}
