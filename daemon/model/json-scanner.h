/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON scanners: the words of RFC 8259
 *
 * What a JSON text is made of, one piece after the other, and how to say where a wrong one stands. Which
 * piece may follow which is for decode_json() to know.
 *
 * Columns are in characters, yet a file may be one line of megabytes, so they cannot be counted when asked
 * for: line_start is moved on by one for each byte that only continues a character, and a column is a
 * difference. Outside of strings there are no such bytes before the first error.
 */
#pragma once

#include "daemon/model/builder.h"
#include "daemon/model/failure.h"

typedef struct JsonScanner {
        Builder *builder; /* what the words go to; knows the path that failures name */
        const char *file;
        const char *at, *end;
        const char *line_start;
        uint32_t line;
        GString *text; /* a string with escapes, as it reads without them */
} JsonScanner;

/* The place of the next byte. */
static inline Place json_scanner_place(const JsonScanner *scanner)
{
        return (Place){ scanner->line, (uint32_t) (scanner->at - scanner->line_start) + 1 };
}

/* Moves over c if that is the next byte. */
static inline bool json_scanner_take(JsonScanner *scanner, char c)
{
        if (scanner->at == scanner->end || *scanner->at != c)
                return false;
        scanner->at++;
        return true;
}

/* Moves over the word if it comes next, whatever is behind it. */
bool json_scanner_take_word(JsonScanner *scanner, const char *word);
void json_scanner_skip_space(JsonScanner *scanner);
/* Moves over a number; *ret_integer tells whether it has neither fraction nor exponent. */
Failure *json_scanner_skip_number(JsonScanner *scanner, bool *ret_integer);
/*
 * Reads the string whose opening quote comes next. The text is a part of the file where it has no escapes,
 * else it is held by the scanner until the next string.
 */
Failure *json_scanner_read_string(JsonScanner *scanner, const char **ret, size_t *ret_length);

/* A FAILURE_PARSE_FAILED at that place. */
Failure *json_scanner_fail(const JsonScanner *scanner, Place place, const char *format, ...)
                G_GNUC_PRINTF(3, 4);
/* The same at the next byte, for what stands there in place of what was expected. */
Failure *json_scanner_unexpected(const JsonScanner *scanner, const char *expected);
