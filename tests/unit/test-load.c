/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of loading: files or stored bytes to one document
 */
#include "daemon/load.h"
#include "tests/support/file-scene.h"
#include "tests/support/notation.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_SIZE 1000U

/* Loads files of the scene, NULL-terminated. */
static Load *load_files(const FileScene *scene, MergeMode merge, const char *const *names)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_auto(GStrv) files = NULL;
        Load *load;

        for (; *names; names++) {
                g_autofree char *path = scene_path(scene, *names);

                g_strv_builder_add(builder, path);
        }
        files = g_strv_builder_end(builder);
        load = load_new(files, FORMAT_INI, merge, "__", MAX_SIZE);
        g_assert_true(load_is_small(load));
        load_run(load);
        return load;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void save(const FileScene *scene, const char *name, const char *content)
{
        g_autofree char *path = scene_path(scene, name);

        write_file(path, content);
}

static void assert_document(const Load *load, const char *expected)
{
        g_autofree char *text = NULL;

        assert_success(load->failure);
        text = notation_format(document_root(load->document));
        g_assert_cmpstr(text, ==, expected);
}

static void test_layers(FileScene *scene, const void *data)
{
        g_autoptr(Load) deep = NULL, append = NULL, replace = NULL;

        save(scene, "one.yaml", "a: {x: 1, l: [1]}\n");
        save(scene, "two.json", "{\"a\": {\"l\": [2]}}");
        save(scene, ".env", "A__X=7\n");
        deep = load_files(scene, MERGE_DEEP, NAMES("one.yaml", "none.yaml", "two.json", ".env"));
        assert_document(deep, "{a: {l: [2], x: '7'}}");
        g_assert_true(deep->is_public);
        g_assert_false(deep->has_empty);
        g_assert_cmpuint(deep->layers->len, ==, 4);
        g_assert_null(((const Layer *) g_ptr_array_index(deep->layers, 1))->bytes);
        append = load_files(scene, MERGE_APPEND, NAMES("one.yaml", "two.json"));
        assert_document(append, "{a: {l: [1, 2], x: 1}}");
        replace = load_files(scene, MERGE_REPLACE, NAMES("one.yaml", "two.json"));
        assert_document(replace, "{a: {l: [2]}}");
}

static void test_formats(FileScene *scene, const void *data)
{
        g_autoptr(Load) load = NULL;

        g_assert_cmpint(load_format("/a.json", FORMAT_INI), ==, FORMAT_JSON);
        g_assert_cmpint(load_format("/a.conf", FORMAT_INI), ==, FORMAT_INI);
        g_assert_cmpint(load_format("/a.conf", FORMAT_NONE), ==, FORMAT_NONE);
        save(scene, "app.conf", "a = 1\n[s]\nb = 2\n");
        load = load_files(scene, MERGE_DEEP, NAMES("app.conf"));
        assert_document(load, "{a: '1', s: {b: '2'}}");
}

static void test_known(FileScene *scene, const void *data)
{
        g_autoptr(Load) first = NULL, again = NULL, other = NULL;
        char *files[] = { scene->file, NULL };

        save(scene, "config.yaml", "a: 1\n");
        first = load_files(scene, MERGE_DEEP, NAMES("config.yaml"));
        assert_document(first, "{a: 1}");

        again = load_new(files, FORMAT_NONE, MERGE_DEEP, NULL, MAX_SIZE);
        again->known = g_array_ref(first->hashes);
        load_run(again);
        assert_success(again->failure);
        g_assert_true(again->same);
        g_assert_null(again->document);

        save(scene, "config.yaml", "a: 2\n");
        other = load_new(files, FORMAT_NONE, MERGE_DEEP, NULL, MAX_SIZE);
        other->known = g_array_ref(first->hashes);
        load_run(other);
        g_assert_false(other->same);
        assert_document(other, "{a: 2}");
        g_assert_false(load_hashes_equal(first->hashes, other->hashes));
        g_assert_false(load_hashes_equal(NULL, NULL));
}

/* Loads config.yaml with numbers in many lines, and something in place of one of them. */
static Load *load_many(const FileScene *scene, const Load *former, const char *line)
{
        g_autoptr(GString) text = g_string_new(NULL);
        char *files[] = { scene->file, NULL };
        Load *load = load_new(files, FORMAT_NONE, MERGE_DEEP, NULL, 100 * MAX_SIZE);

        for (unsigned i = 0; i < 1000; i++)
                if (i == 500)
                        g_string_append_printf(text, "%s\n", line);
                else
                        g_string_append_printf(text, "k%u: %u\n", i, i);
        save(scene, "config.yaml", text->str);
        if (former) {
                load->former_text = g_bytes_ref(load_text(former));
                load->former_document = document_ref(former->document);
        }
        load_run(load);
        return load;
}

static void assert_number(const Load *load, const char *key, int64_t number, uint32_t line)
{
        const Member *member;

        assert_success(load->failure);
        member = node_find_member(document_root(load->document), key, strlen(key));
        g_assert_nonnull(member);
        g_assert_cmpint(member->value.integer, ==, number);
        g_assert_cmpuint(member->value.line, ==, line);
}

static void test_former(FileScene *scene, const void *data)
{
        g_autoptr(Load) first = load_many(scene, NULL, "x: 1"), second = NULL, bad = NULL, small = NULL,
                        third = NULL;

        second = load_many(scene, first, "x: 2\ny: 3");
        assert_number(second, "x", 2, 501);
        assert_number(second, "y", 3, 502);
        assert_number(second, "k999", 999, 1001);
        third = load_many(scene, second, "z: 4");
        assert_number(third, "z", 4, 501);
        assert_number(third, "k999", 999, 1000);
        g_assert_null(node_find_member(document_root(third->document), "x", 1));

        bad = load_many(scene, third, "x: [2");
        g_assert_nonnull(bad->failure);
        assert_failure(bad->failure, FAILURE_PARSE_FAILED, scene->file, "");

        /* Small, or several files: not worth it. */
        save(scene, "config.yaml", "a: 1\n");
        small = load_files(scene, MERGE_DEEP, NAMES("config.yaml", "none.yaml"));
        g_assert_null(load_text(small));
}

static void test_failures(FileScene *scene, const void *data)
{
        g_autoptr(Load) missing = NULL, large = NULL, broken = NULL;
        g_autofree char *none = scene_path(scene, "none.yaml"), *two = scene_path(scene, "two.yaml");
        g_autofree char *long_text = g_strnfill(MAX_SIZE + 1, '#');

        save(scene, "config.yaml", "a: 1\n");
        missing = load_files(scene, MERGE_DEEP, NAMES("none.yaml", "config.yaml"));
        assert_failure(missing->failure, FAILURE_FILE_NOT_FOUND, none, "no such file");
        g_assert_cmpint(missing->failure->stage, ==, FAILURE_STAGE_READ);
        g_assert_null(missing->hashes);

        /* Another layer that is there must be good. */
        save(scene, "two.yaml", "b: [\n");
        broken = load_files(scene, MERGE_DEEP, NAMES("config.yaml", "two.yaml"));
        assert_failure(broken->failure, FAILURE_PARSE_FAILED, two, "");
        g_assert_nonnull(broken->hashes);
        g_assert_null(broken->document);
        save(scene, "two.yaml", long_text);
        large = load_files(scene, MERGE_DEEP, NAMES("config.yaml", "two.yaml"));
        assert_failure(large->failure, FAILURE_TOO_LARGE, two, "max-size");
}

static void test_empty(FileScene *scene, const void *data)
{
        g_autoptr(Load) load = NULL;

        save(scene, "config.yaml", "");
        load = load_files(scene, MERGE_DEEP, NAMES("config.yaml", "none.yaml"));
        assert_document(load, "{}");
        g_assert_true(load->has_empty);
}

static void test_private(FileScene *scene, const void *data)
{
        g_autoptr(Load) load = NULL;
        g_autofree char *two = scene_path(scene, "two.yaml");

        save(scene, "config.yaml", "a: 1\n");
        save(scene, "two.yaml", "b: 1\n");
        g_assert_cmpint(chmod(two, 0640), ==, 0);
        load = load_files(scene, MERGE_DEEP, NAMES("config.yaml", "two.yaml"));
        assert_document(load, "{a: 1, b: 1}");
        g_assert_false(load->is_public);
}

static void test_size(FileScene *scene, const void *data)
{
        char *files[] = { scene->file, NULL };
        g_autoptr(Load) load = load_new(files, FORMAT_NONE, MERGE_DEEP, NULL, 10 * 1024 * 1024);
        g_autofree char *small = g_strnfill(64 * 1024, '#'), *large = g_strnfill(64 * 1024 + 1, '#');

        g_assert_true(load_is_small(load));
        save(scene, "config.yaml", small);
        g_assert_true(load_is_small(load));
        save(scene, "config.yaml", large);
        g_assert_false(load_is_small(load));
}

static void release_layer(void *layer)
{
        layer_free(layer);
}

static Version *version_with(const char *first, const char *second)
{
        Version *version = version_new();
        const char *const contents[] = { first, second };

        version->layers = g_ptr_array_new_with_free_func(release_layer);
        version->merge = MERGE_APPEND;
        version->is_public = true;
        for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
                g_autoptr(GBytes) bytes = contents[i] ? g_bytes_new(contents[i], strlen(contents[i])) : NULL;

                g_ptr_array_add(version->layers, layer_new("/nowhere.yaml", FORMAT_YAML, bytes));
        }
        return version;
}

static void test_stored(FileScene *scene, const void *data)
{
        g_autoptr(Version) version = version_with("l: [1]\n", "l: [2]\n");
        g_autoptr(Version) absent = version_with("l: [1]\n", NULL);
        g_autoptr(Load) load = load_new_stored(version), other = load_new_stored(absent);

        load_run(load);
        assert_document(load, "{l: [1, 2]}");
        g_assert_true(load->is_public);
        load_run(other);
        assert_document(other, "{l: [1]}");
        g_assert_null(load_free(NULL));
}

/* Whatever the state database was made to hold. */
static void test_stored_nothing(FileScene *scene, const void *data)
{
        g_autoptr(Version) absent = version_with(NULL, NULL), none = version_new();
        g_autoptr(Load) load = load_new_stored(absent), other = NULL;

        load_run(load);
        assert_failure(load->failure, FAILURE_FILE_NOT_FOUND, "", "found none");
        none->layers = g_ptr_array_new_with_free_func(release_layer);
        other = load_new_stored(none);
        load_run(other);
        assert_failure(other->failure, FAILURE_FILE_NOT_FOUND, "", "found none");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        scene_add("/load/layers", test_layers);
        scene_add("/load/formats", test_formats);
        scene_add("/load/known", test_known);
        scene_add("/load/former", test_former);
        scene_add("/load/failures", test_failures);
        scene_add("/load/empty", test_empty);
        scene_add("/load/private", test_private);
        scene_add("/load/size", test_size);
        scene_add("/load/stored", test_stored);
        scene_add("/load/stored-nothing", test_stored_nothing);
        return g_test_run();
}
