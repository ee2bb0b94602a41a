/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The grammar of RFC 3986, component by component: GLib's parser of URIs lets through characters that no URI
 * has.
 */
#include "daemon/model/schema/format-private.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#define SUB_DELIMITERS "!$&'()*+,;="

typedef struct Span {
        const char *at;
        const char *end;
} Span;

/* Unreserved characters, escapes, and those given. */
static bool check_characters(Span span, const char *others)
{
        for (const char *at = span.at; at < span.end; at++) {
                if (*at == '%') {
                        if (span.end - at < 3 || !g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2]))
                                return false;
                        at += 2;
                } else if (*at == '\0' ||
                           (!g_ascii_isalnum(*at) && !strchr("-._~", *at) && !strchr(others, *at))) {
                        return false;
                }
        }
        return true;
}

/* What is in brackets: an IPv6 address, or what a later version may have. */
static bool check_ip_literal(Span span)
{
        g_autofree char *text = g_strndup(span.at, (gsize) (span.end - span.at));
        struct in6_addr address;
        const char *dot;

        if (*text != 'v' && *text != 'V')
                return inet_pton(AF_INET6, text, &address) == 1;
        dot = strchr(text, '.');
        if (!dot || dot == text + 1 || dot[1] == '\0')
                return false;
        for (const char *at = text + 1; at < dot; at++)
                if (!g_ascii_isxdigit(*at))
                        return false;
        return !strchr(dot, '%') &&
               check_characters((Span){ dot + 1, text + strlen(text) }, SUB_DELIMITERS ":");
}

static bool check_authority(Span span)
{
        const char *at_sign = memchr(span.at, '@', (size_t) (span.end - span.at));
        const char *host = at_sign ? at_sign + 1 : span.at, *port = span.end;

        if (at_sign && !check_characters((Span){ span.at, at_sign }, SUB_DELIMITERS ":"))
                return false;
        if (host < span.end && *host == '[') {
                const char *close = memchr(host, ']', (size_t) (span.end - host));

                if (!close || !check_ip_literal((Span){ host + 1, close }))
                        return false;
                port = close + 1;
        } else {
                port = memchr(host, ':', (size_t) (span.end - host)) ?: span.end;
                if (!check_characters((Span){ host, port }, SUB_DELIMITERS))
                        return false;
        }
        if (port < span.end && *port != ':')
                return false;
        for (port++; port < span.end; port++)
                if (!g_ascii_isdigit(*port))
                        return false;
        return true;
}

/* Cuts off what begins with that character. */
static bool check_tail(Span *span, char first)
{
        const char *start = memchr(span->at, first, (size_t) (span->end - span->at));
        Span tail = { start ? start + 1 : span->end, span->end };

        if (!start)
                return true;
        span->end = start;
        return check_characters(tail, SUB_DELIMITERS ":@/?");
}

/* What follows the scheme, if any. */
static bool check_rest(Span span)
{
        if (!check_tail(&span, '#') || !check_tail(&span, '?'))
                return false;
        if (span.end - span.at >= 2 && span.at[0] == '/' && span.at[1] == '/') {
                const char *authority = span.at + 2;

                span.at = memchr(authority, '/', (size_t) (span.end - authority)) ?: span.end;
                if (!check_authority((Span){ authority, span.at }))
                        return false;
        }
        return check_characters(span, SUB_DELIMITERS ":@/");
}

/* What is behind the colon of the scheme, or NULL where there is none. */
static const char *skip_scheme(const char *text)
{
        const char *at = text;

        if (!g_ascii_isalpha(*at))
                return NULL;
        while (g_ascii_isalnum(*at) || *at == '+' || *at == '-' || *at == '.')
                at++;
        return *at == ':' ? at + 1 : NULL;
}

bool format_check_uri(const char *text, size_t length)
{
        const char *rest = skip_scheme(text);

        return rest && check_rest((Span){ rest, text + length });
}

bool format_check_uri_reference(const char *text, size_t length)
{
        size_t segment = strcspn(text, "/?#");

        if (format_check_uri(text, length))
                return true;
        /* A colon in the first part of a path would end a scheme. */
        return !memchr(text, ':', MIN(segment, length)) && check_rest((Span){ text, text + length });
}
