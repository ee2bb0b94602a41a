/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * INI: sections that nest, keys that do not
 */
#include "tests/support/decoding.h"

#include <string.h>

static void assert_ini(const char *text, const char *notation)
{
        decoding_assert(FORMAT_INI, NULL, text, notation);
}

static void assert_refused(const char *text, uint32_t line, uint32_t column, const char *part)
{
        decoding_assert_refused(FORMAT_INI, NULL, text, FAILURE_PARSE_FAILED, line, column, part);
}

static void test_lines(void)
{
        assert_ini("", "{}");
        assert_ini("\n \t\n# a comment\n; another one\n  ; and one more", "{}");
        assert_ini("a=1\n[s]\nb=2\n", "{a: '1', s: {b: '2'}}");
        assert_ini("a=1\r\n\r\n[s]\r\nb=2\r\n", "{a: '1', s: {b: '2'}}");
        assert_ini("a=1\r", "{a: '1'}");
        assert_ini("  a b \t=  c  d \t\n", "{'a b': 'c  d'}");
        assert_ini(" [s] \t\n a=1", "{s: {a: '1'}}");
        assert_ini("\xef\xbb\xbf[s]", "{s: {}}");
        assert_ini("a=true\nb=null\nc=1.5\nd=", "{a: 'true', b: 'null', c: '1.5', d: ''}");

        assert_refused("[s]\n  text", 2, 3, "key=value");
        assert_refused(" =1", 1, 2, "a key before '='");
        assert_refused("é \n", 1, 1, "key=value");
}

static void test_keys(void)
{
        assert_ini("a.b=1\nname[de]=2\n\"q\"=3\na:b=4",
                   "{'a.b': '1', 'name[de]': '2', '\"q\"': '3', 'a:b': '4'}");
        assert_ini("a==b=", "{a: '=b='}");
        assert_ini("Größe=1", "{'Größe': '1'}");
        assert_refused("[s]\na=1\nb=2\n a=1", 4, 2, "s.a is given twice; it was first given in line 2");
        assert_refused("[s]\na=1\n[t]\na=1\n[s]\na=1", 6, 1,
                       "s.a is given twice; it was first given in line 2");
}

static void test_values(void)
{
        assert_ini("a=x # no comment ; nor here", "{a: 'x # no comment ; nor here'}");
        assert_ini("a=\"x\"", "{a: '\"x\"'}");
        assert_ini("a=\\sx\\n\\t\\r\\\\y\\s", "{a: ' x\n\t\r\\y '}");
        assert_ini("a=\\q\\\\n\\", "{a: '\\q\\n\\'}");
        assert_ini("a=\\", "{a: '\\'}");
        assert_ini("a = C:\\dir\\é ", "{a: 'C:\\dir\\é'}");
}

static void test_sections(void)
{
        assert_ini("[database.pool]\nsize=7", "{database: {pool: {size: '7'}}}");
        assert_ini("[hosts.\"example.com\"]\nport=1", "{hosts: {'example.com': {port: '1'}}}");
        assert_ini("[\"a]b\".\"\".\"q\\\"\\\\\"]", "{'a]b': {'': {'q\"\\': {}}}}");
        assert_ini("[a-1.B_2]", "{'a-1': {'B_2': {}}}");
        assert_ini("[a]\nx=1\n[b]\nx=2\n[a]\ny=3\n[a.b]\nz=4",
                   "{a: {x: '1', y: '3', b: {z: '4'}}, b: {x: '2'}}");
        assert_ini("[a.b]\n[a]\nx=1", "{a: {b: {}, x: '1'}}");
}

static void test_literal_sections(void)
{
        assert_ini("[my section]\na=1", "{'my section': {a: '1'}}");
        assert_ini("[http://x]", "{'http://x': {}}");
        assert_ini("[a.]", "{'a.': {}}");
        assert_ini("[.a]", "{'.a': {}}");
        assert_ini("[a..b]", "{'a..b': {}}");
        assert_ini("[ a ]", "{' a ': {}}");
        assert_ini("[\"a\"b]", "{'\"a\"b': {}}");
        assert_ini("[\"a]", "{'\"a': {}}");
        assert_ini("[größe.x]", "{'größe.x': {}}");

        assert_refused("a=1\n[]", 2, 1, "a section's name");
        assert_refused("[a", 1, 1, "expected ']'");
        assert_refused("[", 1, 1, "expected ']'");
        assert_refused("[a] x=1", 1, 1, "expected ']'");
        assert_refused("[a] # comment", 1, 1, "expected ']'");
        assert_refused("[a] # [b]", 1, 1, "brackets");
        assert_refused("[[a]]", 1, 1, "brackets");
        assert_refused("[a\tb]", 1, 1, "control characters");
}

static void test_collisions(void)
{
        assert_refused("a=1\n[a]", 2, 1,
                       "a holds a value, so nothing can be below it; it was first given in line 1");
        assert_refused("[a]\nb=1\n[a.b.c]", 3, 1, "a.b holds a value");
        assert_refused("[a.b]\n[a]\n b=1", 3, 2,
                       "a.b has keys below it, so it cannot be a value; it was first given in line 1");
        /* One literal key and one that nests are two places. */
        assert_ini("a.b=1\n[a.b]\nc=2", "{'a.b': '1', a: {b: {c: '2'}}}");
}

static void test_places(void)
{
        g_autoptr(Document) document = decoding_take(FORMAT_INI, NULL,
                                                     "; comment\n"
                                                     "a=1\n"
                                                     " [b.c]\n"
                                                     "\tgröße =  \\sx\n"
                                                     "[b]\n"
                                                     "d=\n");

        decoding_assert_place(document, "", 1, 1);
        decoding_assert_place(document, "a", 2, 3);
        decoding_assert_place(document, "b", 3, 2);
        decoding_assert_place(document, "b.c", 3, 2);
        decoding_assert_place(document, "b.c.\"größe\"", 4, 11);
        decoding_assert_place(document, "b.d", 6, 3);
}

static void test_depth(void)
{
        g_autoptr(GString) name = g_string_new("a");
        g_autofree char *deepest = NULL, *deeper = NULL;
        g_autoptr(Document) document = NULL;

        for (unsigned i = 2; i < DOCUMENT_MAX_DEPTH; i++)
                g_string_append(name, ".a");
        deepest = g_strdup_printf("[%s]\nk=1", name->str);
        document = decoding_take(FORMAT_INI, NULL, deepest);
        g_assert_cmpuint(node_height(document_root(document)), ==, DOCUMENT_MAX_DEPTH);

        deeper = g_strdup_printf("x=1\n[%s.a]", name->str);
        decoding_assert_refused(FORMAT_INI, NULL, deeper, FAILURE_TOO_DEEP, 2, 1, "20 levels");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/decode-ini/lines", test_lines);
        g_test_add_func("/decode-ini/keys", test_keys);
        g_test_add_func("/decode-ini/values", test_values);
        g_test_add_func("/decode-ini/sections", test_sections);
        g_test_add_func("/decode-ini/literal-sections", test_literal_sections);
        g_test_add_func("/decode-ini/collisions", test_collisions);
        g_test_add_func("/decode-ini/places", test_places);
        g_test_add_func("/decode-ini/depth", test_depth);
        return g_test_run();
}
