/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schemas: places and wording of problems, files, secrets; what keywords mean is in test-schema-cases.c
 */
#include "daemon/model/decode.h"
#include "daemon/model/merge.h"
#include "tests/support/validating.h"

#include <string.h>

/* Files that a schema may refer to, by name. */
typedef struct Shelf {
        const char *name;
        const char *text; /* NULL: refused */
        unsigned n_opened;
} Shelf;

static Failure *open_shelf(const char *path, Document **ret, void *userdata)
{
        Shelf *shelf = userdata;
        g_autofree char *wanted = g_strdup_printf("/schemas/%s", shelf->name);

        g_assert_cmpstr(path, ==, wanted);
        shelf->n_opened++;
        if (!shelf->text)
                return failure_new(FAILURE_FILE_UNREADABLE, "it cannot be read");
        return decode(FORMAT_YAML, path, 0, shelf->text, strlen(shelf->text), NULL, ret);
}

static Failure *compile_with(Shelf *shelf, const char *text, Schema **ret)
{
        g_autoptr(Document) document = validating_document(text, 0);

        return schema_new("/schemas/main.yaml", document, open_shelf, shelf, ret);
}

static void test_places(void)
{
        g_autoptr(Schema) schema = validating_compile("properties:\n"
                                                      "  server:\n"
                                                      "    required: [host]\n"
                                                      "    properties: {port: {type: integer}}\n"
                                                      "  list: {items: {type: string}}\n");

        validating_assert(schema, "server: {host: x, port: 1}\n", "");
        validating_assert(schema, "a: 1\nserver:\n  port: http\n",
                          ":3:3: server: the key host is missing\n"
                          ":3:9: server.port: expected an integer, found the string \"http\"\n");
        validating_assert(schema, "list:\n  - a\n  - 2\n  - null\n",
                          ":3:5: list.1: expected a string, found 2\n:4:5: list.2: expected a string, found "
                          "null\n");
}

static void test_files_of_layers(void)
{
        static char *const files[] = { (char *) "/etc/base.yaml", (char *) "/etc/over.yaml", NULL };
        g_autoptr(Schema) schema = validating_compile("additionalProperties: {type: integer}");
        Document *const layers[] = { validating_document("a: x\nb: 1\n", 0),
                                     validating_document("b: y\n", 1) };
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure = NULL;
        g_autofree char *found = NULL;

        g_assert_null(merge(MERGE_DEEP, layers, 2, &document));
        failure = schema_validate(schema, document, files, false);
        found = validating_list(failure);
        g_assert_cmpstr(found, ==,
                        "/etc/base.yaml:1:4: a: expected an integer, found a string\n"
                        "/etc/over.yaml:1:4: b: expected an integer, found a string\n");
        document_unref(layers[0]);
        document_unref(layers[1]);
}

static void test_no_values_without_leave(void)
{
        g_autoptr(Schema) schema = validating_compile("properties:\n"
                                                      "  mode: {enum: [fast, slow]}\n"
                                                      "  level: {maximum: 5}\n"
                                                      "  name: {pattern: '^a'}\n"
                                                      "  kind: {const: x}\n");
        g_autofree char *found = validating_problems(
                        schema, "{mode: fats, level: 4711, name: hidden, kind: hidden}", false);

        g_assert_null(strstr(found, "fats"));
        g_assert_null(strstr(found, "did you mean"));
        g_assert_null(strstr(found, "4711"));
        g_assert_null(strstr(found, "hidden"));
        g_assert_nonnull(strstr(found, "level: expected a number of at most 5, found an integer\n"));
}

static void test_secrets(void)
{
        g_autoptr(Schema) schema =
                        validating_compile("properties:\n"
                                           "  token: {writeOnly: true, type: integer}\n"
                                           "  vault: {writeOnly: true, items: {enum: [aaaa]}}\n"
                                           "  other: {allOf: [{writeOnly: true}, {$ref: '#/$defs/n'}]}\n"
                                           "  any: {anyOf: [{const: 1, writeOnly: true}, {const: 2}]}\n"
                                           "  plain: {type: integer}\n"
                                           "$defs: {n: {type: integer}}\n");

        validating_assert(schema,
                          "token: hunter2\nvault: [aaab]\nother: hunter2\nany: hunter2\nplain: shown\n",
                          ":4:6: any: expected 1 or 2, found a string\n"
                          ":3:8: other: expected an integer, found a string\n"
                          ":5:8: plain: expected an integer, found the string \"shown\"\n"
                          ":1:8: token: expected an integer, found a string\n"
                          ":2:9: vault.0: expected \"aaaa\", found a string\n");
}

static void test_count(void)
{
        g_autoptr(Schema) schema = validating_compile("properties: {list: {items: {type: string}}}");
        g_autoptr(GString) text = g_string_new("list: [0");
        g_autofree char *exact = NULL, *more = NULL;
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure = NULL;
        const Problem *last;

        for (int i = 1; i < (int) SCHEMA_MAX_PROBLEMS; i++)
                g_string_append(text, ", 0");
        exact = g_strdup_printf("%s]", text->str);
        document = validating_document(exact, 0);
        failure = schema_validate(schema, document, NULL, true);
        g_assert_cmpuint(failure->problems->len, ==, SCHEMA_MAX_PROBLEMS);
        last = g_ptr_array_index(failure->problems, SCHEMA_MAX_PROBLEMS - 1);
        g_assert_cmpstr(last->path, ==, "list.99");

        more = g_strdup_printf("%s, 0, 0]", text->str);
        document_unref(document);
        failure_free(failure);
        document = validating_document(more, 0);
        failure = schema_validate(schema, document, NULL, true);
        g_assert_cmpuint(failure->problems->len, ==, SCHEMA_MAX_PROBLEMS);
        last = g_ptr_array_index(failure->problems, SCHEMA_MAX_PROBLEMS - 1);
        g_assert_cmpstr(last->message, ==, "and 3 more problems");
}

static void test_broken_place(void)
{
        g_autoptr(Failure) failure = validating_compile_broken("properties:\n  a:\n    type: integre\n");
        g_autofree char *found = validating_list(failure);

        g_assert_true(g_str_has_prefix(found, "/schemas/schema.yaml:3:11: : \"type\" must be "));
}

static void test_other_file(void)
{
        Shelf shelf = { .name = "common.yaml", .text = "$defs: {port: {maximum: 9}}" };
        g_autoptr(Schema) schema = NULL;
        g_autoptr(Schema) other = NULL;

        g_assert_null(compile_with(
                        &shelf, "properties: {a: {$ref: 'common.yaml#/$defs/port'}, b: {$ref: common.yaml}}",
                        &schema));
        g_assert_cmpuint(shelf.n_opened, ==, 1);
        g_assert_cmpstr(schema_files(schema)[0], ==, "/schemas/main.yaml");
        g_assert_cmpstr(schema_files(schema)[1], ==, "/schemas/common.yaml");
        g_assert_null(schema_files(schema)[2]);
        other = schema_ref(schema);
        validating_assert(other, "a: 10\n", ":1:4: a: expected a number of at most 9, found 10\n");
}

static void test_broken_other_file(void)
{
        Shelf shelf = { .name = "common.yaml", .text = "a: 1\nminimum: x\n" };
        Schema *schema = NULL;
        g_autoptr(Failure) failure = compile_with(&shelf, "$ref: common.yaml", &schema);
        g_autofree char *found = validating_list(failure);

        g_assert_cmpstr(found, ==,
                        "/schemas/common.yaml:2:10: : \"minimum\" must be a number, found a string\n");
}

static void test_unreadable_other_file(void)
{
        Shelf shelf = { .name = "common.yaml" };
        Schema *schema = NULL;
        g_autoptr(Failure) failure = compile_with(&shelf, "items:\n  $ref: common.yaml\n", &schema);
        g_autofree char *found = validating_list(failure);

        g_assert_cmpint(failure->code, ==, FAILURE_VALIDATION_FAILED);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_SCHEMA);
        g_assert_cmpstr(found, ==,
                        "/schemas/main.yaml:2:9: : cannot read /schemas/common.yaml: it cannot be read\n");
}

static void test_unparsed_other_file(void)
{
        Shelf shelf = { .name = "common.yaml", .text = "a: 1\na: 2\n" };
        Schema *schema = NULL;
        g_autoptr(Failure) failure = compile_with(&shelf, "$ref: common.yaml", &schema);
        const Problem *problem = g_ptr_array_index(failure->problems, 0);

        g_assert_cmpint(failure->code, ==, FAILURE_VALIDATION_FAILED);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_SCHEMA);
        g_assert_cmpstr(problem->file, ==, "/schemas/common.yaml");
        g_assert_cmpuint(problem->line, ==, 2);
}

static Failure *open_next(const char *path, Document **ret, void *userdata)
{
        unsigned *count = userdata;
        g_autofree char *text = g_strdup_printf("$ref: file%u.yaml", ++*count);

        return decode(FORMAT_YAML, path, 0, text, strlen(text), NULL, ret);
}

static void test_too_many_files(void)
{
        unsigned count = 0;
        g_autoptr(Document) document = validating_document("$ref: file0.yaml", 0);
        Schema *schema = NULL;
        g_autoptr(Failure) failure = schema_new("/schemas/main.yaml", document, open_next, &count, &schema);
        g_autofree char *found = validating_list(failure);

        g_assert_nonnull(strstr(found, "a schema can be made of 64 files at most"));
        g_assert_cmpuint(count, ==, 63);
}

/* The same node twice, as an alias has it, is one schema and one anchor. */
static void test_alias(void)
{
        g_autoptr(Schema) schema =
                        validating_compile("properties:\n"
                                           "  a: &x {properties: {n: {$anchor: n, type: integer}}}\n"
                                           "  b: *x\n"
                                           "  c: {$ref: '#n'}\n");

        validating_assert(schema, "{a: {n: 1}, b: {n: 1}, c: 1}", "");
        validating_assert(schema, "b: {n: x}\n", ":1:8: b.n: expected an integer, found the string \"x\"\n");
}

static void test_nan(void)
{
        g_autoptr(Schema) schema = validating_compile("properties: {a: {minimum: 0}, b: {type: number}, c: "
                                                      "{type: integer}, d: {multipleOf: 2}}");

        validating_assert(schema, "{a: .inf, b: .nan}", "");
        validating_assert(schema, "a: .nan\nc: .inf\nd: .inf\n",
                          ":1:4: a: expected a number of at least 0, found .nan\n"
                          ":2:4: c: expected an integer, found .inf\n"
                          ":3:4: d: expected a multiple of 2, found .inf\n");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/schema/places", test_places);
        g_test_add_func("/schema/files-of-layers", test_files_of_layers);
        g_test_add_func("/schema/no-values-without-leave", test_no_values_without_leave);
        g_test_add_func("/schema/secrets", test_secrets);
        g_test_add_func("/schema/count", test_count);
        g_test_add_func("/schema/broken-place", test_broken_place);
        g_test_add_func("/schema/other-file", test_other_file);
        g_test_add_func("/schema/broken-other-file", test_broken_other_file);
        g_test_add_func("/schema/unreadable-other-file", test_unreadable_other_file);
        g_test_add_func("/schema/unparsed-other-file", test_unparsed_other_file);
        g_test_add_func("/schema/too-many-files", test_too_many_files);
        g_test_add_func("/schema/alias", test_alias);
        g_test_add_func("/schema/nan", test_nan);
        return g_test_run();
}
