/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checks behind the names of formats, each after the document that defines it
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* RFC 3339, with the duration of its appendix A. */
bool format_check_date_time(const char *text, size_t length);
bool format_check_date(const char *text, size_t length);
bool format_check_time(const char *text, size_t length);
bool format_check_duration(const char *text, size_t length);

/* RFC 5321, RFC 1123, RFC 2673, RFC 4291. */
bool format_check_email(const char *text, size_t length);
bool format_check_hostname(const char *text, size_t length);
bool format_check_ipv4(const char *text, size_t length);
bool format_check_ipv6(const char *text, size_t length);

/* RFC 3986. */
bool format_check_uri(const char *text, size_t length);
bool format_check_uri_reference(const char *text, size_t length);

/* What stands behind "xn--" in a part of a host name: RFC 3492, RFC 5891, RFC 5892, RFC 5893. */
bool format_check_punycode(const char *text, size_t length);
