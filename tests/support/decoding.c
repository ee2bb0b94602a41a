/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/decoding.h"

#include "daemon/model/path.h"
#include "tests/support/notation.h"

#include <string.h>

#define LAYER 3U

Document *decoding_take(Format format, const char *separator, const char *text)
{
        Document *document = NULL;
        g_autoptr(Failure) failure = decode(format, "file", LAYER, text, strlen(text), separator, &document);
        g_autofree char *message = failure ? failure_format(failure) : NULL;

        g_assert_cmpstr(message, ==, NULL);
        g_assert_nonnull(document);
        g_assert_cmpuint(document_root(document)->layer, ==, LAYER);
        return document;
}

void decoding_assert(Format format, const char *separator, const char *text, const char *notation)
{
        g_autoptr(Document) document = decoding_take(format, separator, text);
        g_autoptr(Document) expected = notation_parse(notation, LAYER);
        g_autofree char *found = notation_format(document_root(document));
        g_autofree char *wanted = notation_format(document_root(expected));

        g_assert_cmpstr(found, ==, wanted);
        g_assert_true(document_equal(document, expected));
}

void decoding_assert_refused(Format format, const char *separator, const char *text, FailureCode code,
                             uint32_t line, uint32_t column, const char *part)
{
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure = decode(format, "file", LAYER, text, strlen(text), separator, &document);
        const Problem *problem;
        g_autofree char *message = NULL;

        g_assert_nonnull(failure);
        g_assert_null(document);
        g_assert_cmpuint(failure->problems->len, ==, 1);
        problem = g_ptr_array_index(failure->problems, 0);
        message = failure_format(failure);
        if (!strstr(problem->message, part))
                g_error("'%s' does not have '%s' in it", message, part);
        g_assert_cmpstr(failure_code_to_string(failure->code), ==, failure_code_to_string(code));
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_PARSE);
        g_assert_cmpstr(problem->file, ==, "file");
        if (problem->line != line || problem->column != column)
                g_error("'%s' is not at %u:%u", message, line, column);
}

void decoding_assert_place(const Document *document, const char *path, uint32_t line, uint32_t column)
{
        g_autoptr(Path) parsed = NULL;
        g_autoptr(Failure) failure = path_parse(path, &parsed);
        const Node *node;

        g_assert_null(failure);
        node = path_find(parsed, document_root(document));
        g_assert_nonnull(node);
        g_assert_cmpuint(node->line, ==, line);
        g_assert_cmpuint(node->column, ==, column);
        g_assert_cmpuint(node->layer, ==, LAYER);
}

Document *decoding_try(Format format, const char *separator, const void *data, size_t length)
{
        Document *document = NULL;
        g_autoptr(Failure) failure = decode(format, "file", LAYER, data, length, separator, &document);
        const Problem *problem;

        if (!failure) {
                g_assert_nonnull(document);
                return document;
        }

        g_assert_null(document);
        g_assert_true(failure->code == FAILURE_PARSE_FAILED || failure->code == FAILURE_TOO_DEEP ||
                      failure->code == FAILURE_TOO_LARGE);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_PARSE);
        problem = g_ptr_array_index(failure->problems, 0);
        g_assert_cmpuint(problem->line, >=, 1);
        g_assert_cmpuint(problem->column, >=, 1);
        g_assert_cmpuint(problem->line, <=, length + 1);
        g_assert_cmpuint(problem->column, <=, length + 1);
        g_assert_true(g_utf8_validate(problem->path, -1, NULL));
        g_assert_true(g_utf8_validate(problem->message, -1, NULL));
        return NULL;
}

void decoding_assert_same(Format format, const char *separator, const GString *text,
                          const Document *document)
{
        g_autoptr(Document) again = NULL;
        g_autoptr(Failure) failure = decode(format, "file", LAYER, text->str, text->len, separator, &again);
        g_autofree char *message = failure ? failure_format(failure) : NULL;

        g_assert_cmpstr(message, ==, NULL);
        g_assert_true(document_equal(again, document));
}

static void assert_identical(const Node *node, const Node *other)
{
        g_assert_cmpuint(node->kind, ==, other->kind);
        g_assert_cmpuint(node->layer, ==, other->layer);
        g_assert_cmpint(node->is_block, ==, other->is_block);
        g_assert_cmpuint(node->line, ==, other->line);
        g_assert_cmpuint(node->column, ==, other->column);
        g_assert_cmpuint(node->length, ==, other->length);
        g_assert_true(node_equal(node, other));
        g_assert_cmpuint(node_size(node), ==, node_size(other));
        g_assert_cmpuint(node_count(node), ==, node_count(other));
        g_assert_cmpuint(node_height(node), ==, node_height(other));

        for (uint32_t i = 0; node->kind == NODE_LIST && i < node->length; i++)
                assert_identical(&node->list->items[i], &other->list->items[i]);
        for (uint32_t i = 0; node->kind == NODE_MAP && i < node->length; i++) {
                const Member *member = &node->map->members[i], *match = &other->map->members[i];

                g_assert_cmpstr(member->key, ==, match->key);
                g_assert_cmpuint(member->key_length, ==, match->key_length);
                g_assert_cmpuint(member->line, ==, match->line);
                assert_identical(&member->value, &match->value);
        }
}

void decoding_assert_identical(const Document *document, const Document *other)
{
        assert_identical(document_root(document), document_root(other));
}
