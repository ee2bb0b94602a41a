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

/* What is told of a time beside the time. */
typedef struct Calendar {
        struct tm tm;
        bool is_utc;
        int summer;  /* as tm_isdst */
        int weekday; /* as tm_wday; -1: not told */
} Calendar;

/* The last word, or the Z of ISO 8601: where the time is that. Takes it away. */
static void take_zone(char *text, Calendar *calendar)
{
        size_t length = strlen(text);
        char *word = strrchr(text, ' ');

        calendar->summer = -1;
        if (length > 1 && text[length - 1] == 'Z' && g_ascii_isdigit(text[length - 2])) {
                calendar->is_utc = true;
                text[length - 1] = '\0';
                return;
        }
        if (!word)
                return;
        tzset();
        if (g_str_equal(word + 1, "UTC"))
                calendar->is_utc = true;
        else if (g_str_equal(word + 1, tzname[0]))
                calendar->summer = 0;
        else if (g_str_equal(word + 1, tzname[1]))
                calendar->summer = 1;
        else
                return;
        *word = '\0';
}

/* The first word, in short or in full. Returns what is behind it. */
static const char *skip_weekday(const char *text, Calendar *calendar)
{
        static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday" };
        size_t length = strcspn(text, " ");

        calendar->weekday = -1;
        for (int i = 0; i < (int) G_N_ELEMENTS(days); i++)
                if ((length == 3 || length == strlen(days[i])) && text[length] == ' ' &&
                    g_ascii_strncasecmp(text, days[i], length) == 0) {
                        calendar->weekday = i;
                        return text + length + 1;
                }
        return text;
}

/* ".123", in µs; whatever is finer does not count. */
static bool read_fraction(const char *text, uint64_t *ret_usec)
{
        uint64_t digit = G_USEC_PER_SEC / 10;

        *ret_usec = 0;
        if (!*text)
                return true;
        if (*text++ != '.' || !*text)
                return false;
        for (; g_ascii_isdigit(*text); text++, digit /= 10)
                *ret_usec += digit * (uint64_t) (*text - '0');
        return !*text;
}

/* Fills in what the text says over the time that is there. Only what has seconds has fractions of them. */
static bool read_calendar(const char *text, struct tm *tm, uint64_t *ret_usec)
{
        static const char *const formats[] = {
                "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%H:%M:%S", "%Y-%m-%d %H:%M",
                "%Y-%m-%dT%H:%M",    "%Y-%m-%d",          "%H:%M"
        };

        for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
                struct tm candidate = *tm;
                const char *end = strptime(text, formats[i], &candidate);

                if (!end || !(g_str_has_suffix(formats[i], "%S") ? read_fraction(end, ret_usec) : !*end))
                        continue;
                *tm = candidate;
                return true;
        }
        return false;
}

/* Where the day is told by a word. */
static bool read_day(const char *text, struct tm *tm)
{
        if (g_str_equal(text, "yesterday"))
                tm->tm_mday--;
        else if (g_str_equal(text, "tomorrow"))
                tm->tm_mday++;
        else
                return g_str_equal(text, "today");
        return true;
}

static bool parse_calendar(const char *text, uint64_t now, uint64_t *ret)
{
        g_autofree char *copy = g_strdup(text);
        time_t seconds = (time_t) (now / G_USEC_PER_SEC);
        Calendar calendar = { 0 };
        struct tm given, *tm = &calendar.tm;
        bool by_word;
        uint64_t usec = 0;

        take_zone(copy, &calendar);
        if (!(calendar.is_utc ? gmtime_r(&seconds, tm) : localtime_r(&seconds, tm)))
                return false;
        tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
        by_word = read_day(copy, tm);
        if (!by_word && !read_calendar(skip_weekday(copy, &calendar), tm, &usec))
                return false;
        /* Whether that is summer time depends on the day, unless it is told. */
        tm->tm_isdst = calendar.summer;
        given = *tm;
        seconds = calendar.is_utc ? timegm(tm) : mktime(tm);
        /* The 31st of a month that has none is no day of the next, and a day of the week has its date. */
        if (seconds < 0 || (!by_word && given.tm_mday != tm->tm_mday) ||
            (!by_word && calendar.weekday >= 0 && calendar.weekday != tm->tm_wday))
                return false;
        *ret = (uint64_t) seconds * G_USEC_PER_SEC + usec;
        return true;
}

/* So much before now, or after. */
static bool parse_distance(const char *text, uint64_t now, uint64_t *ret)
{
        bool has_sign = *text == '-' || *text == '+';
        g_autofree char *span = g_strdup(has_sign ? text + 1 : text);
        uint64_t usec;

        if (!has_sign && g_str_has_suffix(span, " ago"))
                span[strlen(span) - strlen(" ago")] = '\0';
        /* A number alone could be meant for anything. */
        if (strspn(span, "0123456789. ") == strlen(span) || !timespan_parse(span, &usec))
                return false;
        if (*text == '+')
                *ret = now + MIN(usec, UINT64_MAX - now);
        else
                *ret = now - MIN(usec, now);
        return true;
}

bool timestamp_parse(const char *text, uint64_t now, uint64_t *ret)
{
        guint64 seconds;

        if (g_str_equal(text, "now")) {
                *ret = now;
                return true;
        }
        if (*text != '@')
                return parse_calendar(text, now, ret) || parse_distance(text, now, ret);
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
