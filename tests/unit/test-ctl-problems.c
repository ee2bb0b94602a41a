/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Problems as reconfctl shows them
 */
#include "client/ctl/problems.h"
#include "client/ctl/value.h"
#include "tests/support/message-scene.h"
#include "tests/support/notation.h"

static GPtrArray *read_problems(MessageScene *scene, const char *files)
{
        g_autoptr(Document) document = notation_parse(files, 0);
        GPtrArray *problems = NULL;

        message_scene_seal(scene);
        g_assert_cmpint(problems_read(scene->m, value_get(document, "files"), NULL, &problems), >=, 0);
        return problems;
}

static void assert_problem(const GPtrArray *problems, guint index, const char *expected)
{
        g_autofree char *text = NULL;

        g_assert_cmpuint(index, <, problems->len);
        text = problem_format(problems->pdata[index]);
        g_assert_cmpstr(text, ==, expected);
}

static void test_one_file(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) problems = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "a(suus)", 3, "a.b", 3, 5, "bad", "", 0, 0,
                                              "/f: worse", "", 2, 1, "/fg: bad"),
                        >=, 0);
        problems = read_problems(scene, "{files: ['/f']}");
        g_assert_cmpuint(problems->len, ==, 3);
        assert_problem(problems, 0, "/f:2:1: /fg: bad");
        assert_problem(problems, 1, "/f:3:5: a.b: bad");
        assert_problem(problems, 2, "/f: worse");
}

static void test_several_files(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) problems = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "a(suus)", 3, "", 3, 5, "/g: bad", "", 1, 1,
                                              "/fg: bad", "a", 0, 0, "bad"),
                        >=, 0);
        problems = read_problems(scene, "{files: ['/f', '/fg', '/g']}");
        assert_problem(problems, 0, "/fg:1:1: bad");
        assert_problem(problems, 1, "/g:3:5: bad");
        assert_problem(problems, 2, "a: bad");
}

static void test_schema(MessageScene *scene, const void *unused)
{
        g_autoptr(Document) document = notation_parse("{files: ['/f']}", 0);
        g_autoptr(GPtrArray) problems = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "a(suus)", 3, "", 2, 1, "/d/other.json: bad", "", 1,
                                              1, "/d/schema.json: bad", "", 0, 0, "/e: bad"),
                        >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(problems_read(scene->m, value_get(document, "files"), "/d/schema.json", &problems),
                        >=, 0);
        assert_problem(problems, 0, "/d/other.json:2:1: bad");
        assert_problem(problems, 1, "/d/schema.json:1:1: bad");
        assert_problem(problems, 2, "/f: /e: bad");
}

static void test_failure(void)
{
        g_autoptr(Failure) failure = failure_new_at(FAILURE_VALIDATION_FAILED, FAILURE_STAGE_SCHEMA, NULL, 3,
                                                    1, "b", "bad");
        g_autoptr(GPtrArray) problems = problems_new();

        failure_add_problem(failure, "/g", 2, 1, "a", "worse");
        failure_add_problem(failure, NULL, 1, 1, "c", "worst");
        problems_add(problems, failure, "x");
        problems_rename_file(problems, "/g", "-");
        g_assert_cmpuint(problems->len, ==, 3);
        assert_problem(problems, 0, "-:2:1: a: worse");
        assert_problem(problems, 1, "x:1:1: c: worst");
        assert_problem(problems, 2, "x:3:1: b: bad");
}

static void test_no_files(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) problems = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "a(suus)", 1, "", 3, 5, "/f: b\x1b[0m"), >=, 0);
        problems = read_problems(scene, "{}");
        assert_problem(problems, 0, "3:5: /f: b\\x1b[0m");
}

static void test_json(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) problems = NULL;
        Json *json = json_new(JSON_SHORT);
        g_autofree char *text = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "a(suus)", 1, "a", 3, 5, "/f: bad"), >=, 0);
        problems = read_problems(scene, "{files: ['/f']}");
        problems_append_json(json, problems);
        text = json_end(json);
        g_assert_cmpstr(text, ==,
                        "[{\"path\":\"a\",\"file\":\"/f\",\"line\":3,\"column\":5,\"message\":\"bad\"}]");
}

static void test_not_problems(MessageScene *scene, const void *unused)
{
        GPtrArray *problems = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "as", 1, "a"), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(problems_read(scene->m, NULL, NULL, &problems), <, 0);
        g_assert_null(problems);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

#define ADD(name, function)                                                                   \
        g_test_add("/ctl-problems/" name, MessageScene, NULL, message_scene_set_up, function, \
                   message_scene_tear_down)
        ADD("one-file", test_one_file);
        ADD("several-files", test_several_files);
        ADD("no-files", test_no_files);
        ADD("schema", test_schema);
        ADD("json", test_json);
        ADD("not-problems", test_not_problems);
#undef ADD
        g_test_add_func("/ctl-problems/failure", test_failure);
        return g_test_run();
}
