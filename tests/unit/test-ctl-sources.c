/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which lines of a file are shown with a problem
 */
#include "client/ctl/sources.h"
#include "tests/support/file-scene.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char schema_text[] = "{\"properties\": {\"password\": {\"writeOnly\": true}}}";

static Marks *make_marks(const FileScene *scene, const char *text)
{
        g_autofree char *path = scene_path(scene, "schema.json");

        write_file(path, text);
        return marks_new(path);
}

static bool is_shown(Sources *sources, const char *file, uint32_t line)
{
        g_autoptr(GString) out = g_string_new(NULL);
        const Style style = { 0 };

        sources_append_excerpt(sources, out, file, line, 1, &style, 0);
        return out->len > 0;
}

/* One letter a line: whether it is shown. */
static void assert_lines(const Marks *marks, const char *text, const char *expected)
{
        g_autoptr(Sources) sources = sources_new(marks, FORMAT_NONE, NULL);
        g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

        sources_add(sources, "-", FORMAT_YAML, bytes);
        for (uint32_t i = 0; expected[i]; i++)
                g_assert_cmpint(is_shown(sources, "-", i + 1), ==, expected[i] == 'y');
}

static void test_secrets(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene, schema_text);

        assert_lines(marks, "a: 1\npassword: x\nb: 1\n", "yny");
        assert_lines(marks, "{a: 1, password: x,\nb: 1}\n", "ny");
        assert_lines(marks, "a: 1\npassword: |\n  x\n  y\n\nb:\n  c: 1\n  d: 1\n", "ynnnnnny");
        assert_lines(marks, "password: x y\nb: 1\nc: 1\n", "nny");
        assert_lines(marks, "password: {k: x,\n  l: y}\nb: 1\n", "nny");
        assert_lines(marks, "other: x y\nb: 1\n", "yy");
        /* Too broken to tell. */
        assert_lines(marks, "a: 1\npassword: \"x\n", "nn");
}

static void test_no_secrets(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks =
                        make_marks(scene, "{\"properties\": {\"password\": {\"writeOnly\": false}}}");

        assert_lines(marks, "password: x\nb: \"", "yy");
        assert_lines(NULL, "password: x\nb: \"", "yy");
}

/* Of a schema that is broken its own lines may be shown, but no others. */
static void test_unknown(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene, "{\"type\": 5}");
        g_autoptr(Sources) sources = sources_new(marks, FORMAT_NONE, NULL);

        assert_lines(marks, "a: 1\n", "n");
        g_assert_true(is_shown(sources, marks_schema_path(marks), 1));
}

/* Where readers count lines in different ways, the wrong one must not be shown. */
static void test_strange_lines(void)
{
        assert_lines(NULL, "a: 1\r\nb: 1\r\n", "yy");
        assert_lines(NULL, "a: 1\rb: 1\n", "nn");
        assert_lines(NULL, "a: 1\xc2\x85 b: 1\n", "n");
        assert_lines(NULL, "a: 1\xe2\x80\xa8 b: 1\n", "n");
        assert_lines(NULL,
                     "\xef\xbb\xbf"
                     "a: 1\n",
                     "y");
}

static void test_separator(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(
                        scene,
                        "{\"properties\": {\"db\": {\"properties\": {\"pw\": {\"writeOnly\": true}}}}}");
        g_autoptr(Sources) sources = sources_new(marks, FORMAT_NONE, "__");
        g_autofree char *path = scene_path(scene, "a.env");

        write_file(path, "DB__PW=x\nDB__SIZE=1\n");
        g_assert_false(is_shown(sources, path, 1));
        g_assert_true(is_shown(sources, path, 2));
}

static void test_files(FileScene *scene, const void *unused)
{
        g_autoptr(Sources) sources = sources_new(NULL, FORMAT_NONE, NULL);
        g_autofree char *none = scene_path(scene, "none.yaml");
        g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);

        write_file(scene->file, "a: 1\n");
        g_assert_true(is_shown(sources, scene->file, 1));
        g_assert_false(is_shown(sources, scene->file, 0));
        g_assert_false(is_shown(sources, scene->file, 9));
        g_assert_false(is_shown(sources, none, 1));
        g_assert_false(is_shown(sources, scene->directory, 1));
        g_assert_false(is_shown(sources, "", 1));
        sources_add(sources, "-", FORMAT_YAML, nothing);
        g_assert_true(is_shown(sources, "-", 1));
}

static void test_read(FileScene *scene, const void *unused)
{
        g_autofree char *none = scene_path(scene, "none.yaml");
        g_autoptr(Failure) missing = NULL;
        g_autoptr(Failure) directory = NULL;
        g_autoptr(Failure) large = NULL;
        g_autoptr(GBytes) bytes = NULL;
        GBytes *nothing = NULL;

        write_file(scene->file, "a: 1\n");
        assert_success(sources_read(scene->file, &bytes));
        assert_bytes(bytes, "a: 1\n");
        missing = sources_read(none, &nothing);
        assert_failure(missing, FAILURE_FILE_NOT_FOUND, none, "cannot open");
        directory = sources_read(scene->directory, &nothing);
        assert_failure(directory, FAILURE_FILE_UNREADABLE, scene->directory, "cannot read");
        g_assert_cmpint(truncate(scene->file, 10 * 1024 * 1024 + 1), ==, 0);
        large = sources_read(scene->file, &nothing);
        assert_failure(large, FAILURE_TOO_LARGE, scene->file, "larger");
        g_assert_null(nothing);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        scene_add("/ctl-sources/secrets", test_secrets);
        scene_add("/ctl-sources/no-secrets", test_no_secrets);
        scene_add("/ctl-sources/unknown", test_unknown);
        g_test_add_func("/ctl-sources/strange-lines", test_strange_lines);
        scene_add("/ctl-sources/separator", test_separator);
        scene_add("/ctl-sources/files", test_files);
        scene_add("/ctl-sources/read", test_read);
        return g_test_run();
}
