/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line of a file with a caret below it
 */
#include "client/ctl/excerpt.h"
#include "client/ctl/text.h"

#include <string.h>

#define GUTTER "    1 | "
/* Less is not enough to show anything in. */
#define SHORTEST 28U
#define BELOW "      | "

static char *show_in(const char *text, uint32_t line, uint32_t column, size_t columns)
{
        const Style style = { .unicode = true, .columns = columns };
        GString *out = g_string_new(NULL);

        g_assert_cmpint(excerpt_append(out, text, strlen(text), line, column, &style, 0), ==, out->len > 0);
        return g_string_free(out, FALSE);
}

static void assert_shown(const char *text, uint32_t line, uint32_t column, const char *expected)
{
        g_autofree char *shown = show_in(text, line, column, 0);

        g_assert_cmpstr(shown, ==, expected);
}

static void test_lines(void)
{
        const char *text = "a: 1\nbb: x\n\nlast";

        assert_shown(text, 1, 1, "    1 | a: 1\n      | ^\n");
        assert_shown(text, 2, 5, "    2 | bb: x\n      |     ^\n");
        assert_shown(text, 3, 1, "    3 | \n      | ^\n");
        assert_shown(text, 4, 4, "    4 | last\n      |    ^\n");
        assert_shown(text, 5, 1, "");
        assert_shown("a\n", 2, 1, "    2 | \n      | ^\n");
        assert_shown("", 1, 1, GUTTER "\n" BELOW "^\n");
        assert_shown("a: x\r\nb", 1, 4, GUTTER "a: x\n" BELOW "   ^\n");
}

static void test_columns(void)
{
        assert_shown("abc", 1, 4, GUTTER "abc\n" BELOW "   ^\n");
        assert_shown("abc", 1, 4000000000, GUTTER "abc\n" BELOW "   ^\n");
        assert_shown("abc", 1, 0, GUTTER "abc\n");
}

static void test_indent(void)
{
        g_autoptr(GString) out = g_string_new(NULL);
        const Style style = { 0 };

        g_assert_true(excerpt_append(out, "ab", 2, 1, 2, &style, 2));
        g_assert_cmpstr(out->str, ==, "  " GUTTER "ab\n  " BELOW " ^\n");
}

static void test_tabs(void)
{
        assert_shown("\tx", 1, 1, GUTTER "        x\n" BELOW "^\n");
        assert_shown("\tx", 1, 2, GUTTER "        x\n" BELOW "        ^\n");
        assert_shown("ab\tc\td", 1, 6, GUTTER "ab      c       d\n" BELOW "                ^\n");
}

static void test_wide(void)
{
        assert_shown("名: x", 1, 4, GUTTER "名: x\n" BELOW "    ^\n");
        assert_shown("é: x", 1, 4, GUTTER "é: x\n" BELOW "   ^\n");
        /* A mark that joins the letter before it takes no column. */
        assert_shown("e\xcc\x81: x", 1, 5, GUTTER "e\xcc\x81: x\n" BELOW "   ^\n");
        assert_shown("名\tx", 1, 3, GUTTER "名      x\n" BELOW "        ^\n");
}

static void test_escapes(void)
{
        assert_shown("\x1b[31mx", 1, 6, GUTTER "\\x1b[31mx\n" BELOW "        ^\n");
        assert_shown("\xc2\x9bx", 1, 2, GUTTER "\\u009bx\n" BELOW "      ^\n");
        assert_shown("\xe2\x80\xaex", 1, 2, GUTTER "\\u202ex\n" BELOW "      ^\n");
        assert_shown("a\xff\xfex", 1, 4, GUTTER "a\\xff\\xfex\n" BELOW "         ^\n");
        assert_shown("a\rb", 1, 3, GUTTER "a\\rb\n" BELOW "   ^\n");
}

static void test_nul(void)
{
        g_autoptr(GString) out = g_string_new(NULL);
        const Style style = { 0 };

        g_assert_true(excerpt_append(out, "a\0b", 3, 1, 3, &style, 0));
        g_assert_cmpstr(out->str, ==, GUTTER "a\\x00b\n" BELOW "     ^\n");
}

/* Of a long line, what is around the place is shown, and the caret is below it. */
static void assert_window(const char *text, uint32_t column, size_t columns, const char *there)
{
        g_autofree char *shown = show_in(text, 1, column, columns);
        g_auto(GStrv) lines = g_strsplit(shown, "\n", -1);
        size_t before = strlen(lines[1]) - 1;
        const char *at = lines[0];

        g_assert_cmpuint(text_width(lines[0]), <=, MAX(columns, SHORTEST) + 1);
        for (size_t width = 0; width < before; at = g_utf8_next_char(at)) {
                g_autofree char *one = g_strndup(at, (gsize) (g_utf8_next_char(at) - at));

                width += text_width(one);
        }
        g_assert_true(g_str_has_prefix(at, there));
}

static void test_long(void)
{
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) wide = g_string_new(NULL);

        for (unsigned i = 0; i < 1000; i++) {
                g_string_append_printf(text, "%03u ", i);
                g_string_append(wide, "\xe5\x90\x8d\t");
        }
        assert_window(text->str, 1, 60, "000");
        assert_window(text->str, 41, 60, "010");
        assert_window(text->str, 2001, 60, "500");
        assert_window(text->str, 3997, 60, "999");
        assert_window(text->str, 2001, 10, "500");
        assert_window(wide->str, 1001, 60, "\xe5\x90\x8d");
        assert_shown("a", 1, 1, GUTTER "a\n" BELOW "^\n");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-excerpt/lines", test_lines);
        g_test_add_func("/ctl-excerpt/columns", test_columns);
        g_test_add_func("/ctl-excerpt/indent", test_indent);
        g_test_add_func("/ctl-excerpt/tabs", test_tabs);
        g_test_add_func("/ctl-excerpt/wide", test_wide);
        g_test_add_func("/ctl-excerpt/escapes", test_escapes);
        g_test_add_func("/ctl-excerpt/nul", test_nul);
        g_test_add_func("/ctl-excerpt/long", test_long);
        return g_test_run();
}
