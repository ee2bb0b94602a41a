/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/validating.h"

#include "daemon/model/decode.h"

#include <string.h>

#define SCHEMA_FILE "/schemas/schema.yaml"

static Failure *refuse_file(const char *path, Document **ret, void *userdata)
{
        return failure_new(FAILURE_FILE_NOT_FOUND, "there is no %s", path);
}

Document *validating_document(const char *text, unsigned layer)
{
        Document *document = NULL;
        g_autoptr(Failure) failure = decode(FORMAT_YAML, "file", layer, text, strlen(text), NULL, &document);
        g_autofree char *message = failure ? failure_format(failure) : NULL;

        g_assert_cmpstr(message, ==, NULL);
        return document;
}

static Failure *compile(const char *text, Schema **ret)
{
        g_autoptr(Document) document = validating_document(text, 0);

        return schema_new(SCHEMA_FILE, document, refuse_file, NULL, ret);
}

Schema *validating_compile(const char *text)
{
        Schema *schema = NULL;
        g_autoptr(Failure) failure = compile(text, &schema);
        g_autofree char *message = failure ? failure_format(failure) : NULL;

        g_assert_cmpstr(message, ==, NULL);
        return schema;
}

Failure *validating_compile_broken(const char *text)
{
        Schema *schema = NULL;
        Failure *failure = compile(text, &schema);

        g_assert_nonnull(failure);
        g_assert_null(schema);
        g_assert_cmpint(failure->code, ==, FAILURE_VALIDATION_FAILED);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_SCHEMA);
        return failure;
}

char *validating_list(const Failure *failure)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; failure && i < failure->problems->len; i++) {
                const Problem *problem = g_ptr_array_index(failure->problems, i);

                g_string_append_printf(text, "%s:%u:%u: %s: %s\n", problem->file, problem->line,
                                       problem->column, problem->path, problem->message);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

char *validating_problems(const Schema *schema, const char *text, bool quote)
{
        g_autoptr(Document) document = validating_document(text, 0);
        g_autoptr(Failure) failure = schema_validate(schema, document, NULL, quote);

        if (failure) {
                g_assert_cmpint(failure->code, ==, FAILURE_VALIDATION_FAILED);
                g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_SCHEMA);
        }
        return validating_list(failure);
}

void validating_assert(const Schema *schema, const char *text, const char *expected)
{
        g_autofree char *found = validating_problems(schema, text, true);

        g_assert_cmpstr(found, ==, expected);
}
