/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schemas: any schema, held against any document
 *
 * Both are YAML, with a line of "%%" between them. Beside not to crash or hang, what is refused has told
 * why, and a schema drafted from a document fits it.
 */
#include "daemon/model/decode.h"
#include "daemon/model/schema/infer.h"
#include "daemon/model/schema/schema.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define SEPARATOR "\n%%\n"

static Document *try_decode(const char *data, size_t size)
{
        Document *document = NULL;
        g_autoptr(Failure) failure = decode(FORMAT_YAML, "file", 0, data, size, NULL, &document);

        return failure ? NULL : document;
}

/* The schema's directory has one file, which holds what the document does. */
static Failure *open_file(const char *path, Document **ret, void *userdata)
{
        if (!g_str_has_suffix(path, "/other.yaml"))
                return failure_new(FAILURE_FILE_NOT_FOUND, "there is no such file");
        *ret = document_ref(userdata);
        return NULL;
}

static void assert_told(const Failure *failure)
{
        g_assert_cmpint(failure->code, ==, FAILURE_VALIDATION_FAILED);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_SCHEMA);
        g_assert_cmpuint(failure->problems->len, >=, 1);
        g_assert_cmpuint(failure->problems->len, <=, SCHEMA_MAX_PROBLEMS);
        for (guint i = 0; i < failure->problems->len; i++) {
                const Problem *problem = g_ptr_array_index(failure->problems, i);

                g_assert_true(g_utf8_validate(problem->message, -1, NULL));
                g_assert_cmpuint(strlen(problem->message), >, 0);
        }
}

static void try_marks(const Schema *schema, const Document *document)
{
        const Node *root = document_root(document);
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(Path) path = NULL;

        if (root->length > 0)
                path_append_dotted(text, root->map->members[0].key, root->map->members[0].key_length);
        g_assert_null(path_parse(text->str, &path));
        schema_marks(schema, root, path);
}

static void try_document(const Schema *schema, Document *document)
{
        g_autoptr(Failure) failure = schema_validate(schema, document, NULL, true);
        g_autoptr(Failure) discreet = schema_validate(schema, document, NULL, false);
        g_autoptr(Document) coerced = schema_coerce(schema, document, 1);
        g_autoptr(GPtrArray) paths = NULL;
        g_autoptr(Document) filled = schema_fill_defaults(schema, coerced, &paths);

        if (failure)
                assert_told(failure);
        g_assert_cmpint(failure != NULL, ==, discreet != NULL);
        g_assert_cmpuint(document_root(coerced)->length, ==, document_root(document)->length);
        g_assert_cmpint(filled != coerced, ==, paths->len > 0);
        try_marks(schema, filled);
}

static void try_infer(Document *document)
{
        g_autoptr(Document) drafted = schema_infer(document);
        g_autoptr(Schema) schema = NULL;

        g_assert_null(schema_new("/schemas/schema.yaml", drafted, open_file, document, &schema));
        g_assert_null(schema_validate(schema, document, NULL, true));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *) data;
        const char *separator = size > 0 ? memmem(text, size, SEPARATOR, strlen(SEPARATOR)) : NULL;
        size_t length = separator ? (size_t) (separator - text) + 1 : size;
        size_t skipped = separator ? length + strlen(SEPARATOR) - 1 : size;
        g_autoptr(Document) schema_document = try_decode(text, length);
        g_autoptr(Document) document = try_decode(text + skipped, size - skipped);
        g_autoptr(Schema) schema = NULL;
        g_autoptr(Failure) failure = NULL;

        if (!schema_document || !document)
                return 0;
        try_infer(document);
        failure = schema_new("/schemas/schema.yaml", schema_document, open_file, document, &schema);
        if (failure)
                assert_told(failure);
        else
                try_document(schema, document);
        return 0;
}
