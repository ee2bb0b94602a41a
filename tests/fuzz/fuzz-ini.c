/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * INI: any bytes are refused or make a document that comes back from what is written of it
 */
#include "daemon/model/path.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/decoding.h"

#include <string.h>

static void write_value(GString *text, const char *value)
{
        static const char special[] = " \n\t\r\\", letters[] = "sntr\\";

        for (; *value != '\0'; value++) {
                const char *found = strchr(special, *value);

                if (found)
                        g_string_append_printf(text, "\\%c", letters[found - special]);
                else
                        g_string_append_c(text, *value);
        }
}

/* A section's own keys come before the sections below it, and the root's before any. */
static void write_group(GString *text, const Node *group, const char *path)
{
        for (uint32_t i = 0; i < group->length; i++) {
                const Member *member = &group->map->members[i];

                if (member->value.kind == NODE_MAP)
                        continue;
                g_assert_cmpint(member->value.kind, ==, NODE_STRING);
                g_string_append_printf(text, "%s=", member->key);
                write_value(text, member->value.string);
                g_string_append(text, "\n");
        }
        for (uint32_t i = 0; i < group->length; i++) {
                const Member *member = &group->map->members[i];
                g_autoptr(GString) longer = NULL;

                if (member->value.kind != NODE_MAP)
                        continue;
                longer = g_string_new(path);
                path_append_dotted(longer, member->key, member->key_length);
                g_string_append_printf(text, "[%s]\n", longer->str);
                write_group(text, &member->value, longer->str);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autoptr(Document) document = decoding_try(FORMAT_INI, NULL, data, size);
        g_autoptr(GString) text = g_string_new("; comment\n");

        if (!document)
                return 0;
        write_group(text, document_root(document), "");
        decoding_assert_same(FORMAT_INI, NULL, text, document);
        return 0;
}
