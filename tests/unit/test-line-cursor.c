/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Line cursors: where lines begin and end
 */
#include "daemon/model/line-cursor.h"

#include <string.h>

/* Holds the text to be these lines, up to a NULL. */
static void assert_lines(const char *text, ...)
{
        LineCursor cursor;
        va_list lines;
        uint32_t line = 0;

        line_cursor_init(&cursor, text, strlen(text), NULL);
        va_start(lines, text);
        for (const char *expected; (expected = va_arg(lines, const char *));) {
                g_assert_true(line_cursor_next(&cursor));
                g_assert_cmpuint(cursor.line, ==, ++line);
                g_assert_true(cursor.at == cursor.start);
                g_assert_cmpmem(cursor.start, cursor.end - cursor.start, expected, strlen(expected));
        }
        va_end(lines);
        g_assert_false(line_cursor_next(&cursor));
        g_assert_false(line_cursor_next(&cursor));
}

static void test_lines(void)
{
        assert_lines("", NULL);
        assert_lines("a", "a", NULL);
        assert_lines("a\n", "a", NULL);
        assert_lines("\n\na", "", "", "a", NULL);
        assert_lines("a\r\nb\r", "a", "b", NULL);
        assert_lines("\r\n\r", "", "", NULL);
        assert_lines("a\rb\r\r\n", "a\rb\r", NULL);
}

static void test_blanks(void)
{
        LineCursor cursor;
        const char text[] = " \t a b \t\n  \n";

        line_cursor_init(&cursor, text, strlen(text), NULL);
        g_assert_true(line_cursor_next(&cursor));
        g_assert_true(line_cursor_skip_blanks(&cursor));
        g_assert_cmpint(cursor.at - text, ==, 3);
        g_assert_cmpint(line_trim_end(cursor.at, cursor.end) - text, ==, 6);
        g_assert_true(line_cursor_next(&cursor));
        g_assert_false(line_cursor_skip_blanks(&cursor));
        g_assert_true(cursor.at == cursor.end);
        g_assert_true(line_trim_end(cursor.start, cursor.end) == cursor.start);

        g_assert_true(line_is_blank(' ') && line_is_blank('\t'));
        g_assert_false(line_is_blank('\n') || line_is_blank('\r') || line_is_blank('\v') ||
                       line_is_blank('x'));
}

static void test_places(void)
{
        LineCursor cursor;
        const char text[] = "x\né🎈y";
        Place place;
        g_autoptr(Failure) failure = NULL;
        g_autofree char *message = NULL;

        line_cursor_init(&cursor, text, strlen(text), "file");
        while (line_cursor_next(&cursor))
                ;
        place = line_cursor_place(&cursor, strchr(text, 'y'));
        g_assert_cmpuint(place.line, ==, 2);
        g_assert_cmpuint(place.column, ==, 3);

        failure = line_cursor_fail(&cursor, place, "100% wrong");
        g_assert_cmpint(failure->code, ==, FAILURE_PARSE_FAILED);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_PARSE);
        message = failure_format(failure);
        g_assert_cmpstr(message, ==, "file:2:3: 100% wrong");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/line-cursor/lines", test_lines);
        g_test_add_func("/line-cursor/blanks", test_blanks);
        g_test_add_func("/line-cursor/places", test_places);
        return g_test_run();
}
