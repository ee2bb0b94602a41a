/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/json-scanner.h"

#include <string.h>

/* A byte in each of the eight places of a word. */
#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH_BITS EACH_BYTE(0x80)

Failure *json_scanner_fail(const JsonScanner *scanner, Place place, const char *format, ...)
{
        g_autofree char *path = builder_path(scanner->builder), *message = NULL;
        va_list arguments;

        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, scanner->file, place.line,
                              place.column, path, "%s", message);
}

/* What stands here, by its sort: a message must not quote what may be part of a value. */
static const char *describe(const JsonScanner *scanner)
{
        unsigned char c;

        if (scanner->at == scanner->end)
                return "the end of the file";

        c = (unsigned char) *scanner->at;
        switch (c) {
        case '{':
                return "'{'";
        case '}':
                return "'}'";
        case '[':
                return "'['";
        case ']':
                return "']'";
        case ',':
                return "','";
        case ':':
                return "':'";
        case '"':
                return "a string";
        case '\'':
                return "a single quote (strings stand in double quotes)";
        case '/':
        case '#':
                return "what looks like a comment (JSON has none)";
        default:
                break;
        }
        if (g_ascii_isdigit(c) || c == '-')
                return "a number";
        if (g_ascii_isalpha(c))
                return "a word";
        if (c < ' ' || c == 0x7f)
                return "a control character";
        return "a character that has no meaning there";
}

Failure *json_scanner_unexpected(const JsonScanner *scanner, const char *expected)
{
        return json_scanner_fail(scanner, json_scanner_place(scanner), "expected %s, found %s", expected,
                                 describe(scanner));
}

void json_scanner_skip_space(JsonScanner *scanner)
{
        const char *at = scanner->at, *end = scanner->end;

        for (; at < end; at++) {
                if (*at == '\n') {
                        scanner->line++;
                        scanner->line_start = at + 1;

                        /* Indentation is a good part of most files. */
                        for (uint64_t word; end - at > (ptrdiff_t) sizeof word; at += sizeof word) {
                                memcpy(&word, at + 1, sizeof word);
                                if (word != EACH_BYTE(' '))
                                        break;
                        }
                } else if (*at != ' ' && *at != '\t' && *at != '\r') {
                        break;
                }
        }
        scanner->at = at;
}

bool json_scanner_take_word(JsonScanner *scanner, const char *word)
{
        size_t length = strlen(word);

        if ((size_t) (scanner->end - scanner->at) < length || memcmp(scanner->at, word, length) != 0)
                return false;
        scanner->at += length;
        return true;
}

/* Of each byte that continues a character (the high bit is set, the next one is not), counts one. */
static unsigned count_continuations(uint64_t word)
{
        return (unsigned) __builtin_popcountll(word & ~(word << 1) & HIGH_BITS);
}

/*
 * The high bit of each byte that is less than a limit. Borrows may mark bytes above such a one by mistake;
 * the lowest mark is always right.
 */
static uint64_t bytes_below(uint64_t word, uint8_t limit)
{
        return (word - EACH_BYTE(limit)) & ~word & HIGH_BITS;
}

/* Moves on to the next quote, backslash or control character, or to the end, eight bytes at a time. */
static void skip_plain(JsonScanner *scanner)
{
        const char *at = scanner->at, *end = scanner->end;

        for (uint64_t word; end - at >= (ptrdiff_t) sizeof word; at += sizeof word) {
                uint64_t stops;

                memcpy(&word, at, sizeof word);
                word = GUINT64_FROM_LE(word);
                stops = bytes_below(word ^ EACH_BYTE('"'), 1) | bytes_below(word ^ EACH_BYTE('\\'), 1) |
                        bytes_below(word, ' ');
                if (stops != 0) {
                        unsigned bits = (unsigned) __builtin_ctzll(stops) & ~7U;

                        scanner->line_start += count_continuations(word & ((UINT64_C(1) << bits) - 1));
                        scanner->at = at + bits / 8;
                        return;
                }
                if (word & HIGH_BITS)
                        scanner->line_start += count_continuations(word);
        }

        for (; at < end && *at != '"' && *at != '\\' && (unsigned char) *at >= ' '; at++)
                scanner->line_start += ((unsigned char) *at & 0xc0) == 0x80;
        scanner->at = at;
}

/* The four digits behind \u; -1 where they are none. */
static int32_t scan_hex(JsonScanner *scanner)
{
        int32_t unit = 0;

        if (scanner->end - scanner->at < 4)
                return -1;
        for (unsigned i = 0; i < 4; i++) {
                int digit = g_ascii_xdigit_value(scanner->at[i]);

                if (digit < 0)
                        return -1;
                unit = unit << 4 | digit;
        }
        scanner->at += 4;
        return unit;
}

static Failure *scan_unicode_escape(JsonScanner *scanner, Place place)
{
        int32_t unit = scan_hex(scanner), second;

        if (unit < 0)
                return json_scanner_fail(scanner, place, "expected four hexadecimal digits after \\u");
        if (unit == 0)
                return json_scanner_fail(scanner, place, "\\u0000 cannot be carried by D-Bus; leave it out");
        if (unit < 0xd800 || unit > 0xdfff) {
                g_string_append_unichar(scanner->text, (gunichar) unit);
                return NULL;
        }

        if (unit < 0xdc00 && json_scanner_take(scanner, '\\') && json_scanner_take(scanner, 'u')) {
                second = scan_hex(scanner);
                if (second >= 0xdc00 && second <= 0xdfff) {
                        g_string_append_unichar(scanner->text, 0x10000 + ((gunichar) (unit - 0xd800) << 10) +
                                                                               (gunichar) (second - 0xdc00));
                        return NULL;
                }
        }
        return json_scanner_fail(scanner, place,
                                 "half of a surrogate pair stands alone; it is no character");
}

static Failure *scan_escape(JsonScanner *scanner)
{
        static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
        Place place = json_scanner_place(scanner);
        const char *letter;

        scanner->at++;
        if (json_scanner_take(scanner, 'u'))
                return scan_unicode_escape(scanner, place);

        letter = scanner->at < scanner->end ? memchr(letters, *scanner->at, sizeof letters - 1) : NULL;
        if (!letter)
                return json_scanner_fail(
                                scanner, place,
                                "unknown escape; there are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u");
        g_string_append_c(scanner->text, meanings[letter - letters]);
        scanner->at++;
        return NULL;
}

Failure *json_scanner_read_string(JsonScanner *scanner, const char **ret, size_t *ret_length)
{
        Place opened = json_scanner_place(scanner);
        const char *start = ++scanner->at;

        skip_plain(scanner);
        if (json_scanner_take(scanner, '"')) {
                *ret = start;
                *ret_length = (size_t) (scanner->at - 1 - start);
                return NULL;
        }

        g_string_truncate(scanner->text, 0);
        for (;;) {
                Failure *failure;

                g_string_append_len(scanner->text, start, scanner->at - start);
                if (scanner->at == scanner->end)
                        return json_scanner_fail(scanner, opened,
                                                 "the string that opens here is not closed");
                if (json_scanner_take(scanner, '"'))
                        break;
                if (*scanner->at != '\\')
                        return json_scanner_fail(
                                        scanner, json_scanner_place(scanner),
                                        "a control character in a string must be written as an escape (is a "
                                        "closing quote missing?)");
                failure = scan_escape(scanner);
                if (failure)
                        return failure;
                start = scanner->at;
                skip_plain(scanner);
        }
        *ret = scanner->text->str;
        *ret_length = scanner->text->len;
        return NULL;
}

static bool skip_digits(JsonScanner *scanner)
{
        const char *start = scanner->at;

        while (scanner->at < scanner->end && g_ascii_isdigit(*scanner->at))
                scanner->at++;
        return scanner->at > start;
}

Failure *json_scanner_skip_number(JsonScanner *scanner, bool *ret_integer)
{
        *ret_integer = true;
        json_scanner_take(scanner, '-');
        if (json_scanner_take(scanner, '0')) {
                if (scanner->at < scanner->end && g_ascii_isdigit(*scanner->at))
                        return json_scanner_fail(scanner, json_scanner_place(scanner),
                                                 "a number must not begin with more zeros");
        } else if (!skip_digits(scanner)) {
                return json_scanner_unexpected(scanner, "a digit after '-'");
        }
        if (json_scanner_take(scanner, '.')) {
                *ret_integer = false;
                if (!skip_digits(scanner))
                        return json_scanner_unexpected(scanner, "a digit after the decimal point");
        }
        if (json_scanner_take(scanner, 'e') || json_scanner_take(scanner, 'E')) {
                *ret_integer = false;
                if (!json_scanner_take(scanner, '+'))
                        json_scanner_take(scanner, '-');
                if (!skip_digits(scanner))
                        return json_scanner_unexpected(scanner, "a digit in the exponent");
        }
        return NULL;
}
