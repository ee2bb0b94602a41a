/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schemas: cases in files, as the public test suite of JSON Schema has them
 *
 * A file is a list of schemas, each with tests: data, and whether it is valid. Beside that a test may tell
 * its "problems", each as "path: message", and a schema "files" that are in its directory, or that it is
 * "broken", with a part of what is said then. Without arguments the project's own cases are tried; with
 * some, those files.
 */
#include "daemon/model/builder.h"
#include "daemon/model/decode.h"
#include "daemon/model/schema/schema-private.h"

#include <string.h>

static const Node *find(const Node *map, const char *key)
{
        const Member *member = node_find_member(map, key, strlen(key));

        return member ? &member->value : NULL;
}

static const char *find_text(const Node *map, const char *key)
{
        const Node *node = find(map, key);

        g_assert_nonnull(node);
        g_assert_cmpint(node->kind, ==, NODE_STRING);
        return node->string;
}

static Document *load_cases(const char *file)
{
        g_autofree char *text = NULL;
        g_autoptr(GString) wrapped = g_string_new("{\"cases\": ");
        g_autoptr(GError) error = NULL;
        g_autoptr(Failure) failure = NULL;
        Document *document = NULL;

        g_file_get_contents(file, &text, NULL, &error);
        g_assert_no_error(error);
        g_string_append_printf(wrapped, "%s}", text);
        failure = decode(FORMAT_JSON, file, 0, wrapped->str, wrapped->len, NULL, &document);
        if (failure)
                g_error("%s", failure_format(failure));
        return document;
}

/* A document of its own for a node of another one; "true" and "false" become maps that mean the same. */
static Document *document_of(Document *source, const Node *node)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        const Place nowhere = { 0, 0 };

        builder_borrow(builder, source);
        if (node->kind == NODE_MAP) {
                g_assert_null(builder_add_node(builder, node));
                return builder_end(builder);
        }
        g_assert_null(builder_open_map(builder, nowhere));
        builder_add_key(builder, nowhere, "allOf", strlen("allOf"));
        g_assert_null(builder_open_list(builder, nowhere));
        g_assert_null(builder_add_node(builder, node));
        g_assert_null(builder_close(builder));
        g_assert_null(builder_close(builder));
        return builder_end(builder);
}

typedef struct Shelf {
        Document *source;
        const Node *files; /* a map, or NULL */
} Shelf;

static Failure *open_file(const char *path, Document **ret, void *userdata)
{
        const Shelf *shelf = userdata;
        g_autofree char *name = g_path_get_basename(path);
        const Node *node = shelf->files ? find(shelf->files, name) : NULL;

        if (!node)
                return failure_new(FAILURE_FILE_NOT_FOUND, "there is no such file");
        *ret = document_of(shelf->source, node);
        return NULL;
}

static Schema *compile(Document *source, const Node *group, Failure **failure)
{
        Shelf shelf = { .source = source, .files = find(group, "files") };
        g_autoptr(Document) document = document_of(source, find(group, "schema"));
        Schema *schema = NULL;

        *failure = schema_new("/schemas/schema.json", document, open_file, &shelf, &schema);
        return schema;
}

static char *list_problems(const Failure *failure)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; failure && i < failure->problems->len; i++) {
                const Problem *problem = g_ptr_array_index(failure->problems, i);

                g_string_append_printf(text, "%s: %s\n", problem->path, problem->message);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *list_expected(const Node *problems)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (uint32_t i = 0; i < problems->length; i++)
                g_string_append_printf(text, "%s\n", problems->list->items[i].string);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static void try_data(const Schema *schema, const char *name, const Node *test)
{
        g_autoptr(Failure) failure = schema_validate_node(schema, find(test, "data"), NULL, true);
        const Node *problems = find(test, "problems");
        bool expected = problems ? false : find(test, "valid")->boolean;
        g_autofree char *found = list_problems(failure), *wanted = problems ? list_expected(problems) : NULL;

        if (!failure != expected) {
                g_test_message("%s, %s: expected %s; %s", name, find_text(test, "description"),
                               expected ? "valid" : "invalid", found);
                g_test_fail();
        } else if (wanted && strcmp(found, wanted) != 0) {
                g_test_message("%s, %s: expected\n%sfound\n%s", name, find_text(test, "description"), wanted,
                               found);
                g_test_fail();
        }
}

static void try_group(Document *source, const Node *group)
{
        g_autoptr(Failure) failure = NULL;
        g_autoptr(Schema) schema = compile(source, group, &failure);
        const char *name = find_text(group, "description");
        const Node *broken = find(group, "broken"), *tests = find(group, "tests");
        g_autofree char *problems = list_problems(failure);

        if (broken) {
                if (!failure || !strstr(problems, broken->string)) {
                        g_test_message("%s: expected to be broken by \"%s\"; %s", name, broken->string,
                                       problems);
                        g_test_fail();
                }
                return;
        }
        if (failure) {
                g_test_message("%s: %s", name, problems);
                g_test_fail();
                return;
        }
        for (uint32_t i = 0; i < tests->length; i++)
                try_data(schema, name, &tests->list->items[i]);
}

static void test_file(const void *userdata)
{
        g_autoptr(Document) document = load_cases(userdata);
        const Node *cases = find(document_root(document), "cases");

        g_assert_cmpuint(cases->length, >, 0);
        for (uint32_t i = 0; i < cases->length; i++)
                try_group(document, &cases->list->items[i]);
}

static void add_file(const char *file)
{
        g_autofree char *name = g_path_get_basename(file), *path = g_strdup_printf("/schema-cases/%s", name);

        g_test_add_data_func_full(path, g_strdup(file), test_file, g_free);
}

static void add_directory(const char *directory)
{
        g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
        const char *name;

        g_assert_nonnull(dir);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *file = g_build_filename(directory, name, NULL);

                if (g_str_has_suffix(name, ".json"))
                        add_file(file);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_set_nonfatal_assertions();
        for (int i = 1; i < argc; i++)
                add_file(argv[i]);
        if (argc == 1)
                add_directory(SCHEMA_CASES);
        return g_test_run();
}
