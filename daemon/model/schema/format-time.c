/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/format-private.h"

#include <glib.h>

/* That many digits, no more and no less being looked at. */
static bool take_digits(const char **at, unsigned count, unsigned *ret)
{
        *ret = 0;
        for (unsigned i = 0; i < count; i++, (*at)++) {
                if (!g_ascii_isdigit(**at))
                        return false;
                *ret = *ret * 10 + (unsigned) (**at - '0');
        }
        return true;
}

static bool take_character(const char **at, char character)
{
        if (g_ascii_toupper(**at) != character)
                return false;
        (*at)++;
        return true;
}

static bool take_date(const char **at)
{
        unsigned year, month, day;

        return take_digits(at, 4, &year) && take_character(at, '-') && take_digits(at, 2, &month) &&
               take_character(at, '-') && take_digits(at, 2, &day) && month >= 1 && month <= 12 &&
               day >= 1 &&
               /* GLib counts years from 1; a leap year comes as often before. */
               day <= g_date_get_days_in_month((GDateMonth) month, (GDateYear) (year + 400));
}

/* Minutes that the zone is before UTC. */
static bool take_zone(const char **at, int *ret)
{
        unsigned hours, minutes;
        bool behind;

        *ret = 0;
        if (take_character(at, 'Z'))
                return true;
        behind = **at == '-';
        if (!take_character(at, behind ? '-' : '+') || !take_digits(at, 2, &hours) ||
            !take_character(at, ':') || !take_digits(at, 2, &minutes) || hours > 23 || minutes > 59)
                return false;
        *ret = (int) (hours * 60 + minutes) * (behind ? -1 : 1);
        return true;
}

static bool take_time(const char **at)
{
        unsigned hours, minutes, seconds;
        int zone;

        if (!take_digits(at, 2, &hours) || !take_character(at, ':') || !take_digits(at, 2, &minutes) ||
            !take_character(at, ':') || !take_digits(at, 2, &seconds) || hours > 23 || minutes > 59)
                return false;
        if (take_character(at, '.')) {
                if (!g_ascii_isdigit(**at))
                        return false;
                while (g_ascii_isdigit(**at))
                        (*at)++;
        }
        if (!take_zone(at, &zone))
                return false;
        if (seconds <= 59)
                return true;
        /* A leap second comes at the end of a day in UTC only. */
        return seconds == 60 && ((int) (hours * 60 + minutes) - zone + 2 * 1440) % 1440 == 1439;
}

bool format_check_date(const char *text, size_t length)
{
        const char *at = text;

        return take_date(&at) && at == text + length;
}

bool format_check_time(const char *text, size_t length)
{
        const char *at = text;

        return take_time(&at) && at == text + length;
}

bool format_check_date_time(const char *text, size_t length)
{
        const char *at = text;

        return take_date(&at) && take_character(&at, 'T') && take_time(&at) && at == text + length;
}

/*
 * Numbers with units that follow each other in their order, none left out in between: 1Y2M and 2M3D are
 * some, 1Y3D is none. Returns how many there are, or -1.
 */
static int take_units(const char **at, const char *units)
{
        int count = 0;

        while (g_ascii_isdigit(**at)) {
                while (g_ascii_isdigit(**at))
                        (*at)++;
                while (count == 0 && *units != '\0' && *units != **at)
                        units++;
                if (*units == '\0' || *units != **at)
                        return -1;
                units++;
                (*at)++;
                count++;
        }
        return count;
}

bool format_check_duration(const char *text, size_t length)
{
        const char *at = text, *start;
        int days, times;

        if (*at++ != 'P')
                return false;
        start = at;
        if (take_units(&at, "W") == 1)
                return at == text + length;
        at = start;
        days = take_units(&at, "YMD");
        if (days < 0)
                return false;
        if (*at != 'T')
                return days > 0 && at == text + length;
        at++;
        times = take_units(&at, "HMS");
        return times > 0 && at == text + length;
}
