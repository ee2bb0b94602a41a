/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YAML: what a text means in the core schema, and where what is refused stands
 */
#include "tests/support/decoding.h"

#include <math.h>
#include <string.h>

static void assert_yaml(const char *text, const char *notation)
{
        decoding_assert(FORMAT_YAML, NULL, text, notation);
}

static void assert_failure(const char *text, FailureCode code, uint32_t line, uint32_t column,
                           const char *part)
{
        decoding_assert_refused(FORMAT_YAML, NULL, text, code, line, column, part);
}

static void assert_refused(const char *text, uint32_t line, uint32_t column, const char *part)
{
        assert_failure(text, FAILURE_PARSE_FAILED, line, column, part);
}

/* Holds the text to be taken. */
static void assert_taken(const char *text)
{
        g_autoptr(Document) document = decoding_take(FORMAT_YAML, NULL, text);

        g_assert_cmpuint(document_root(document)->length, >, 0);
}

static void append_times(GString *text, const char *part, size_t count)
{
        for (size_t i = 0; i < count; i++)
                g_string_append(text, part);
}

static void test_structure(void)
{
        assert_yaml("a: 1\nb:\n  c: [x, {y: z}]\n  d:\n  - 1\n  - - 2\n",
                    "{a: 1, b: {c: ['x', {y: 'z'}], d: [1, [2]]}}");
        assert_yaml("{a: [], b: {}, c: }", "{a: [], b: {}, c: null}");
        assert_yaml("z: 1\na: 2\n", "{a: 2, z: 1}");
        assert_yaml("a: 1\r\nb:\r\n- x\r\n", "{a: 1, b: ['x']}");
        assert_yaml("a: 1 # c\n# d", "{a: 1}");
        assert_yaml("{\"a\": 1,\n\t\"b\": 2}", "{a: 1, b: 2}");
}

static void test_plain(void)
{
        assert_yaml("a: [null, ~, NULL, true, FALSE]\nb:\n",
                    "{a: [null, null, null, true, false], b: null}");
        assert_yaml("a: [no, on, yes, off, y, n]", "{a: ['no', 'on', 'yes', 'off', 'y', 'n']}");
        assert_yaml("a: [-0, +1, 0o17, 0x1F, 18446744073709551615]",
                    "{a: [0, 1, 15, 31, 18446744073709551615]}");
        assert_yaml("a: [1.0, 1., .5, 1e3, -0.0, .nan, .NaN]",
                    "{a: [1.0, 1.0, 0.5, 1000.0, -0.0, nan, nan]}");
        assert_yaml("a: [1_000, 0b1, 12:30, 2024-01-01, 1.2.3]",
                    "{a: ['1_000', '0b1', '12:30', '2024-01-01', '1.2.3']}");

        assert_refused("a: 18446744073709551616", 1, 4, "out of range");
        assert_refused("a: -9223372036854775809", 1, 4, "out of range");
        assert_refused("b: 1\na:\n - 123456789012345678901234567890", 3, 4, "out of range");
        assert_refused("a: 1e309", 1, 4, "out of range");
}

static void test_infinities(void)
{
        g_autoptr(Document) document = decoding_take(FORMAT_YAML, NULL, "a: .inf\nb: -.Inf\n");
        const Node *root = document_root(document);

        g_assert_cmpfloat(node_find_member(root, "a", 1)->value.number, ==, INFINITY);
        g_assert_cmpfloat(node_find_member(root, "b", 1)->value.number, ==, -INFINITY);
}

static void test_text(void)
{
        assert_yaml("a: '1'\nb: \"true\"\nc: |-\n  12\nd: >-\n  ~\n",
                    "{a: '1', b: 'true', c: '12', d: '~'}");
        assert_yaml("a: |\n  x\n   y\n\nb: >\n  x\n  y\n", "{a: 'x\n y\n', b: 'x y\n'}");
        assert_yaml("a: \"\\x41\\u00e9\\U0001F600\\n\"", "{a: 'A\xc3\xa9\xf0\x9f\x98\x80\n'}");
        assert_yaml("a: x\n  y\nb: ''", "{a: 'x y', b: ''}");
        assert_yaml("a: |\n  x", "{a: 'x'}");

        assert_refused("a: \"\\ud800\"", 1, 7, "Unicode");
        assert_refused("a: \"\\q\"", 1, 5, "escape");
        assert_refused("a: 1\nb: \x01", 2, 4, "control character");
        assert_refused("a: \xc3\xa9\x7f", 1, 5, "control character");
}

static void test_nul(void)
{
        assert_refused("a: \"x\\0\"", 1, 4, "NUL");
        assert_refused("\"\\x00\": 1", 1, 1, "NUL");
}

static void test_tags(void)
{
        assert_yaml("a: !!str 1\nb: !!int '0x1f'\nc: !!float 1\nd: !!bool TRUE\ne: !!null ''\n",
                    "{a: '1', b: 31, c: 1.0, d: true, e: null}");
        assert_yaml("a: !!map {}\nb: !!seq []\nc: ! 12\nd: ! []\ne: ! {}\nf: !\ng: !!str\nh: !!null\n",
                    "{a: {}, b: [], c: '12', d: [], e: {}, f: '', g: '', h: null}");
        assert_yaml("%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 1\nb: !<tag:yaml.org,2002:str> 2\n",
                    "{a: '1', b: '2'}");
        assert_yaml("!!map\n!!str a: 1\n!!int 2: 3\n", "{a: 1, '2': 3}");

        assert_refused("a: !!int x", 1, 4, "!!int");
        assert_refused("a: !!int 1.0", 1, 4, "!!int");
        assert_refused("a: !!bool yes", 1, 4, "!!bool");
        assert_refused("a: !!null x", 1, 4, "!!null");
        assert_refused("a: !!float x", 1, 4, "!!float");
        assert_refused("a: !!float 1e999", 1, 4, "out of range");
        assert_refused("!!int x: 1", 1, 1, "!!int");
        assert_refused("a: !x 1", 1, 4, "tag is not known");
        assert_refused("a:\n  !!binary aGk=", 2, 3, "tag is not known");
        assert_refused("a: !!set {x}", 1, 4, "tag is not known");
        assert_refused("a: !!map []", 1, 4, "tag is not known");
        assert_refused("a: !!seq x", 1, 4, "tag is not known");
        assert_refused("a: !e!x 1", 1, 4, "tag handle");
        assert_refused("!x a: 1", 1, 1, "tag is not known");
}

static void test_keys(void)
{
        assert_yaml("1: a\n0x10: b\n~: c\nnull: d\ntrue: e\n1.0: f\n123456789012345678901234567890: g",
                    "{'1': 'a', '0x10': 'b', '~': 'c', null: 'd', true: 'e', '1.0': 'f', "
                    "'123456789012345678901234567890': 'g'}");
        assert_yaml("?\n: a", "{'': 'a'}");
        assert_yaml("? a\n: b\n? c\n", "{a: 'b', c: null}");
        assert_yaml("? |\n  x\n: 1", "{'x\n': 1}");

        assert_refused("a: 1\nb: 2\na: 3", 3, 1, "line 1");
        assert_refused("a:\n  {x: 1, \"x\": 2}", 2, 10, "a.x");
        assert_refused("? [a]\n: 1", 1, 3, "key must be a scalar");
        assert_refused("a: 1\n{b: 1}: 2", 2, 1, "key must be a scalar");
}

static void test_anchors(void)
{
        assert_yaml("a: &x {b: 1}\nc: *x\nd: [*x, *x]", "{a: {b: 1}, c: {b: 1}, d: [{b: 1}, {b: 1}]}");
        assert_yaml("a: &x 0x10\nb: *x\n*x : c\n", "{a: 16, b: 16, '0x10': 'c'}");
        assert_yaml("&k a: 1\nb: *k\nc: {*k : 2}", "{a: 1, b: 'a', c: {a: 2}}");
        assert_yaml("&k 12: 1\nb: *k", "{'12': 1, b: 12}");
        assert_yaml("a: &x 1\nb: *x\nc: &x 2\nd: *x", "{a: 1, b: 1, c: 2, d: 2}");
        assert_yaml("a: &x [&x 1, *x]\nb: *x", "{a: [1, 1], b: 1}");
        assert_yaml("a: &x\nb: *x\nc: &y !!str\nd: *y", "{a: null, b: null, c: '', d: ''}");
        assert_yaml("&r\na: &x [1]\nb: *x", "{a: [1], b: [1]}");

        assert_refused("a: *x\nb: &x 1", 1, 4, "no anchor");
        assert_refused("a: &x [1, *x]", 1, 11, "stands inside");
        assert_refused("&r\na: {b: *r}", 2, 8, "stands inside");
        assert_refused("a: &x [1]\n*x : 2", 2, 1, "key must be a scalar");
}

static void test_alias_places(void)
{
        g_autoptr(Document) document =
                        decoding_take(FORMAT_YAML, NULL, "a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n");

        decoding_assert_place(document, "a", 1, 4);
        decoding_assert_place(document, "c", 3, 4);
        decoding_assert_place(document, "c.b", 2, 6);
        decoding_assert_place(document, "d.b", 2, 6);
}

/* n_items times what an anchor of 1001 nodes stands for. */
static char *make_aliases(size_t n_items, const char *behind)
{
        g_autoptr(GString) text = g_string_new("a: &a [");

        append_times(text, "1,", 1000);
        g_string_append(text, "]\nb:\n");
        append_times(text, "- *a\n", n_items);
        g_string_append(text, behind);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static void test_alias_limits(void)
{
        g_autofree char *most = make_aliases(99, "c: &c 1\nd: *c\n");
        g_autofree char *too_many = make_aliases(100, "");
        g_autoptr(GString) bomb = g_string_new("a: &a [x,x,x,x,x,x,x,x,x,x]\n");

        assert_taken(most);
        assert_failure(too_many, FAILURE_TOO_LARGE, 102, 3, "aliases");

        for (char name = 'b'; name < 'j'; name++) {
                g_string_append_printf(bomb, "%c: &%c [", name, name);
                for (size_t i = 0; i < 10; i++)
                        g_string_append_printf(bomb, "*%c,", name - 1);
                g_string_append(bomb, "]\n");
        }
        assert_failure(bomb->str, FAILURE_TOO_LARGE, 5, 29, "aliases");
}

static void test_alias_bytes(void)
{
        g_autoptr(GString) text = g_string_new("a: &a \"");
        g_autoptr(GString) keys = NULL;

        append_times(text, "0123456789abcdef", 64 * 1024);
        g_string_append(text, "\"\n");
        keys = g_string_new(text->str);

        g_string_append(text, "b:\n");
        append_times(text, "- *a\n", 39);
        assert_taken(text->str);
        append_times(text, "- *a\n", 1);
        assert_failure(text->str, FAILURE_TOO_LARGE, 42, 3, "aliases");

        g_string_append(keys, "b:\n");
        append_times(keys, "- *a : 1\n", 41);
        assert_failure(keys->str, FAILURE_TOO_LARGE, 43, 3, "aliases");
}

static void test_merge(void)
{
        assert_yaml("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n", "{x: {a: 1, b: 2}, y: {a: 1, b: 3}}");
        assert_yaml("x: &x {a: 1, b: 2}\ny:\n  b: 3\n  <<: *x\n", "{x: {a: 1, b: 2}, y: {a: 1, b: 3}}");
        assert_yaml("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz:\n  <<: [*x, *y, {b: 3, c: 3}]\n",
                    "{x: {a: 1}, y: {a: 2, b: 2}, z: {a: 1, b: 2, c: 3}}");
        assert_yaml("x: &x [{a: 1}, {a: 2, b: 2}]\ny: {<<: *x}\n",
                    "{x: [{a: 1}, {a: 2, b: 2}], y: {a: 1, b: 2}}");
        assert_yaml("<<: {a: 1, b: {c: 2}}\nb: 1\n", "{a: 1, b: 1}");
        assert_yaml("<<:\n  <<: {a: 1, b: 1}\n  b: 2\n  c: 2\nc: 3\n", "{a: 1, b: 2, c: 3}");
        assert_yaml("x: &x {<<: {a: 1}, b: 2}\ny: {<<: *x, b: {<<: *x}}\n",
                    "{x: {a: 1, b: 2}, y: {a: 1, b: {a: 1, b: 2}}}");
        assert_yaml("<<: &x {a: &y {b: 1}}\nc: *x\nd: *y\n", "{a: {b: 1}, c: {a: {b: 1}}, d: {b: 1}}");
        assert_yaml("<<: {}\na: {<<: []}\n", "{a: {}}");
        assert_yaml("x: &x\n  <<: {a: 1}\ny: *x\n", "{x: {a: 1}, y: {a: 1}}");
        assert_yaml("&m <<: {a: 1}\nb: *m", "{a: 1, b: '<<'}");
}

static void test_merge_large(void)
{
        g_autoptr(GString) text = g_string_new("x: &x\n");
        g_autoptr(Document) document = NULL;
        const Member *member;

        for (unsigned i = 0; i < 30; i++)
                g_string_append_printf(text, "  k%02u: old\n", i);
        g_string_append(text, "y:\n  <<: [*x, {k00: older, k30: old}]\n");
        for (unsigned i = 0; i < 20; i++)
                g_string_append_printf(text, "  k%02u: new\n", 39 - i);

        document = decoding_take(FORMAT_YAML, NULL, text->str);
        member = node_find_member(document_root(document), "y", 1);
        g_assert_cmpuint(member->value.length, ==, 40);
        for (unsigned i = 0; i < 40; i++)
                g_assert_cmpstr(member->value.map->members[i].value.string, ==, i < 20 ? "old" : "new");
}

static void test_merge_as_text(void)
{
        assert_yaml("'<<': 1", "{'<<': 1}");
        assert_yaml("! <<: 1", "{'<<': 1}");
        assert_yaml("!!str <<: {a: 1}", "{'<<': {a: 1}}");
        assert_yaml("a: <<\nb: [<<]", "{a: '<<', b: ['<<']}");
}

static void test_merge_refused(void)
{
        assert_refused("<<: 1", 1, 5, "takes a map");
        assert_refused("a: 1\n<<:\nb: 2", 2, 4, "takes a map");
        assert_refused("x: &x [1]\ny: {<<: *x}", 2, 9, "another item");
        assert_refused("<<: [{a: 1}, [{b: 1}]]", 1, 22, "another item");
        assert_refused("<<: {a: 1}\n<<: {b: 1}", 2, 1, "second merge key");
        assert_refused("x: &x\n  a: 1\n  <<: *x", 3, 7, "stands inside");
        assert_refused("<<: {a: 1}\nb: 1\nb: 2", 3, 1, "stands twice");
        assert_refused("!!merge <<: {a: 1}", 1, 1, "tag is not known");
}

static void test_merge_limits(void)
{
        g_autofree char *most = make_aliases(90, "c: {<<: {a: *a}}\nd: &d {a: *a}\ne: {<<: *d}\n");
        g_autofree char *too_many = make_aliases(97, "c: &c {a: *a}\nd: {<<: *c}\ne: {<<: *c}\n");

        assert_taken(most);
        assert_failure(too_many, FAILURE_TOO_LARGE, 102, 9, "aliases");
}

static void test_documents(void)
{
        assert_yaml("---\na: 1\n...\n", "{a: 1}");
        assert_yaml("a: 1\n...\n# more\n", "{a: 1}");
        assert_yaml("%YAML 1.1\n---\na: 1", "{a: 1}");
        assert_yaml("%YAML 1.2\n---\na: 1", "{a: 1}");

        assert_refused("a: 1\n---\nb: 2\n", 2, 1, "second document");
        assert_refused("---\n---\n", 2, 1, "second document");
        assert_refused("a: 1\n...\nb: 2\n", 3, 1, "one document");
        assert_refused("a: 1\n...\n---\n", 3, 1, "second document");
        assert_refused("%YAML 2.0\n---\na: 1", 1, 1, "incompatible");
}

static void test_roots(void)
{
        static const char *const nothing[] = {
                "",  "\n\n",   "# c",          "  # c\n# d\n", "---\n", "---",
                "~", "null\n", "--- # c\n...", "!!null",       "&a",    "{}"
        };

        for (size_t i = 0; i < G_N_ELEMENTS(nothing); i++)
                assert_yaml(nothing[i], "{}");

        assert_refused("- a", 1, 1, "found a list");
        assert_refused("# c\n  [a]", 2, 3, "found a list");
        assert_refused("text", 1, 1, "single value");
        assert_refused("''", 1, 1, "single value");
        assert_refused("!", 1, 1, "single value");
        assert_refused("*a", 1, 1, "no anchor");
}

static void test_depth(void)
{
        g_autoptr(GString) text = g_string_new("a: ");
        g_autoptr(GString) deep = g_string_new("a: ");

        append_times(text, "[", DOCUMENT_MAX_DEPTH - 1);
        append_times(text, "]", DOCUMENT_MAX_DEPTH - 1);
        assert_taken(text->str);

        append_times(deep, "[", DOCUMENT_MAX_DEPTH);
        append_times(deep, "]", DOCUMENT_MAX_DEPTH);
        assert_failure(deep->str, FAILURE_TOO_DEEP, 1, 23, "20 levels");

        g_string_assign(deep, "");
        append_times(deep, "{a: ", 200000);
        assert_failure(deep->str, FAILURE_TOO_DEEP, 1, 81, "20 levels");
        g_string_assign(deep, "a:\n ");
        append_times(deep, "- ", 500000);
        assert_failure(deep->str, FAILURE_TOO_DEEP, 2, 40, "20 levels");

        g_string_assign(deep, "a: &a [[[[[[[[[[]]]]]]]]]]\nb: [[[[[[[[[[*a]]]]]]]]]]\n");
        assert_failure(deep->str, FAILURE_TOO_DEEP, 2, 14, "20 levels");
        g_string_assign(deep, "a: &a [[[[[[[[[[]]]]]]]]]]\nb: [[[[[[[[[*a]]]]]]]]]\n");
        assert_taken(deep->str);
}

static void test_places(void)
{
        static const char text[] = "\xef\xbb\xbf# c\r\n"
                                   "\xc3\xa9: {b: 1, c: [x,\n  \"y\"]}\n"
                                   "d:\n"
                                   "  - e: |\n"
                                   "      text\n"
                                   "    f:\n";
        g_autoptr(Document) document = decoding_take(FORMAT_YAML, NULL, text);

        decoding_assert_place(document, "", 2, 1);
        decoding_assert_place(document, "\"\xc3\xa9\"", 2, 4);
        decoding_assert_place(document, "\"\xc3\xa9\".b", 2, 8);
        decoding_assert_place(document, "\"\xc3\xa9\".c.0", 2, 15);
        decoding_assert_place(document, "\"\xc3\xa9\".c.1", 3, 3);
        decoding_assert_place(document, "d", 5, 3);
        decoding_assert_place(document, "d.0.e", 5, 8);
        decoding_assert_place(document, "d.0.f", 7, 7);
}

static void test_syntax(void)
{
        assert_refused("a: b: c", 1, 5, "there cannot be a key here");
        assert_refused("a: 1\nb\nc: 2", 2, 1, "expected a ':'");
        assert_refused("a: 1\nb: \"x\nc: 1\n\n", 2, 4, "does not end");
        assert_refused("a:\n\t- 1", 2, 1, "not tabs");
        assert_refused("a: @x", 1, 4, "put it in quotes");
        assert_refused("a: 1\n  b: 2", 2, 4, "there cannot be a key here");
        assert_refused("a: [1, 2\nb: 3", 2, 2, "begins in line 1");
        assert_refused("a: [1, 2}", 1, 9, "did not find expected ',' or ']'");
        assert_refused("a:\n  - x\n  y: 1", 3, 3, "expected a '-'");
        assert_refused("a: 1\n- b", 2, 1, "expected a key");
}

static void test_guard(void)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (unsigned i = 0; i < 64; i++)
                g_string_append_printf(text, "%%TAG !a%u! x\n", i);
        g_string_append(text, "---\na: \"%TAG\"\n");
        assert_taken(text->str);
        g_string_prepend(text, "%TAG !b! x\n");
        assert_failure(text->str, FAILURE_TOO_LARGE, 65, 1, "%TAG");

        g_string_assign(text, "a:");
        append_times(text, "                ", 16 * 1024);
        g_string_append(text, "1\nb: 2\n");
        append_times(text, "# 0123456789abc\n", 20 * 1024);
        assert_taken(text->str);
        append_times(text, "# 0123456789abc\n", 10 * 1024);
        assert_failure(text->str, FAILURE_TOO_LARGE, 1, 3, "white space");

        /* It is what comes behind that costs. */
        g_string_append(text, "c: 3\n");
        append_times(text, "\n\n\n\n\n\n\n\n", 128 * 1024);
        assert_taken(strchr(text->str, 'b'));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/decode-yaml/structure", test_structure);
        g_test_add_func("/decode-yaml/plain", test_plain);
        g_test_add_func("/decode-yaml/infinities", test_infinities);
        g_test_add_func("/decode-yaml/text", test_text);
        g_test_add_func("/decode-yaml/nul", test_nul);
        g_test_add_func("/decode-yaml/tags", test_tags);
        g_test_add_func("/decode-yaml/keys", test_keys);
        g_test_add_func("/decode-yaml/anchors", test_anchors);
        g_test_add_func("/decode-yaml/alias-places", test_alias_places);
        g_test_add_func("/decode-yaml/alias-limits", test_alias_limits);
        g_test_add_func("/decode-yaml/alias-bytes", test_alias_bytes);
        g_test_add_func("/decode-yaml/merge", test_merge);
        g_test_add_func("/decode-yaml/merge-large", test_merge_large);
        g_test_add_func("/decode-yaml/merge-as-text", test_merge_as_text);
        g_test_add_func("/decode-yaml/merge-refused", test_merge_refused);
        g_test_add_func("/decode-yaml/merge-limits", test_merge_limits);
        g_test_add_func("/decode-yaml/documents", test_documents);
        g_test_add_func("/decode-yaml/roots", test_roots);
        g_test_add_func("/decode-yaml/depth", test_depth);
        g_test_add_func("/decode-yaml/places", test_places);
        g_test_add_func("/decode-yaml/syntax", test_syntax);
        g_test_add_func("/decode-yaml/guard", test_guard);
        return g_test_run();
}
