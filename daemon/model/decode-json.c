/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON: the grammar of RFC 8259, strictly
 *
 * Takes what the grammar allows and nothing else: no comments, no trailing commas, no single quotes, no NaN.
 * The builder is fed on the way; there is no tree in between, and recursion ends where the builder says that
 * the nesting is too deep. A number without fraction and exponent is an integer and must fit one; any other
 * is a double and must be finite. \u0000 and surrogates that stand alone are refused, as D-Bus can carry
 * neither.
 */
#include "daemon/model/decode-private.h"
#include "daemon/model/json-scanner.h"
#include "daemon/model/scalar.h"

static Failure *scan_number(JsonScanner *scanner)
{
        Place place = json_scanner_place(scanner);
        const char *start = scanner->at;
        bool is_integer;
        Failure *failure = json_scanner_skip_number(scanner, &is_integer);
        size_t length = (size_t) (scanner->at - start);
        Scalar scalar = { 0 };
        ScalarResult result;

        if (failure)
                return failure;

        result = is_integer ? scalar_parse_integer(start, length, &scalar)
                            : scalar_parse_double(start, length, &scalar);
        if (result != SCALAR_VALID)
                return json_scanner_fail(scanner, place, "the number is out of range: %s",
                                         is_integer ? "an integer must fit 64 bits"
                                                    : "it does not fit a double");

        if (scalar.kind == NODE_DOUBLE)
                builder_add_double(scanner->builder, place, scalar.number);
        else if (scalar.kind == NODE_UNSIGNED)
                builder_add_unsigned(scanner->builder, place, scalar.unsigned_integer);
        else
                builder_add_integer(scanner->builder, place, scalar.integer);
        return NULL;
}

static Failure *scan_word(JsonScanner *scanner)
{
        Place place = json_scanner_place(scanner);

        if (json_scanner_take_word(scanner, "true"))
                builder_add_boolean(scanner->builder, place, true);
        else if (json_scanner_take_word(scanner, "false"))
                builder_add_boolean(scanner->builder, place, false);
        else if (json_scanner_take_word(scanner, "null"))
                builder_add_null(scanner->builder, place);
        else
                return json_scanner_fail(scanner, place, "expected true, false or null, found another word");
        return NULL;
}

static Failure *scan_value(JsonScanner *scanner);

static Failure *scan_list(JsonScanner *scanner)
{
        Failure *failure = builder_open_list(scanner->builder, json_scanner_place(scanner));

        if (failure)
                return failure;

        scanner->at++;
        json_scanner_skip_space(scanner);
        if (json_scanner_take(scanner, ']'))
                return builder_close(scanner->builder);
        for (;;) {
                failure = scan_value(scanner);
                if (failure)
                        return failure;
                json_scanner_skip_space(scanner);
                if (json_scanner_take(scanner, ']'))
                        return builder_close(scanner->builder);
                if (!json_scanner_take(scanner, ','))
                        return json_scanner_unexpected(scanner, "',' or ']'");
                json_scanner_skip_space(scanner);
        }
}

static Failure *scan_map(JsonScanner *scanner)
{
        Failure *failure = builder_open_map(scanner->builder, json_scanner_place(scanner));

        if (failure)
                return failure;

        scanner->at++;
        json_scanner_skip_space(scanner);
        if (json_scanner_take(scanner, '}'))
                return builder_close(scanner->builder);
        for (;;) {
                Place place = json_scanner_place(scanner);
                const char *key;
                size_t length;

                if (scanner->at == scanner->end || *scanner->at != '"')
                        return json_scanner_unexpected(scanner, "a key in double quotes");
                failure = json_scanner_read_string(scanner, &key, &length);
                if (failure)
                        return failure;
                builder_add_key(scanner->builder, place, key, length);

                json_scanner_skip_space(scanner);
                if (!json_scanner_take(scanner, ':'))
                        return json_scanner_unexpected(scanner, "':' after the key");
                json_scanner_skip_space(scanner);
                failure = scan_value(scanner);
                if (failure)
                        return failure;

                json_scanner_skip_space(scanner);
                if (json_scanner_take(scanner, '}'))
                        return builder_close(scanner->builder);
                if (!json_scanner_take(scanner, ','))
                        return json_scanner_unexpected(scanner, "',' or '}'");
                json_scanner_skip_space(scanner);
        }
}

static Failure *scan_value(JsonScanner *scanner)
{
        Place place = json_scanner_place(scanner);
        const char *text;
        size_t length;
        Failure *failure;

        switch (scanner->at < scanner->end ? *scanner->at : '\0') {
        case '{':
                return scan_map(scanner);
        case '[':
                return scan_list(scanner);
        case '"':
                failure = json_scanner_read_string(scanner, &text, &length);
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
                return json_scanner_unexpected(scanner, "a value");
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
        JsonScanner scanner = {
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

        json_scanner_skip_space(&scanner);
        if (scanner.at == scanner.end)
                return json_scanner_fail(&scanner, json_scanner_place(&scanner),
                                         "the file is empty; the least that JSON can hold is {}");
        place = json_scanner_place(&scanner);
        failure = scan_value(&scanner);
        if (failure)
                return failure;
        json_scanner_skip_space(&scanner);
        if (scanner.at < scanner.end)
                return json_scanner_unexpected(&scanner, "nothing more after the first value");

        root = builder_last(builder);
        if (root.kind != NODE_MAP)
                return json_scanner_fail(&scanner, place, "expected a map ('{') as the root, found %s",
                                         describe_kind(&root));
        return NULL;
}
