/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YAML: any bytes are refused with a place or make a document, and a document written as YAML is read as the
 * same
 *
 * It is written in flow style, with all that is not plain ASCII escaped and each key behind a '?', since
 * libyaml takes no longer keys than 1024 characters elsewhere.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/support/decoding.h"
#include "tests/support/generator.h"

#include <math.h>

/* A document that aliases have made larger is not written. */
#define MAX_SIZE (64U * 1024)

static void write_text(GString *text, const char *value, size_t length)
{
        g_string_append_c(text, '"');
        for (const char *at = value; at < value + length; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);

                g_assert_cmpuint(c, !=, 0);
                if (c == '"' || c == '\\')
                        g_string_append_printf(text, "\\%c", (char) c);
                else if (c >= ' ' && c <= '~')
                        g_string_append_c(text, (char) c);
                else
                        g_string_append_printf(text, "\\U%08X", c);
        }
        g_string_append_c(text, '"');
}

static void write_double(GString *text, double value)
{
        char buffer[G_ASCII_DTOSTR_BUF_SIZE];

        if (isnan(value))
                g_string_append(text, ".nan");
        else if (isinf(value))
                g_string_append(text, value > 0 ? ".inf" : "-.inf");
        else
                g_string_append_printf(text, "!!float %s", g_ascii_dtostr(buffer, sizeof buffer, value));
}

static void write_node(GString *text, const Node *node);

static void write_map(GString *text, const Node *map)
{
        g_string_append_c(text, '{');
        for (uint32_t i = 0; i < map->length; i++) {
                const Member *member = &map->map->members[i];

                g_string_append(text, "? ");
                write_text(text, member->key, member->key_length);
                g_string_append(text, " : ");
                write_node(text, &member->value);
                g_string_append_c(text, ',');
        }
        g_string_append_c(text, '}');
}

static void write_node(GString *text, const Node *node)
{
        switch ((NodeKind) node->kind) {
        case NODE_NULL:
                g_string_append_c(text, '~');
                break;
        case NODE_BOOLEAN:
                g_string_append(text, node->boolean ? "true" : "false");
                break;
        case NODE_INTEGER:
                g_string_append_printf(text, "%" G_GINT64_FORMAT, node->integer);
                break;
        case NODE_UNSIGNED:
                g_string_append_printf(text, "0x%" G_GINT64_MODIFIER "x", node->unsigned_integer);
                break;
        case NODE_DOUBLE:
                write_double(text, node->number);
                break;
        case NODE_STRING:
                write_text(text, node->string, node->length);
                break;
        case NODE_LIST:
                g_string_append_c(text, '[');
                for (uint32_t i = 0; i < node->length; i++) {
                        write_node(text, &node->list->items[i]);
                        g_string_append_c(text, ',');
                }
                g_string_append_c(text, ']');
                break;
        case NODE_MAP:
                write_map(text, node);
                break;
        }
}

static void assert_written(const Document *document)
{
        g_autoptr(GString) text = g_string_new(NULL);

        if (node_size(document_root(document)) > MAX_SIZE)
                return;
        write_node(text, document_root(document));
        decoding_assert_same(FORMAT_YAML, NULL, text, document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autoptr(Document) document = decoding_try(FORMAT_YAML, NULL, data, size);
        g_autoptr(Document) generated = NULL;
        Generator generator;

        if (document)
                assert_written(document);
        generator_init(&generator, data, size);
        generated = generator_document(&generator);
        assert_written(generated);
        return 0;
}
