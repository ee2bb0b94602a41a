/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What reconfctl lets through to a terminal
 */
#include "client/ctl/text.h"

#include <locale.h>
#include <math.h>
#include <string.h>

static void assert_form(const char *text, TextForm form, const char *expected)
{
        g_autoptr(GString) out = g_string_new(NULL);

        text_append(out, text, form);
        g_assert_cmpstr(out->str, ==, expected);
}

static void test_line(void)
{
        assert_form("", TEXT_LINE, "");
        assert_form("plain ä 漢 🙂 \"\\", TEXT_LINE, "plain ä 漢 🙂 \"\\");
        assert_form("a\nb\tc\rd", TEXT_LINE, "a\\nb\\tc\\rd");
        assert_form("\x1b[31m\a\x7f", TEXT_LINE, "\\x1b[31m\\x07\\x7f");
        /* C1 controls, some of which a terminal takes for the beginning of a sequence. */
        assert_form("\xc2\x9b"
                    "31m",
                    TEXT_LINE, "\\u009b31m");
}

static void test_direction(void)
{
        assert_form("a\u202eb\u2066c\u200fd", TEXT_LINE, "a\\u202eb\\u2066c\\u200fd");
        assert_form("\u2028\u2029\ufeff\u200b", TEXT_LINE, "\\u2028\\u2029\\ufeff\\u200b");
        assert_form("\U000e0041", TEXT_LINE, "\\U000e0041");
}

static void test_lines(void)
{
        assert_form("a\n\tb\x1b\r", TEXT_LINES, "a\n\tb\\x1b\\r");
}

static void test_quoted(void)
{
        assert_form("say \"a\\b\"\n", TEXT_QUOTED, "say \\\"a\\\\b\\\"\\n");
}

static void test_bytes(void)
{
        assert_form("a\xff"
                    "b\xc3",
                    TEXT_LINE, "a\\xffb\\xc3");
        assert_form("\xe2\x80", TEXT_LINE, "\\xe2\\x80");
        /* A surrogate is none of the characters that UTF-8 may hold. */
        assert_form("\xed\xa0\x80", TEXT_LINE, "\\xed\\xa0\\x80");
}

static void test_escape(void)
{
        g_autofree char *escaped = text_escape("a\nb");

        g_assert_cmpstr(escaped, ==, "a\\nb");
        g_assert_null(text_escape(NULL));
}

static void test_width(void)
{
        g_assert_cmpuint(text_width(""), ==, 0);
        g_assert_cmpuint(text_width("abc"), ==, 3);
        g_assert_cmpuint(text_width("äöü"), ==, 3);
        g_assert_cmpuint(text_width("漢字"), ==, 4);
        g_assert_cmpuint(text_width("e\u0301"), ==, 1);
}

static void assert_ellipsized(const char *text, size_t columns, bool unicode, const char *expected)
{
        g_autofree char *cut = text_ellipsize(text, columns, unicode);

        g_assert_cmpstr(cut, ==, expected);
        g_assert_cmpuint(text_width(cut), <=, MAX(columns, unicode ? 1 : 3));
}

static void test_ellipsize(void)
{
        assert_ellipsized("abcdef", 6, true, "abcdef");
        assert_ellipsized("abcdef", 5, true, "abcd…");
        assert_ellipsized("abcdef", 5, false, "ab...");
        assert_ellipsized("漢字漢字", 6, true, "漢字…");
        assert_ellipsized("漢字漢字", 7, true, "漢字漢…");
        assert_ellipsized("abcdef", 0, true, "…");
}

static void assert_double(double number, const char *expected)
{
        g_autoptr(GString) out = g_string_new(NULL);

        text_append_double(out, number);
        g_assert_cmpstr(out->str, ==, expected);
}

static void test_double(void)
{
        assert_double(0.1, "0.1");
        assert_double(1, "1.0");
        assert_double(-0.0, "-0.0");
        assert_double(1e300, "1e+300");
        assert_double(0.1 + 0.2, "0.30000000000000004");
        assert_double(5e-324, "4.94065645841247e-324");
        assert_double(NAN, ".nan");
        assert_double(INFINITY, ".inf");
        assert_double(-INFINITY, "-.inf");
}

int main(int argc, char **argv)
{
        setlocale(LC_CTYPE, "C.UTF-8");
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-text/line", test_line);
        g_test_add_func("/ctl-text/direction", test_direction);
        g_test_add_func("/ctl-text/lines", test_lines);
        g_test_add_func("/ctl-text/quoted", test_quoted);
        g_test_add_func("/ctl-text/bytes", test_bytes);
        g_test_add_func("/ctl-text/escape", test_escape);
        g_test_add_func("/ctl-text/width", test_width);
        g_test_add_func("/ctl-text/ellipsize", test_ellipsize);
        g_test_add_func("/ctl-text/double", test_double);
        return g_test_run();
}
