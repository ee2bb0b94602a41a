/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON: a strict scanner of RFC 8259
 *
 * Takes what the grammar allows and nothing else: no comments, no trailing commas, no single quotes, no NaN.
 * The scanner feeds the builder as it goes; there is no tree in between, and its recursion ends where the
 * builder says that the nesting is too deep. A number without fraction and exponent is an integer and must
 * fit one; any other is a double and must be finite. \u0000 and surrogates that stand alone are refused, as
 * D-Bus can carry neither.
 *
 * Columns are in characters, yet a file may be one line of megabytes, so they cannot be counted when asked
 * for: line_start is moved on by one for each byte that only continues a character, and a column is a
 * difference.
 */
#include "daemon/model/decode-private.h"
#include "daemon/model/scalar.h"

#include <string.h>

/* A byte in each of the eight places of a word. */
#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH_BITS EACH_BYTE(0x80)

typedef struct Scanner {
        Builder *builder;
        const char *file;
        const char *at, *end;
        const char *line_start;
        uint32_t line;
        GString *text; /* a string with escapes, as it reads without them */
} Scanner;

static Place here(const Scanner *scanner)
{
        return (Place){ scanner->line, (uint32_t) (scanner->at - scanner->line_start) + 1 };
}

static Failure *G_GNUC_PRINTF(3, 4) fail(const Scanner *scanner, Place place, const char *format, ...)
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
static const char *describe(const Scanner *scanner)
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

static Failure *unexpected(const Scanner *scanner, const char *expected)
{
        return fail(scanner, here(scanner), "expected %s, found %s", expected, describe(scanner));
}

static void skip_space(Scanner *scanner)
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

static bool take(Scanner *scanner, char c)
{
        if (scanner->at == scanner->end || *scanner->at != c)
                return false;
        scanner->at++;
        return true;
}

/* Counts the bytes of a word that continue a character: those with the high bit set and the next one clear.
 */
static unsigned count_continuations(uint64_t word)
{
        return (unsigned) __builtin_popcountll(word & ~(word << 1) & HIGH_BITS);
}

/*
 * Moves on to the next quote, backslash or control character, or to the end. Eight bytes are looked at
 * together: subtracting borrows into the high bit of a byte that is below what is subtracted, and the lowest
 * bit set that way is exact.
 */
static void skip_plain(Scanner *scanner)
{
        const char *at = scanner->at, *end = scanner->end;

        for (uint64_t word; end - at >= (ptrdiff_t) sizeof word; at += sizeof word) {
                uint64_t quotes, backslashes, stops;

                memcpy(&word, at, sizeof word);
                word = GUINT64_FROM_LE(word);
                quotes = (word ^ EACH_BYTE('"')) - EACH_BYTE(1);
                backslashes = (word ^ EACH_BYTE('\\')) - EACH_BYTE(1);
                stops = ((quotes & ~(word ^ EACH_BYTE('"'))) | (backslashes & ~(word ^ EACH_BYTE('\\'))) |
                         ((word - EACH_BYTE(' ')) & ~word)) &
                        HIGH_BITS;

                if (stops != 0) {
                        unsigned before = (unsigned) __builtin_ctzll(stops) & ~7U;

                        if (word & HIGH_BITS)
                                scanner->line_start +=
                                                count_continuations(word & ((UINT64_C(1) << before) - 1));
                        scanner->at = at + before / 8;
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
static int32_t scan_hex(Scanner *scanner)
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

static Failure *scan_unicode_escape(Scanner *scanner, Place place)
{
        int32_t unit = scan_hex(scanner), second;

        if (unit < 0)
                return fail(scanner, place, "expected four hexadecimal digits after \\u");
        if (unit == 0)
                return fail(scanner, place, "\\u0000 cannot be carried by D-Bus; leave it out");
        if (unit < 0xd800 || unit > 0xdfff) {
                g_string_append_unichar(scanner->text, (gunichar) unit);
                return NULL;
        }

        if (unit < 0xdc00 && take(scanner, '\\') && take(scanner, 'u')) {
                second = scan_hex(scanner);
                if (second >= 0xdc00 && second <= 0xdfff) {
                        g_string_append_unichar(scanner->text, 0x10000 + ((gunichar) (unit - 0xd800) << 10) +
                                                                               (gunichar) (second - 0xdc00));
                        return NULL;
                }
        }
        return fail(scanner, place, "half of a surrogate pair stands alone; it is no character");
}

static Failure *scan_escape(Scanner *scanner)
{
        static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
        Place place = here(scanner);
        const char *letter;

        scanner->at++;
        if (take(scanner, 'u'))
                return scan_unicode_escape(scanner, place);

        letter = scanner->at < scanner->end ? memchr(letters, *scanner->at, sizeof letters - 1) : NULL;
        if (!letter)
                return fail(scanner, place,
                            "unknown escape; there are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u");
        g_string_append_c(scanner->text, meanings[letter - letters]);
        scanner->at++;
        return NULL;
}

/* Gives the text of the string that opens here: a part of the file where it has no escapes, else
 * scanner->text. */
static Failure *scan_string(Scanner *scanner, const char **ret, size_t *ret_length)
{
        Place opened = here(scanner);
        const char *start = ++scanner->at;

        skip_plain(scanner);
        if (take(scanner, '"')) {
                *ret = start;
                *ret_length = (size_t) (scanner->at - 1 - start);
                return NULL;
        }

        g_string_truncate(scanner->text, 0);
        for (;;) {
                Failure *failure;

                g_string_append_len(scanner->text, start, scanner->at - start);
                if (scanner->at == scanner->end)
                        return fail(scanner, opened, "the string that opens here is not closed");
                if (take(scanner, '"'))
                        break;
                if (*scanner->at != '\\')
                        return fail(scanner, here(scanner),
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

static bool skip_digits(Scanner *scanner)
{
        const char *start = scanner->at;

        while (scanner->at < scanner->end && g_ascii_isdigit(*scanner->at))
                scanner->at++;
        return scanner->at > start;
}

/* Moves over a number; *ret_integer tells whether it has neither fraction nor exponent. */
static Failure *skip_number(Scanner *scanner, bool *ret_integer)
{
        *ret_integer = true;
        take(scanner, '-');
        if (take(scanner, '0')) {
                if (scanner->at < scanner->end && g_ascii_isdigit(*scanner->at))
                        return fail(scanner, here(scanner), "a number must not begin with more zeros");
        } else if (!skip_digits(scanner)) {
                return unexpected(scanner, "a digit after '-'");
        }
        if (take(scanner, '.')) {
                *ret_integer = false;
                if (!skip_digits(scanner))
                        return unexpected(scanner, "a digit after the decimal point");
        }
        if (take(scanner, 'e') || take(scanner, 'E')) {
                *ret_integer = false;
                if (!take(scanner, '+'))
                        take(scanner, '-');
                if (!skip_digits(scanner))
                        return unexpected(scanner, "a digit in the exponent");
        }
        return NULL;
}

static Failure *scan_number(Scanner *scanner)
{
        Place place = here(scanner);
        const char *start = scanner->at;
        bool is_integer;
        Failure *failure = skip_number(scanner, &is_integer);
        size_t length = (size_t) (scanner->at - start);
        Scalar scalar = { 0 };
        ScalarResult result;

        if (failure)
                return failure;

        result = is_integer ? scalar_parse_integer(start, length, &scalar)
                            : scalar_parse_double(start, length, &scalar);
        if (result != SCALAR_VALID)
                return fail(scanner, place, "the number is out of range: %s",
                            is_integer ? "an integer must fit 64 bits" : "it does not fit a double");

        if (scalar.kind == NODE_DOUBLE)
                builder_add_double(scanner->builder, place, scalar.number);
        else if (scalar.kind == NODE_UNSIGNED)
                builder_add_unsigned(scanner->builder, place, scalar.unsigned_integer);
        else
                builder_add_integer(scanner->builder, place, scalar.integer);
        return NULL;
}

static bool take_word(Scanner *scanner, const char *word)
{
        size_t length = strlen(word);

        if ((size_t) (scanner->end - scanner->at) < length || memcmp(scanner->at, word, length) != 0)
                return false;
        scanner->at += length;
        return true;
}

static Failure *scan_word(Scanner *scanner)
{
        Place place = here(scanner);

        if (take_word(scanner, "true"))
                builder_add_boolean(scanner->builder, place, true);
        else if (take_word(scanner, "false"))
                builder_add_boolean(scanner->builder, place, false);
        else if (take_word(scanner, "null"))
                builder_add_null(scanner->builder, place);
        else
                return fail(scanner, place, "expected true, false or null, found another word");
        return NULL;
}

static Failure *scan_value(Scanner *scanner);

static Failure *scan_list(Scanner *scanner)
{
        Failure *failure = builder_open_list(scanner->builder, here(scanner));

        if (failure)
                return failure;

        scanner->at++;
        skip_space(scanner);
        if (take(scanner, ']'))
                return builder_close(scanner->builder);
        for (;;) {
                failure = scan_value(scanner);
                if (failure)
                        return failure;
                skip_space(scanner);
                if (take(scanner, ']'))
                        return builder_close(scanner->builder);
                if (!take(scanner, ','))
                        return unexpected(scanner, "',' or ']'");
                skip_space(scanner);
        }
}

static Failure *scan_map(Scanner *scanner)
{
        Failure *failure = builder_open_map(scanner->builder, here(scanner));

        if (failure)
                return failure;

        scanner->at++;
        skip_space(scanner);
        if (take(scanner, '}'))
                return builder_close(scanner->builder);
        for (;;) {
                Place place = here(scanner);
                const char *key;
                size_t length;

                if (scanner->at == scanner->end || *scanner->at != '"')
                        return unexpected(scanner, "a key in double quotes");
                failure = scan_string(scanner, &key, &length);
                if (failure)
                        return failure;
                builder_add_key(scanner->builder, place, key, length);

                skip_space(scanner);
                if (!take(scanner, ':'))
                        return unexpected(scanner, "':' after the key");
                skip_space(scanner);
                failure = scan_value(scanner);
                if (failure)
                        return failure;

                skip_space(scanner);
                if (take(scanner, '}'))
                        return builder_close(scanner->builder);
                if (!take(scanner, ','))
                        return unexpected(scanner, "',' or '}'");
                skip_space(scanner);
        }
}

static Failure *scan_value(Scanner *scanner)
{
        Place place = here(scanner);
        const char *text;
        size_t length;
        Failure *failure;

        switch (scanner->at < scanner->end ? *scanner->at : '\0') {
        case '{':
                return scan_map(scanner);
        case '[':
                return scan_list(scanner);
        case '"':
                failure = scan_string(scanner, &text, &length);
                if (failure)
                        return failure;
                builder_add_string(scanner->builder, place, text, length);
                return NULL;
        case '-':
        case '0' ... '9':
                return scan_number(scanner);
        case 'f':
        case 'n':
        case 't':
                return scan_word(scanner);
        default:
                return unexpected(scanner, "a value");
        }
}

static const char *describe_kind(const Node *node)
{
        switch (node->kind) {
        case NODE_NULL:
                return "null";
        case NODE_BOOLEAN:
                return "a boolean";
        case NODE_STRING:
                return "a string";
        case NODE_LIST:
                return "a list";
        default:
                return "a number";
        }
}

Failure *decode_json(Builder *builder, const char *text, size_t length, const char *file)
{
        g_autoptr(GString) unescaped = g_string_new(NULL);
        Scanner scanner = {
                .builder = builder,
                .file = file,
                .at = text,
                .end = text + length,
                .line_start = text,
                .line = 1,
                .text = unescaped,
        };
        Failure *failure;
        Place place;
        Node root;

        skip_space(&scanner);
        if (scanner.at == scanner.end)
                return fail(&scanner, here(&scanner),
                            "the file is empty; the least that JSON can hold is {}");
        place = here(&scanner);
        failure = scan_value(&scanner);
        if (failure)
                return failure;
        skip_space(&scanner);
        if (scanner.at < scanner.end)
                return unexpected(&scanner, "nothing more after the first value");

        root = builder_last(builder);
        if (root.kind != NODE_MAP)
                return fail(&scanner, place, "expected a map ('{') as the root, found %s",
                            describe_kind(&root));
        return NULL;
}
