/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths, dotted and slashed
 */
#include "daemon/model/path.h"
#include "tests/support/notation.h"

#include <string.h>

static Path *parse(const char *text)
{
        Path *path = NULL;
        g_autoptr(Failure) failure = path_parse(text, &path);

        g_assert_null(failure);
        g_assert_nonnull(path);
        return path;
}

static void assert_segments(const char *text, const char *slashed, ...)
{
        g_autoptr(Path) path = parse(text);
        g_autofree char *formatted = path_format_slashed(path);
        size_t count = 0;
        va_list segments;

        va_start(segments, slashed);
        for (const char *expected; (expected = va_arg(segments, const char *)); count++) {
                size_t length;

                g_assert_cmpuint(count, <, path_length(path));
                g_assert_cmpstr(path_segment(path, count, &length), ==, expected);
                g_assert_cmpuint(length, ==, strlen(expected));
                g_assert_cmpstr(path_segment(path, count, NULL), ==, expected);
        }
        va_end(segments);
        g_assert_cmpuint(path_length(path), ==, count);
        g_assert_cmpstr(formatted, ==, slashed);
}

static void test_parse(void)
{
        assert_segments("", "/", NULL);
        assert_segments("a", "/a/", "a", NULL);
        assert_segments("database.pool.size", "/database/pool/size/", "database", "pool", "size", NULL);
        assert_segments("servers.0.host", "/servers/0/host/", "servers", "0", "host", NULL);
        assert_segments("A-Z_09.-.__", "/A-Z_09/-/__/", "A-Z_09", "-", "__", NULL);
        assert_segments("hosts.\"example.com\".port", "/hosts/example.com/port/", "hosts", "example.com",
                        "port", NULL);
        assert_segments("\"\"", "//", "", NULL);
        assert_segments("\"\".\"\"", "///", "", "", NULL);
        assert_segments("a.\"\".b", "/a//b/", "a", "", "b", NULL);
        assert_segments("\"a\\\"b\\\\c\"", "/a\"b\\c/", "a\"b\\c", NULL);
        assert_segments("\"é ü\"", "/é ü/", "é ü", NULL);
        assert_segments("\"line\nbreak\"", "/line\nbreak/", "line\nbreak", NULL);
}

/* ~ and / are the two that a JSON Pointer writes otherwise, and no byte that comes of it is taken for one.
 */
static void test_slashed(void)
{
        assert_segments("\"a/b\"", "/a~1b/", "a/b", NULL);
        assert_segments("\"a~b\"", "/a~0b/", "a~b", NULL);
        assert_segments("\"~1\".\"~/~\"", "/~01/~0~1~0/", "~1", "~/~", NULL);
}

static void assert_normal(const char *text, const char *expected)
{
        g_autoptr(Path) path = parse(text);
        g_autofree char *formatted = path_format(path);

        g_assert_cmpstr(formatted, ==, expected);
}

static void test_format(void)
{
        assert_normal("", "");
        assert_normal("a.b.c", "a.b.c");
        assert_normal("\"a\".\"b-c\".\"0\"", "a.b-c.0");
        assert_normal("\"a.b\"", "\"a.b\"");
        assert_normal("\"\"", "\"\"");
        assert_normal("\"\".a", "\"\".a");
        assert_normal("\"\\\"\\\\\"", "\"\\\"\\\\\"");
        assert_normal("\"é\"", "\"é\"");
}

/* Any key at all comes back from both its notations. */
static void test_round_trip(void)
{
        for (unsigned byte = 1; byte < 128; byte++) {
                const char key[] = { 'k', (char) byte, '\0' };
                g_autoptr(GString) text = g_string_new("a");
                g_autoptr(GString) slashed = g_string_new("/a/");
                g_autoptr(Path) path = NULL;
                g_autofree char *formatted = NULL, *formatted_slashed = NULL;

                path_append_dotted(text, key, 2);
                path_append_dotted(text, key + 1, 1);
                path_append_slashed(slashed, key, 2);
                path_append_slashed(slashed, key + 1, 1);
                path = parse(text->str);
                g_assert_cmpuint(path_length(path), ==, 3);
                g_assert_cmpstr(path_segment(path, 1, NULL), ==, key);
                g_assert_cmpstr(path_segment(path, 2, NULL), ==, key + 1);
                formatted = path_format(path);
                formatted_slashed = path_format_slashed(path);
                g_assert_cmpstr(formatted, ==, text->str);
                g_assert_cmpstr(formatted_slashed, ==, slashed->str);
        }
}

static void test_append(void)
{
        g_autoptr(GString) dotted = g_string_new(NULL);
        g_autoptr(GString) slashed = g_string_new(NULL);

        path_append_dotted(dotted, "", 0);
        g_assert_cmpstr(dotted->str, ==, "\"\"");
        path_append_dotted(dotted, "abc", 2);
        g_assert_cmpstr(dotted->str, ==, "\"\".ab");
        path_append_slashed(slashed, "", 0);
        g_assert_cmpstr(slashed->str, ==, "//");
        path_append_slashed(slashed, "abc", 2);
        g_assert_cmpstr(slashed->str, ==, "//ab/");
}

static void assert_malformed(const char *text, const char *expected)
{
        Path *path = NULL;
        g_autoptr(Failure) failure = path_parse(text, &path);
        g_autofree char *message = NULL;

        g_assert_nonnull(failure);
        g_assert_null(path);
        g_assert_cmpint(failure->code, ==, FAILURE_INVALID_PATH);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_NONE);
        message = failure_format(failure);
        g_assert_cmpstr(message, ==, expected);
}

static void test_malformed(void)
{
        assert_malformed(
                        ".",
                        "'.' is not a dotted path: a key is expected (in double quotes if it is special) at "
                        "character 1");
        assert_malformed("a.", "'a.' is not a dotted path: a key is expected (in double quotes if it is "
                               "special) at "
                               "character 3");
        assert_malformed(
                        "a..b",
                        "'a..b' is not a dotted path: a key is expected (in double quotes if it is special) "
                        "at character 3");
        assert_malformed(
                        "é",
                        "'é' is not a dotted path: a key is expected (in double quotes if it is special) at "
                        "character 1");
        assert_malformed("/a", "'/a' is not a dotted path: a key is expected (in double quotes if it is "
                               "special) at "
                               "character 1");
        assert_malformed("a b",
                         "'a b' is not a dotted path: a dot is expected (keys with other characters need "
                         "quotes) at character 2");
        assert_malformed("a[0]",
                         "'a[0]' is not a dotted path: a dot is expected (keys with other characters need "
                         "quotes) at character 2");
        assert_malformed("a\"b\"",
                         "'a\"b\"' is not a dotted path: a dot is expected (keys with other characters "
                         "need quotes) at character 2");
        assert_malformed("\"é\"é",
                         "'\"é\"é' is not a dotted path: a dot is expected (keys with other characters "
                         "need quotes) at character 4");
        assert_malformed("a.\"b",
                         "'a.\"b' is not a dotted path: a closing quote is missing for the one at character "
                         "3");
        assert_malformed("\"",
                         "'\"' is not a dotted path: a closing quote is missing for the one at character 1");
        assert_malformed("\"\\n\"",
                         "'\"\\n\"' is not a dotted path: only \\\" and \\\\ may follow a backslash, at "
                         "character 3");
        assert_malformed("\"\\",
                         "'\"\\' is not a dotted path: only \\\" and \\\\ may follow a backslash, at "
                         "character 3");
        assert_malformed("\"\xff\"", "the dotted path is not valid UTF-8");
}

static void assert_finds(const Document *document, const char *text, const char *expected)
{
        g_autoptr(Path) path = parse(text);
        const Node *node = path_find(path, document_root(document));
        g_autofree char *found = node ? notation_format(node) : NULL;

        g_assert_cmpstr(found, ==, expected);
}

static void test_find(void)
{
        g_autoptr(Document) document = notation_parse("{a: {b: [10, {c: 'x'}, [11, 12]], '0': 'zero', 'é.': "
                                                      "1}, '': {'': 2}, list: [0, 1, 2, 3, "
                                                      "4, 5, 6, 7, 8, 9, 'ten'], n: null}",
                                                      0);

        assert_finds(document, "a.b.0", "10");
        assert_finds(document, "a.b", "[10, {c: 'x'}, [11, 12]]");
        assert_finds(document, "a.b.1.c", "'x'");
        assert_finds(document, "a.b.2.1", "12");
        assert_finds(document, "a.0", "'zero'");
        assert_finds(document, "a.\"é.\"", "1");
        assert_finds(document, "\"\".\"\"", "2");
        assert_finds(document, "list.10", "'ten'");
        assert_finds(document, "n", "null");

        assert_finds(document, "b", NULL);
        assert_finds(document, "a.c", NULL);
        assert_finds(document, "a.b.3", NULL);
        assert_finds(document, "a.b.1.c.d", NULL);
        assert_finds(document, "n.n", NULL);
        assert_finds(document, "list.11", NULL);
        assert_finds(document, "list.\"\"", NULL);
        assert_finds(document, "list.-1", NULL);
        assert_finds(document, "list.\"+1\"", NULL);
        assert_finds(document, "list.\" 1\"", NULL);
        assert_finds(document, "list.01", NULL);
        assert_finds(document, "list.00", NULL);
        assert_finds(document, "list.0x1", NULL);
        assert_finds(document, "list.1a", NULL);
        assert_finds(document, "list.4294967296", NULL);
        assert_finds(document, "list.18446744073709551616", NULL);
}

static void test_find_root(void)
{
        g_autoptr(Document) document = notation_parse("{a: 1}", 0);
        g_autoptr(Path) path = parse("");

        g_assert_true(path_find(path, document_root(document)) == document_root(document));
}

static void assert_touches(const char *a, const char *b, bool expected)
{
        g_autoptr(Path) first = parse(a);
        g_autoptr(Path) second = parse(b);

        g_assert_cmpint(path_touches(first, second), ==, expected);
        g_assert_cmpint(path_touches(second, first), ==, expected);
}

static void test_touches(void)
{
        assert_touches("", "", true);
        assert_touches("", "a.b", true);
        assert_touches("a", "a", true);
        assert_touches("a", "a.b.c", true);
        assert_touches("a.b", "a.\"b\"", true);
        assert_touches("a", "b", false);
        assert_touches("a.b", "a.c", false);
        assert_touches("a.b", "b", false);
        assert_touches("a", "ab", false);
        assert_touches("a.b", "a.bc", false);
        assert_touches("a.b", "\"a.b\"", false);
        assert_touches("\"\"", "a", false);
}

static void free_path(void *path)
{
        path_free(path);
}

/* In and out: dotted paths with a space between. */
static void assert_reduced(const char *given, const char *expected)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(free_path);
        g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) words = g_strsplit(given, " ", -1);
        g_autofree char *found = NULL;

        for (char **word = words; *word; word++)
                g_ptr_array_add(paths, parse(*word));
        paths_reduce(paths);
        for (guint i = 0; i < paths->len; i++)
                g_ptr_array_add(texts, path_format(g_ptr_array_index(paths, i)));
        g_ptr_array_add(texts, NULL);
        found = g_strjoinv(" ", (char **) texts->pdata);
        g_assert_cmpstr(found, ==, expected);
}

static void test_reduce(void)
{
        assert_reduced("b a", "a b");
        assert_reduced("a a", "a");
        assert_reduced("a.b a.c.d a", "a");
        /* As strings, these would be in another order. */
        assert_reduced("a-b a.b.c a.b a-b.c ab", "a.b a-b ab");
        assert_reduced("\"a.b\" a.b \"\"", "\"\" a.b \"a.b\"");
        assert_reduced("b.c  a", "");
}

static void test_free(void)
{
        g_assert_null(path_free(NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/path/parse", test_parse);
        g_test_add_func("/path/slashed", test_slashed);
        g_test_add_func("/path/format", test_format);
        g_test_add_func("/path/round-trip", test_round_trip);
        g_test_add_func("/path/append", test_append);
        g_test_add_func("/path/malformed", test_malformed);
        g_test_add_func("/path/find", test_find);
        g_test_add_func("/path/find/root", test_find_root);
        g_test_add_func("/path/touches", test_touches);
        g_test_add_func("/path/reduce", test_reduce);
        g_test_add_func("/path/free", test_free);
        return g_test_run();
}
