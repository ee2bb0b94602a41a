/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what is made of a command's output
 */
#include "daemon/command-output.h"

#include <string.h>

#define FILE "/etc/app/app.yaml"
#define COPY "/run/reconfd/reconf-x1y2z3/app.yaml"

static Failure *make(const char *output, size_t length, bool is_telling)
{
        g_autoptr(GByteArray) bytes = g_byte_array_new();

        g_byte_array_append(bytes, (const guint8 *) output, (guint) length);
        return command_report_to_failure(&(CommandReport){
                        .code = FAILURE_VALIDATION_FAILED,
                        .stage = FAILURE_STAGE_COMMAND,
                        .file = FILE,
                        .copy = COPY,
                        .summary = "/bin/check exited with status 1",
                        .is_telling = is_telling,
                        .output = bytes,
        });
}

/* All problems, a line each, as file:line:column: message. */
static char *print(const Failure *failure)
{
        GString *text = g_string_new(NULL);

        for (guint i = 0; i < failure->problems->len; i++) {
                const Problem *problem = g_ptr_array_index(failure->problems, i);

                g_string_append_printf(text, "%s:%u:%u: %s\n", problem->file, problem->line, problem->column,
                                       problem->message);
        }
        return g_string_free(text, FALSE);
}

static void test_lines(void)
{
        static const struct {
                const char *output, *expected;
        } cases[] = {
                { "", FILE ":0:0: /bin/check exited with status 1\n" },
                { " \n\n", FILE ":0:0: /bin/check exited with status 1\n" },
                { COPY ":3:5: wrong", FILE ":3:5: wrong\n" },
                { COPY ":3: wrong\n", FILE ":3:0: wrong\n" },
                { COPY ":3:5:wrong\r\n", FILE ":3:5: wrong\n" },
                { COPY ":3:5: error: a: b\n", FILE ":3:5: error: a: b\n" },
                { COPY ":3:5:", FILE ":3:5: is not accepted\n" },
                { COPY ":0:0: wrong", FILE ":0:0: wrong\n" },
                { COPY ":3: 5: wrong", FILE ":3:0: 5: wrong\n" },
                /* However it is called. */
                { "app.yaml:1:2: a\n<stdin>:2:3: b\n-:3: c\nstdin:4: d\n/dev/stdin:5: e\n",
                  FILE ":1:2: a\n" FILE ":2:3: b\n" FILE ":3:0: c\n" FILE ":4:0: d\n" FILE ":5:0: e\n" },
                /* Another file. */
                { "/etc/a:b/other.conf:7:1: x", "/etc/a:b/other.conf:7:1: x\n" },
                { "other.yaml:7:1: x", FILE ":0:0: other.yaml:7:1: x\n" },
                { "12:30:45: started", FILE ":0:0: 12:30:45: started\n" },
                /* No places. */
                { COPY ": wrong", FILE ":0:0: " FILE ": wrong\n" },
                { COPY ": line 5: wrong", FILE ":0:0: " FILE ": line 5: wrong\n" },

                { COPY ":-1: wrong", FILE ":0:0: " FILE ":-1: wrong\n" },
                { COPY ":99999999999: wrong", FILE ":0:0: " FILE ":99999999999: wrong\n" },
                { COPY ":3", FILE ":0:0: " FILE ":3\n" },
                { ":3:5: wrong", FILE ":0:0: :3:5: wrong\n" },
                /* Mixed: the text comes last, as one. */
                { "checking\n" COPY ":3:5: wrong\n  see\n\n2 errors in " COPY "\n",
                  FILE ":3:5: wrong\n" FILE ":0:0: checking\n  see\n\n2 errors in " FILE "\n" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Failure) failure = make(cases[i].output, strlen(cases[i].output), false);
                g_autofree char *text = print(failure);

                g_assert_cmpint(failure->code, ==, FAILURE_VALIDATION_FAILED);
                g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_COMMAND);
                g_assert_cmpstr(text, ==, cases[i].expected);
        }
}

static void test_telling(void)
{
        g_autoptr(Failure) silent = make("", 0, true), loud = make("a\n", 2, true);
        g_autofree char *silent_text = print(silent), *loud_text = print(loud);

        g_assert_cmpstr(silent_text, ==, FILE ":0:0: /bin/check exited with status 1\n");
        g_assert_cmpstr(loud_text, ==, FILE ":0:0: /bin/check exited with status 1\n" FILE ":0:0: a\n");
}

static void test_bad_text(void)
{
        static const char output[] = "a\xff\xc3\0b\x1b[31m\tc\x7f\xc2\x9b"
                                     "d";
        g_autoptr(Failure) failure = make(output, sizeof output - 1, false);
        const Problem *problem = g_ptr_array_index(failure->problems, 0);

        g_assert_cmpstr(problem->message, ==, "a\uFFFD\uFFFD\uFFFDb\uFFFD[31m\tc\uFFFD\uFFFDd");
}

static void test_limits(void)
{
        g_autoptr(GString) lines = g_string_new("before\n"), word = g_string_new(NULL);
        g_autoptr(Failure) many = NULL, wide = NULL;
        const Problem *last;

        for (int i = 1; i <= 200; i++)
                g_string_append_printf(lines, COPY ":%d: x\n", i);
        many = make(lines->str, lines->len, true);
        g_assert_cmpuint(many->problems->len, ==, COMMAND_MAX_PROBLEMS);
        last = g_ptr_array_index(many->problems, COMMAND_MAX_PROBLEMS - 1);
        g_assert_cmpstr(last->message, ==, "before");

        while (word->len < 65536)
                g_string_append(word, "word ");
        wide = make(word->str, word->len, false);
        last = g_ptr_array_index(wide->problems, 0);
        g_assert_cmpuint(strlen(last->message), <=, 2100);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/command-output/lines", test_lines);
        g_test_add_func("/command-output/telling", test_telling);
        g_test_add_func("/command-output/bad-text", test_bad_text);
        g_test_add_func("/command-output/limits", test_limits);
        return g_test_run();
}
