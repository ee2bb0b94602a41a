/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/timestamp.h"

#include "client/ctl/timespan.h"

#include <glib.h>
#include <string.h>
#include <time.h>

typedef struct Unit {
        const char *name; /* behind the number */
        const char *plural;
        uint64_t seconds;
} Unit;

static const Unit units[] = {
        { " year", " years", 31557600 },
        { " month", " months", 2629800 },
        { " week", " weeks", 604800 },
        { " day", " days", 86400 },
        { "h", "h", 3600 },
        { "min", "min", 60 },
        { "s", "s", 1 },
};

char *timestamp_format(uint64_t time)
{
        static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        time_t seconds = (time_t) (time / G_USEC_PER_SEC);
        char text[64];
        struct tm tm;

        if (time == 0 || !localtime_r(&seconds, &tm) ||
            strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                return g_strdup("n/a");
        return g_strdup_printf("%s %s", days[tm.tm_wday], text);
}

char *timestamp_format_precise(uint64_t time)
{
        time_t seconds = (time_t) (time / G_USEC_PER_SEC);
        char text[32];
        struct tm tm;

        if (!localtime_r(&seconds, &tm) || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm) == 0)
                return g_strdup("n/a");
        return g_strdup_printf("%s.%03u", text, (unsigned) (time % G_USEC_PER_SEC / 1000));
}

/* Fills in what the text says over the time that is there. */
static bool read_calendar(const char *text, struct tm *tm)
{
        static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%H:%M:%S",
                                               "%H:%M" };

        for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
                struct tm candidate = *tm;
                const char *end = strptime(text, formats[i], &candidate);

                if (!end || *end)
                        continue;
                *tm = candidate;
                return true;
        }
        return false;
}

static bool parse_calendar(const char *text, uint64_t now, uint64_t *ret)
{
        time_t seconds = (time_t) (now / G_USEC_PER_SEC);
        struct tm tm, given;

        if (!localtime_r(&seconds, &tm))
                return false;
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        if (g_str_equal(text, "yesterday"))
                tm.tm_mday--;
        else if (!g_str_equal(text, "today") && !read_calendar(text, &tm))
                return false;
        /* Whether that is summer time depends on the day. */
        tm.tm_isdst = -1;
        given = tm;
        seconds = mktime(&tm);
        /* The 31st of a month that has none is no day of the next. */
        if (seconds < 0 || (given.tm_mday > 0 && given.tm_mday != tm.tm_mday))
                return false;
        *ret = (uint64_t) seconds * G_USEC_PER_SEC;
        return true;
}

static bool parse_before(const char *text, uint64_t now, uint64_t *ret)
{
        g_autofree char *span = g_strdup(*text == '-' ? text + 1 : text);
        uint64_t usec;

        if (*text != '-' && g_str_has_suffix(span, " ago"))
                span[strlen(span) - strlen(" ago")] = '\0';
        /* A number alone could be meant for anything. */
        if (strspn(span, "0123456789. ") == strlen(span) || !timespan_parse(span, &usec))
                return false;
        *ret = now - MIN(usec, now);
        return true;
}

bool timestamp_parse(const char *text, uint64_t now, uint64_t *ret)
{
        guint64 seconds;

        if (*text != '@')
                return parse_calendar(text, now, ret) || parse_before(text, now, ret);
        if (!g_ascii_string_to_unsigned(text + 1, 10, 0, UINT64_MAX / G_USEC_PER_SEC, &seconds, NULL))
                return false;
        *ret = seconds * G_USEC_PER_SEC;
        return true;
}

char *timestamp_format_span(uint64_t span)
{
        uint64_t seconds = span / G_USEC_PER_SEC;
        GString *text = g_string_new(NULL);
        unsigned parts = 0;

        /* Two units that follow each other say enough. */
        for (size_t i = 0; i < G_N_ELEMENTS(units) && parts < 2; i++) {
                uint64_t count = seconds / units[i].seconds;

                seconds %= units[i].seconds;
                if (parts > 0)
                        parts++;
                if (count == 0)
                        continue;
                if (parts == 0)
                        parts = 1;
                g_string_append_printf(text, "%s%" G_GUINT64_FORMAT "%s", text->len > 0 ? " " : "", count,
                                       count == 1 ? units[i].name : units[i].plural);
        }
        if (text->len == 0)
                g_string_append(text, "0s");
        return g_string_free(text, FALSE);
}

char *timestamp_format_relative(uint64_t time, uint64_t now)
{
        g_autofree char *span = NULL;

        if (time <= now && now - time < G_USEC_PER_SEC)
                return g_strdup("just now");
        span = timestamp_format_span(time > now ? time - now : now - time);
        return time > now ? g_strdup_printf("in %s", span) : g_strdup_printf("%s ago", span);
}

char *timestamp_format_both(uint64_t time)
{
        g_autofree char *absolute = timestamp_format(time);
        g_autofree char *relative = NULL;

        if (time == 0)
                return g_steal_pointer(&absolute);
        relative = timestamp_format_relative(time, (uint64_t) g_get_real_time());
        return g_strdup_printf("%s; %s", absolute, relative);
}
