/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files held against a schema with no service
 */
#include "client/ctl/marks.h"
#include "client/ctl/trial.h"
#include "tests/support/file-scene.h"
#include "tests/support/notation.h"

#include <string.h>

static const char schema_text[] = "{\"required\": [\"port\"], \"properties\": {\"port\": {\"type\": "
                                  "\"integer\", \"default\": 80},"
                                  " \"level\": {\"default\": \"info\"}}}";

static Marks *make_marks(const FileScene *scene)
{
        g_autofree char *path = scene_path(scene, "schema.json");

        write_file(path, schema_text);
        return marks_new(path);
}

static Failure *check(const Marks *marks, Format format, const char *text, bool defaults)
{
        const TrialOptions options = { .defaults = defaults };
        g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

        return trial_check("x", format, bytes, &options, marks ? marks_schema(marks) : NULL);
}

static void assert_good(Failure *failure)
{
        assert_success(failure);
}

static void assert_bad(Failure *failure, FailureCode code, const char *text)
{
        assert_failure(failure, code, "x", text);
        failure_free(failure);
}

static void test_check(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene);

        assert_good(check(marks, FORMAT_YAML, "port: 1\n", false));
        assert_good(check(NULL, FORMAT_YAML, "port: x\n", false));
        assert_bad(check(marks, FORMAT_YAML, "port: x\n", false), FAILURE_VALIDATION_FAILED, "integer");
        assert_bad(check(marks, FORMAT_YAML, "port: \"1\"\n", false), FAILURE_VALIDATION_FAILED, "integer");
        assert_bad(check(marks, FORMAT_JSON, "", false), FAILURE_PARSE_FAILED, "");
        assert_bad(check(marks, FORMAT_YAML, "port: [\n", false), FAILURE_PARSE_FAILED, "");
}

static void test_text_becomes_numbers(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene);

        assert_good(check(marks, FORMAT_ENV, "port=1\n", false));
        assert_good(check(marks, FORMAT_INI, "port = 1\n", false));
        assert_bad(check(marks, FORMAT_INI, "port = one\n", false), FAILURE_VALIDATION_FAILED, "integer");
}

static void test_defaults(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene);

        assert_bad(check(marks, FORMAT_YAML, "{}", false), FAILURE_VALIDATION_FAILED, "port");
        assert_good(check(marks, FORMAT_YAML, "{}", true));
}

static void test_options(void)
{
        g_autoptr(Document) properties =
                        notation_parse("{Schema: '/s', Options: {format: 'ini', merge: 'append', "
                                       "'env-separator': '__', defaults: true}}",
                                       0);
        g_autoptr(Document) none = notation_parse("{Schema: ''}", 0);
        g_autoptr(GPtrArray) settings = g_ptr_array_new();
        TrialOptions options = trial_options_from_properties(properties);

        g_assert_cmpint(options.format, ==, FORMAT_INI);
        g_assert_cmpint(options.merge, ==, MERGE_APPEND);
        g_assert_cmpstr(options.separator, ==, "__");
        g_assert_cmpstr(options.schema, ==, "/s");
        g_assert_true(options.defaults);

        options = trial_options_from_properties(none);
        g_assert_cmpint(options.format, ==, FORMAT_NONE);
        g_assert_null(options.schema);
        g_assert_null(options.separator);
        g_assert_false(options.defaults);

        g_ptr_array_add(settings, (char *) "format=env");
        g_ptr_array_add(settings, (char *) "schema=/a");
        g_ptr_array_add(settings, (char *) "schema=/b");
        g_ptr_array_add(settings, (char *) "defaults=on");
        g_ptr_array_add(settings, (char *) "merge=replace");
        g_ptr_array_add(settings, (char *) "env-separator=_");
        g_ptr_array_add(settings, (char *) "poll-ms=100");
        options = trial_options_from_settings(settings);
        g_assert_cmpint(options.format, ==, FORMAT_ENV);
        g_assert_cmpint(options.merge, ==, MERGE_REPLACE);
        g_assert_cmpstr(options.schema, ==, "/b");
        g_assert_cmpstr(options.separator, ==, "_");
        g_assert_true(options.defaults);
}

static void test_run(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene);
        const TrialOptions options = { .schema = marks_schema_path(marks), .defaults = true };
        char *const files[] = { scene->file, NULL };
        char *const nameless[] = { (char *) "/etc/none", NULL };
        g_autoptr(Load) good = NULL;
        g_autoptr(Load) bad = NULL;
        g_autoptr(Load) lenient = NULL;
        g_autoptr(Load) unknown = NULL;

        write_file(scene->file, "port: 1\n");
        good = trial_run(files, &options, false);
        assert_success(good->failure);
        g_assert_cmpuint(good->filled->len, ==, 1);
        g_assert_cmpstr(good->filled->pdata[0], ==, "level");

        write_file(scene->file, "port: x\n");
        bad = trial_run(files, &options, false);
        assert_failure(bad->failure, FAILURE_VALIDATION_FAILED, scene->file, "integer");
        lenient = trial_run(files, &options, true);
        assert_success(lenient->failure);
        g_assert_nonnull(lenient->document);

        unknown = trial_run(nameless, &options, false);
        g_assert_nonnull(unknown->failure);
        g_assert_cmpint(unknown->failure->stage, ==, FAILURE_STAGE_NONE);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        scene_add("/ctl-trial/check", test_check);
        scene_add("/ctl-trial/text-becomes-numbers", test_text_becomes_numbers);
        scene_add("/ctl-trial/defaults", test_defaults);
        g_test_add_func("/ctl-trial/options", test_options);
        scene_add("/ctl-trial/run", test_run);
        return g_test_run();
}
