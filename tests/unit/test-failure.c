/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of failures: what they carry, how they read, and where they are cut
 */
#include "daemon/model/failure.h"

#include <string.h>

#define MAX_TEXT 2048U

static const Problem *first_of(const Failure *failure)
{
        return g_ptr_array_index(failure->problems, 0);
}

static void assert_format(const Failure *failure, const char *expected)
{
        g_autofree char *text = failure_format(failure);

        g_assert_cmpstr(text, ==, expected);
}

static void test_names(void)
{
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

        for (FailureCode code = 0; code < N_FAILURE_CODES; code++)
                g_assert_true(g_hash_table_add(seen, (char *) failure_code_to_string(code)));
        for (FailureStage stage = 0; stage < N_FAILURE_STAGES; stage++)
                g_assert_true(g_hash_table_add(seen, (char *) failure_stage_to_string(stage)));
        g_assert_cmpstr(failure_code_to_string(FAILURE_PARSE_FAILED), ==, "ParseFailed");
        g_assert_cmpstr(failure_stage_to_string(FAILURE_STAGE_DECODE), ==, "decode");
        g_assert_cmpstr(failure_stage_to_string(FAILURE_STAGE_NONE), ==, "");
}

static void test_no_place(void)
{
        g_autoptr(Failure) failure = failure_new(FAILURE_BUSY, "%d %s", 7, "seas");

        g_assert_cmpint(failure->code, ==, FAILURE_BUSY);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_NONE);
        g_assert_cmpuint(failure->problems->len, ==, 1);
        g_assert_cmpstr(first_of(failure)->file, ==, "");
        g_assert_cmpstr(first_of(failure)->path, ==, "");
        assert_format(failure, "7 seas");
}

static void test_place(void)
{
        g_autoptr(Failure) whole = failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, "/a.yaml", 3, 9,
                                                  "a.b", "expected a key");
        g_autoptr(Failure) line = failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, "/a.yaml", 3, 0,
                                                 NULL, "expected a key");
        g_autoptr(Failure) file = failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, "/a.yaml", 0, 9,
                                                 NULL, "expected a key");

        g_assert_cmpint(whole->stage, ==, FAILURE_STAGE_PARSE);
        g_assert_cmpstr(first_of(whole)->path, ==, "a.b");
        assert_format(whole, "/a.yaml:3:9: expected a key");
        assert_format(line, "/a.yaml:3: expected a key");
        /* A column without its line says nothing. */
        assert_format(file, "/a.yaml: expected a key");
}

static void test_several(void)
{
        g_autoptr(Failure) failure = failure_new(FAILURE_PARSE_FAILED, "first");
        g_autoptr(Failure) other = failure_new(FAILURE_PARSE_FAILED, "second");

        g_ptr_array_add(failure->problems, g_ptr_array_steal_index(other->problems, 0));
        assert_format(failure, "first (and 1 more)");
}

static void test_copy(void)
{
        g_autoptr(Failure) copy = NULL;
        Failure *failure = failure_new_at(FAILURE_TOO_DEEP, FAILURE_STAGE_DECODE, "/a.json", 1, 2, "x.y",
                                          "too deep");

        copy = failure_copy(failure);
        g_assert_null(failure_free(failure));
        g_assert_cmpint(copy->code, ==, FAILURE_TOO_DEEP);
        g_assert_cmpint(copy->stage, ==, FAILURE_STAGE_DECODE);
        g_assert_cmpstr(first_of(copy)->path, ==, "x.y");
        assert_format(copy, "/a.json:1:2: too deep");
        g_assert_null(failure_free(NULL));
}

/* Texts of every length around the limit, in characters of so many bytes. */
static void test_cut(const void *data)
{
        const char *character = data;
        size_t width = strlen(character);

        for (size_t n = MAX_TEXT / width - 3; n <= MAX_TEXT / width + 5; n++) {
                g_autoptr(GString) text = g_string_new(NULL);
                g_autoptr(Failure) failure = NULL;
                const Problem *problem;

                for (size_t i = 0; i < n; i++)
                        g_string_append(text, character);
                failure = failure_new_at(FAILURE_NO_SUCH_PATH, FAILURE_STAGE_NONE, NULL, 0, 0, text->str,
                                         "%s", text->str);
                problem = first_of(failure);
                g_assert_cmpstr(problem->path, ==, problem->message);
                g_assert_true(g_utf8_validate(problem->message, -1, NULL));
                if (text->len <= MAX_TEXT) {
                        g_assert_cmpstr(problem->message, ==, text->str);
                        continue;
                }
                g_assert_true(g_str_has_suffix(problem->message, "…"));
                g_assert_cmpuint(strlen(problem->message), <=, MAX_TEXT + strlen("…"));
                g_assert_cmpuint(strlen(problem->message), >, MAX_TEXT - width);
                g_assert_cmpmem(problem->message, MAX_TEXT - 2 * width, text->str, MAX_TEXT - 2 * width);
        }
}

static void test_add_problem(void)
{
        g_autoptr(Failure) failure = failure_new_at(FAILURE_VALIDATION_FAILED, FAILURE_STAGE_SCHEMA,
                                                    "a.yaml", 1, 2, "x", "first");
        const Problem *problem;

        failure_add_problem(failure, NULL, 3, 4, NULL, "%s", "second");
        g_assert_cmpuint(failure->problems->len, ==, 2);
        problem = g_ptr_array_index(failure->problems, 1);
        g_assert_cmpstr(problem->file, ==, "");
        g_assert_cmpstr(problem->path, ==, "");
        g_assert_cmpuint(problem->line, ==, 3);
        g_assert_cmpuint(problem->column, ==, 4);
        g_assert_cmpstr(problem->message, ==, "second");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/failure/names", test_names);
        g_test_add_func("/failure/no-place", test_no_place);
        g_test_add_func("/failure/place", test_place);
        g_test_add_func("/failure/several", test_several);
        g_test_add_func("/failure/add-problem", test_add_problem);
        g_test_add_func("/failure/copy", test_copy);
        g_test_add_data_func("/failure/cut-ascii", "x", test_cut);
        g_test_add_data_func("/failure/cut-two-bytes", "é", test_cut);
        g_test_add_data_func("/failure/cut-four-bytes", "𝄞", test_cut);
        return g_test_run();
}
