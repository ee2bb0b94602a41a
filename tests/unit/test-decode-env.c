/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ENV: assignments, their quotes, and keys that nest
 */
#include "tests/support/decoding.h"

#include <string.h>

static void assert_env(const char *text, const char *notation)
{
        decoding_assert(FORMAT_ENV, NULL, text, notation);
}

static void assert_nested(const char *text, const char *notation)
{
        decoding_assert(FORMAT_ENV, "__", text, notation);
}

static void assert_refused(const char *separator, const char *text, uint32_t line, uint32_t column,
                           const char *part)
{
        decoding_assert_refused(FORMAT_ENV, separator, text, FAILURE_PARSE_FAILED, line, column, part);
}

/* The value of the only key, whatever bytes are in it. */
static void assert_value(const char *text, const char *expected)
{
        g_autoptr(Document) document = decoding_take(FORMAT_ENV, NULL, text);
        const Node *root = document_root(document);

        g_assert_cmpuint(root->length, ==, 1);
        g_assert_cmpint(root->map->members[0].value.kind, ==, NODE_STRING);
        g_assert_cmpstr(root->map->members[0].value.string, ==, expected);
}

static void test_lines(void)
{
        assert_env("", "{}");
        assert_env("\n \t\n# only a comment\n  # another one", "{}");
        assert_env("A=1\nB=two\n", "{A: '1', B: 'two'}");
        assert_env("A=1\r\n\r\nB=two\r\n", "{A: '1', B: 'two'}");
        assert_env("A=1\r", "{A: '1'}");
        assert_env("  A = 1  \n\tB\t=\t2\t\n", "{A: '1', B: '2'}");
        assert_env("_a.b-C9=x", "{'_a.b-C9': 'x'}");
        assert_env("A=true\nB=null\nC=1.5", "{A: 'true', B: 'null', C: '1.5'}");
        assert_env("\xef\xbb\xbf"
                   "A=1",
                   "{A: '1'}");
}

static void test_export(void)
{
        assert_env("export A=1\n export \t B = 2", "{A: '1', B: '2'}");
        assert_env("export=1", "{export: '1'}");
        assert_env("export = 1", "{export: '1'}");
        assert_env("exported=1", "{exported: '1'}");
        assert_env("export export=1", "{export: '1'}");
        assert_refused(NULL, "export A", 1, 9, "expected '='");
        assert_refused(NULL, "export", 1, 7, "expected '='");
        assert_refused(NULL, "export  ", 1, 9, "expected a key");
        assert_refused(NULL, "export 1=1", 1, 8, "expected a key");
}

static void test_bare(void)
{
        assert_value("A=", "");
        assert_value("A=   ", "");
        assert_value("A=a b  c ", "a b  c");
        assert_value("A=a=b", "a=b");
        assert_value("A=a # comment", "a");
        assert_value("A=a\t#comment # more", "a");
        assert_value("A=a#b", "a#b");
        assert_value("A=#b", "#b");
        assert_value("A= # comment", "");
        assert_value("A=it's \"so\"", "it's \"so\"");
        assert_value("A=C:\\new\\$x", "C:\\new\\$x");
        assert_value("A=$HOME/${B}", "$HOME/${B}");
        assert_value("A=grüße 🎈 # ja", "grüße 🎈");
}

static void test_quoted(void)
{
        assert_value("A=''", "");
        assert_value("A=\"\"", "");
        assert_value("A=' a # b \\n $c \"d\" '", " a # b \\n $c \"d\" ");
        assert_value("A=\" a # b 'c' $d \"", " a # b 'c' $d ");
        assert_value("A=\"\\n\\r\\t\\\\\\\"\\$\"", "\n\r\t\\\"$");
        assert_value("A=\"\\a\\'\\u0041\\ \"", "\\a\\'\\u0041\\ ");
        assert_value("A=\"\\\\n\"", "\\n");
        assert_value("A = 'x'  # comment", "x");
        assert_value("A='x'#comment", "x");
        assert_value("A=\"x\"\t\r\n", "x");
        assert_refused(NULL, "A='x'y", 1, 6, "after the closing quote");
        assert_refused(NULL, "A=\"é\" y", 1, 7, "after the closing quote");
        assert_refused(NULL, "A='it''s'", 1, 7, "after the closing quote");
}

static void test_several_lines(void)
{
        assert_value("A='one\n two # no comment\n\nthree'\n", "one\n two # no comment\n\nthree");
        assert_value("A=\"one\r\ntwo\r\n\"", "one\ntwo\n");
        assert_value("A=\"one\\\ntwo\"", "one\\\ntwo");
        assert_env("A='1\n2' # comment\nB=3\n", "{A: '1\n2', B: '3'}");
        assert_refused(NULL, "A=1\nB = 'x\ny\n", 2, 5, "not closed");
        assert_refused(NULL, "A=\"", 1, 3, "not closed");
        assert_refused(NULL, "A=\"x\\\"", 1, 3, "not closed");
        assert_refused(NULL, "A=\"x\\", 1, 3, "not closed");
        assert_refused(NULL, "A='1\n2' x", 2, 4, "after the closing quote");
        assert_refused(NULL, "A='1\n2'\n?", 3, 1, "expected a key");
}

static void test_keys_refused(void)
{
        assert_refused(NULL, "A=1\n  B", 2, 4, "expected '='");
        assert_refused(NULL, "A B=1", 1, 3, "expected '='");
        assert_refused(NULL, "Aé=1", 1, 2, "expected '='");
        assert_refused(NULL, "=1", 1, 1, "expected a key");
        assert_refused(NULL, "1A=1", 1, 1, "expected a key");
        assert_refused(NULL, ".a=1", 1, 1, "expected a key");
        assert_refused(NULL, "'A'=1", 1, 1, "expected a key");
        assert_refused(NULL, "A: 1", 1, 2, "expected '='");
        assert_refused(NULL, "A=1\nB=2\n A=1", 3, 2, "A is given twice; it was first given in line 1");
}

static void test_separator(void)
{
        assert_nested("DATABASE__POOL__SIZE=7", "{database: {pool: {size: '7'}}}");
        assert_nested("A__B=1\nPORT=1\nA__C='2'\nx__Y=3\n", "{a: {b: '1', c: '2'}, port: '1', x: {y: '3'}}");
        assert_nested("A_B=1\nA___B=2", "{a_b: '1', a: {_b: '2'}}");
        decoding_assert(FORMAT_ENV, ".", "a.B_c=1", "{a: {b_c: '1'}}");
        decoding_assert(FORMAT_ENV, "X", "aXb=1\nx=2", "{a: {b: '1'}, x: '2'}");
        decoding_assert(FORMAT_ENV, "", "A__B=1", "{A__B: '1'}");
        assert_env("A__B=1", "{A__B: '1'}");

        assert_refused("__", "__A=1", 1, 1, "both sides");
        assert_refused("__", "X=1\n A__=1", 2, 2, "both sides");
        assert_refused("__", "A____B=1", 1, 1, "both sides");
        assert_refused("__", "__=1", 1, 1, "both sides");
        assert_refused("__", "A=1\na=2", 2, 1, "a is given twice; it was first given in line 1");
        assert_refused("__", "A__B=1\nX=1\nA__b=1", 3, 1,
                       "a.b is given twice; it was first given in line 1");
        assert_refused("__", "A=1\nA__B=2", 2, 1,
                       "a holds a value, so nothing can be below it; it was first");
        assert_refused("__", "X__A__B=2\nX__A=1", 2, 1, "x.a has keys below it, so it cannot be a value;");
}

static void test_places(void)
{
        g_autoptr(Document) document = decoding_take(FORMAT_ENV, "__",
                                                     "# comment\n"
                                                     "A=1\n"
                                                     " export B__C =  'x\n"
                                                     "y'\n"
                                                     "B__D=\n");

        decoding_assert_place(document, "", 1, 1);
        decoding_assert_place(document, "a", 2, 3);
        decoding_assert_place(document, "b", 3, 9);
        decoding_assert_place(document, "b.c", 3, 17);
        decoding_assert_place(document, "b.d", 5, 6);
}

static void test_depth(void)
{
        g_autoptr(GString) key = g_string_new("A");
        g_autoptr(Document) document = NULL;
        g_autofree char *deeper = NULL, *far_deeper = NULL;

        for (unsigned i = 1; i < DOCUMENT_MAX_DEPTH; i++)
                g_string_append(key, "__A");
        g_string_append(key, "=1");
        document = decoding_take(FORMAT_ENV, "__", key->str);
        g_assert_cmpuint(node_height(document_root(document)), ==, DOCUMENT_MAX_DEPTH);

        deeper = g_strconcat("A__", key->str, NULL);
        decoding_assert_refused(FORMAT_ENV, "__", deeper, FAILURE_TOO_DEEP, 1, 1, "20 levels");

        g_string_truncate(key, 0);
        for (unsigned i = 0; i < 100000; i++)
                g_string_append(key, "A__");
        far_deeper = g_strconcat(key->str, "A=1", NULL);
        decoding_assert_refused(FORMAT_ENV, "__", far_deeper, FAILURE_TOO_DEEP, 1, 1, "20 levels");
}

/* What comes of a line that is no assignment may be part of a secret that was meant to be in quotes. */
static void test_no_values_in_messages(void)
{
        static const char text[] = "KEY=-----BEGIN\nc2VjcmV0\n";
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure = decode(FORMAT_ENV, NULL, 0, text, sizeof text - 1, NULL, &document);
        g_autofree char *message = NULL;

        g_assert_nonnull(failure);
        message = failure_format(failure);
        g_assert_null(strstr(message, "c2VjcmV0"));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/decode-env/lines", test_lines);
        g_test_add_func("/decode-env/export", test_export);
        g_test_add_func("/decode-env/bare", test_bare);
        g_test_add_func("/decode-env/quoted", test_quoted);
        g_test_add_func("/decode-env/several-lines", test_several_lines);
        g_test_add_func("/decode-env/keys-refused", test_keys_refused);
        g_test_add_func("/decode-env/separator", test_separator);
        g_test_add_func("/decode-env/places", test_places);
        g_test_add_func("/decode-env/depth", test_depth);
        g_test_add_func("/decode-env/no-values-in-messages", test_no_values_in_messages);
        return g_test_run();
}
