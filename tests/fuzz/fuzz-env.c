/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ENV: any bytes are refused or make a document that comes back from what is written of it
 *
 * With a separator and without, and written in both kinds of quotes.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/support/decoding.h"

#include <string.h>

#define SEPARATOR "__"

static void write_double_quoted(GString *text, const char *value)
{
        static const char special[] = "\n\r\t\\\"$", letters[] = "nrt\\\"$";

        g_string_append_c(text, '"');
        for (; *value != '\0'; value++) {
                const char *found = strchr(special, *value);

                if (found)
                        g_string_append_printf(text, "\\%c", letters[found - special]);
                else
                        g_string_append_c(text, *value);
        }
        g_string_append_c(text, '"');
}

static void write_value(GString *text, const char *value, bool prefer_single)
{
        /* A carriage return could be taken for part of the end of a line. */
        if (prefer_single && !strpbrk(value, "'\r"))
                g_string_append_printf(text, "'%s'", value);
        else
                write_double_quoted(text, value);
}

static void write_group(GString *text, const Node *group, const char *prefix, bool prefer_single)
{
        for (uint32_t i = 0; i < group->length; i++) {
                const Member *member = &group->map->members[i];
                g_autofree char *key = g_strconcat(prefix, member->key, NULL);

                if (member->value.kind == NODE_MAP) {
                        g_autofree char *longer = g_strconcat(key, SEPARATOR, NULL);

                        g_assert_cmpuint(member->value.length, >, 0);
                        write_group(text, &member->value, longer, prefer_single);
                        continue;
                }
                g_assert_cmpint(member->value.kind, ==, NODE_STRING);
                g_string_append_printf(text, "%s=", key);
                write_value(text, member->value.string, prefer_single);
                g_string_append(text, " # comment\n");
        }
}

static void try_text(const uint8_t *data, size_t size, const char *separator)
{
        g_autoptr(Document) document = decoding_try(FORMAT_ENV, separator, data, size);

        if (!document)
                return;
        for (int prefer_single = 0; prefer_single <= 1; prefer_single++) {
                g_autoptr(GString) text = g_string_new(NULL);

                write_group(text, document_root(document), "", prefer_single);
                decoding_assert_same(FORMAT_ENV, separator, text, document);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        try_text(data, size, NULL);
        try_text(data, size, SEPARATOR);
        return 0;
}
