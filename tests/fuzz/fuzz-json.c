/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON: any bytes are refused or make a document that comes back from what is written of it
 *
 * Each document is written twice: as short as can be, and with white space and every character as an escape.
 * The same bytes also steer the generator, whose documents no mutation of a text would come upon. json-glib
 * is not used to write, since it knows no integer above int64_t and a double as 1 comes back as an integer.
 */
#include "daemon/model/builder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/decoding.h"
#include "tests/support/generator.h"

#include <math.h>
#include <string.h>

static void write_escape(GString *text, unsigned unit)
{
        static const char digits[] = "0123456789abcdef";

        g_string_append(text, "\\u");
        for (int shift = 12; shift >= 0; shift -= 4)
                g_string_append_c(text, digits[unit >> shift & 0xf]);
}

static void write_string(GString *text, const char *string, size_t length, bool at_large)
{
        g_string_append_c(text, '"');
        for (const char *at = string; at < string + length; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);

                if (at_large && c > 0xffff) {
                        write_escape(text, 0xd800 + ((c - 0x10000) >> 10));
                        write_escape(text, 0xdc00 + ((c - 0x10000) & 0x3ff));
                } else if (at_large || c < ' ') {
                        write_escape(text, c);
                } else {
                        if (c == '"' || c == '\\')
                                g_string_append_c(text, '\\');
                        g_string_append_unichar(text, c);
                }
        }
        g_string_append_c(text, '"');
}

/* False for what JSON has no way to write. */
static bool write_double(GString *text, double number)
{
        char digits[G_ASCII_DTOSTR_BUF_SIZE];

        if (!isfinite(number))
                return false;
        g_ascii_dtostr(digits, sizeof digits, number);
        g_string_append(text, digits);
        if (!strpbrk(digits, ".e"))
                g_string_append(text, ".0");
        return true;
}

static bool write_node(GString *text, const Node *node, bool at_large)
{
        const char *space = at_large ? " \n\t" : "";
        bool written = true;

        switch (node->kind) {
        case NODE_NULL:
                g_string_append(text, "null");
                break;
        case NODE_BOOLEAN:
                g_string_append(text, node->boolean ? "true" : "false");
                break;
        case NODE_INTEGER:
                g_string_append_printf(text, "%" G_GINT64_FORMAT, node->integer);
                break;
        case NODE_UNSIGNED:
                g_string_append_printf(text, "%" G_GUINT64_FORMAT, node->unsigned_integer);
                break;
        case NODE_DOUBLE:
                written = write_double(text, node->number);
                break;
        case NODE_STRING:
                write_string(text, node->string, node->length, at_large);
                break;
        case NODE_LIST:
                g_string_append_printf(text, "[%s", space);
                for (uint32_t i = 0; i < node->length && written; i++) {
                        g_string_append_printf(text, "%s%s", i > 0 ? "," : "", space);
                        written = write_node(text, &node->list->items[i], at_large);
                }
                g_string_append_printf(text, "%s]", space);
                break;
        case NODE_MAP:
                g_string_append_printf(text, "{%s", space);
                for (uint32_t i = 0; i < node->length && written; i++) {
                        const Member *member = &node->map->members[i];

                        g_string_append_printf(text, "%s%s", i > 0 ? "," : "", space);
                        write_string(text, member->key, member->key_length, at_large);
                        g_string_append_printf(text, "%s:%s", space, space);
                        written = write_node(text, &member->value, at_large);
                }
                g_string_append_printf(text, "%s}", space);
                break;
        default:
                g_assert_not_reached();
        }
        return written;
}

static bool try_document(const Document *document, bool at_large)
{
        g_autoptr(GString) text = g_string_new(NULL);

        if (!write_node(text, document_root(document), at_large))
                return false;
        decoding_assert_same(FORMAT_JSON, NULL, text, document);
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autoptr(Document) decoded = decoding_try(FORMAT_JSON, NULL, data, size);
        g_autoptr(Document) generated = NULL;
        Generator generator;

        if (decoded)
                g_assert_true(try_document(decoded, false) && try_document(decoded, true));

        generator_init(&generator, data, size);
        generator.n_large = 0; /* here they cost much and tell nothing */
        generated = generator_document(&generator);
        if (try_document(generated, false))
                try_document(generated, true);
        return 0;
}
