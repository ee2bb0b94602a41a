/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats: what "format" asserts of a string
 *
 * Names that are not known here assert nothing, as the specification wants it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* text is UTF-8 with a NUL behind it. */
typedef bool (*FormatCheck)(const char *text, size_t length);

typedef struct StringFormat {
        const char *name;
        FormatCheck check;
        const char *description; /* "a date as in 2026-01-31" */
} StringFormat;

/* NULL for a name that asserts nothing. */
const StringFormat *string_format_find(const char *name);
