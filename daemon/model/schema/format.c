/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/format.h"

#include "daemon/model/schema/format-private.h"
#include "daemon/model/schema/pattern.h"

#include <glib.h>
#include <string.h>

static bool check_json_pointer(const char *text, size_t length)
{
        if (length > 0 && *text != '/')
                return false;
        for (size_t i = 0; i < length; i++)
                if (text[i] == '~' && text[i + 1] != '0' && text[i + 1] != '1')
                        return false;
        return true;
}

static bool check_regex(const char *text, size_t length)
{
        g_autofree char *message = strlen(text) == length ? pattern_check(text) : NULL;

        return !message;
}

static bool check_uuid(const char *text, size_t length)
{
        if (length != 36)
                return false;
        for (size_t i = 0; i < length; i++) {
                bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

                if (is_dash ? text[i] != '-' : !g_ascii_isxdigit(text[i]))
                        return false;
        }
        return true;
}

static const StringFormat formats[] = {
        { "date", format_check_date, "a date as in 2026-01-31" },
        { "date-time", format_check_date_time, "a date and time as in 2026-01-31T12:00:00Z" },
        { "duration", format_check_duration, "a duration as in P1DT12H" },
        { "email", format_check_email, "an e-mail address" },
        { "hostname", format_check_hostname, "a host name" },
        { "ipv4", format_check_ipv4, "an IPv4 address" },
        { "ipv6", format_check_ipv6, "an IPv6 address" },
        { "json-pointer", check_json_pointer, "a JSON pointer as in /a/b" },
        { "regex", check_regex, "a regular expression" },
        { "time", format_check_time, "a time as in 12:00:00Z" },
        { "uri", format_check_uri, "a URI with its scheme" },
        { "uri-reference", format_check_uri_reference, "a URI or a relative reference" },
        { "uuid", check_uuid, "a UUID" },
};

const StringFormat *string_format_find(const char *name)
{
        for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
                if (strcmp(formats[i].name, name) == 0)
                        return &formats[i];
        return NULL;
}
