/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/format-private.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#define MAX_HOSTNAME 253U
#define MAX_LABEL 63U
#define MAX_LOCAL_PART 64U

static bool check_address(int family, const char *text, size_t length)
{
        struct in6_addr address;

        return strlen(text) == length && inet_pton(family, text, &address) == 1;
}

bool format_check_ipv4(const char *text, size_t length)
{
        return check_address(AF_INET, text, length);
}

bool format_check_ipv6(const char *text, size_t length)
{
        return check_address(AF_INET6, text, length);
}

static bool check_label(const char *label, size_t length)
{
        if (length == 0 || length > MAX_LABEL || label[0] == '-' || label[length - 1] == '-')
                return false;
        for (size_t i = 0; i < length; i++)
                if (!g_ascii_isalnum(label[i]) && label[i] != '-')
                        return false;
        if (length >= 4 && g_ascii_strncasecmp(label, "xn--", 4) == 0)
                return format_check_punycode(label + 4, length - 4);
        return true;
}

bool format_check_hostname(const char *text, size_t length)
{
        const char *label = text, *end = text + length;

        if (length > MAX_HOSTNAME)
                return false;
        for (;;) {
                const char *dot = memchr(label, '.', (size_t) (end - label));

                if (!check_label(label, (size_t) ((dot ?: end) - label)))
                        return false;
                if (!dot)
                        return true;
                label = dot + 1;
        }
}

static bool check_dot_string(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++) {
                bool is_dot = text[i] == '.';

                if (is_dot && (i == 0 || i + 1 == length || text[i - 1] == '.'))
                        return false;
                if (!is_dot && !g_ascii_isalnum(text[i]) &&
                    (text[i] == '\0' || !strchr("!#$%&'*+-/=?^_`{|}~", text[i])))
                        return false;
        }
        return length > 0;
}

/* text begins with a quote; returns what is behind the closing one, or NULL. */
static const char *skip_quoted_string(const char *text)
{
        for (const char *at = text + 1; *at >= ' ' && *at < 0x7F; at++) {
                if (*at == '"')
                        return at + 1;
                if (*at == '\\' && (*++at < ' ' || *at == 0x7F))
                        return NULL;
        }
        return NULL;
}

static bool check_address_literal(const char *text, size_t length)
{
        g_autofree char *inside = NULL;

        if (length < 2 || text[length - 1] != ']')
                return false;
        inside = g_strndup(text + 1, length - 2);
        if (g_ascii_strncasecmp(inside, "IPv6:", 5) == 0)
                return format_check_ipv6(inside + 5, strlen(inside + 5));
        return format_check_ipv4(inside, strlen(inside));
}

bool format_check_email(const char *text, size_t length)
{
        const char *end = text + length,
                   *at = *text == '"' ? skip_quoted_string(text) : memchr(text, '@', length);
        const char *domain;

        if (!at || at > end || *at != '@' || (size_t) (at - text) > MAX_LOCAL_PART)
                return false;
        if (*text != '"' && !check_dot_string(text, (size_t) (at - text)))
                return false;
        domain = at + 1;
        if (*domain == '[')
                return check_address_literal(domain, (size_t) (end - domain));
        return format_check_hostname(domain, (size_t) (end - domain));
}
