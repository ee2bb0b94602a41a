/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Documents: what they hold, and when two are equal
 */
#include "daemon/model/builder.h"
#include "tests/support/notation.h"

static void assert_equal(const char *a, const char *b, bool expected)
{
        g_autoptr(Document) first = notation_parse(a, 0);
        g_autoptr(Document) second = notation_parse(b, 1);

        g_assert_cmpint(document_equal(first, second), ==, expected);
        g_assert_cmpint(document_equal(second, first), ==, expected);
        g_assert_true(document_equal(first, first));
}

static void test_empty(void)
{
        g_autoptr(Document) empty = document_new_empty();
        g_autoptr(Document) other = notation_parse("{}", 2);
        const Node *root = document_root(empty);

        g_assert_cmpint(root->kind, ==, NODE_MAP);
        g_assert_cmpuint(root->length, ==, 0);
        g_assert_null(node_find_member(root, "a", 1));
        g_assert_cmpuint(node_count(root), ==, 1);
        g_assert_cmpuint(node_height(root), ==, 1);
        g_assert_true(document_equal(empty, other));
        g_assert_null(document_unref(NULL));
        g_assert_null(builder_free(NULL));
}

static void test_references(void)
{
        Document *document = notation_parse("{a: 'text'}", 0);

        g_assert_true(document_ref(document) == document);
        g_assert_null(document_unref(document));
        g_assert_cmpstr(member_value(document_root(document), "a")->string, ==, "text");
        g_assert_null(document_unref(document));
}

static void test_equality(void)
{
        assert_equal("{}", "{ }", true);
        assert_equal("{a: 1, b: [2, {c: 3}]}", "{b: [2, {c: 3}], a: 1}", true);
        assert_equal("{a: 1}", "{a: 2}", false);
        assert_equal("{a: 1}", "{b: 1}", false);
        assert_equal("{a: 1}", "{a: 1, b: 1}", false);
        assert_equal("{a: [1, 2]}", "{a: [2, 1]}", false);
        assert_equal("{a: []}", "{a: {}}", false);
        assert_equal("{a: [[], []]}", "{a: [[[]]]}", false);
        assert_equal("{a: null}", "{}", false);
        assert_equal("{a: {b: {c: {d: 1}}}}", "{a: {b: {c: {d: 2}}}}", false);
}

static void test_equality_of_scalars(void)
{
        static const char *const values[] = {
                "null",
                "true",
                "false",
                "0",
                "1",
                "-1",
                "1.0",
                "0.0",
                "-0.0",
                "nan",
                "1e300",
                "''",
                "'1'",
                "'a'",
                "'ab'",
                "'b'",
                "9223372036854775807",
                "[]",
                "{}",
                "'null'",
                "[1]",
                "[1, 1]",
                "[[1]]",
                "['a', 'b']",
                "['ab', '']",
                "9223372036854775808",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
                for (size_t k = 0; k < G_N_ELEMENTS(values); k++) {
                        g_autofree char *first = g_strdup_printf("{a: %s}", values[i]);
                        g_autofree char *second = g_strdup_printf("{a: %s}", values[k]);
                        g_autoptr(Document) a = notation_parse(first, 0);
                        g_autoptr(Document) b = notation_parse(second, 0);

                        assert_equal(first, second, i == k);
                        g_assert_cmpint(node_equal(member_value(document_root(a), "a"),
                                                   member_value(document_root(b), "a")),
                                        ==, i == k);
                }
        }
}

/* One map with members that run into each other is not another one. */
static void test_equality_of_keys(void)
{
        assert_equal("{a: 'b', c: 'd'}", "{a: 'bc', '': 'd'}", false);
        assert_equal("{'': ''}", "{}", false);
        assert_equal("{ab: ''}", "{a: 'b'}", false);
}

static void test_hashes(void)
{
        Hash a = hash_bytes("abc", 3);
        Hash b = hash_bytes("abcd", 3);
        Hash c = hash_bytes("abd", 3);
        Hash empty = hash_bytes("", 0);

        g_assert_true(hash_equal(&a, &b));
        g_assert_false(hash_equal(&a, &c));
        g_assert_false(hash_equal(&a, &empty));
        b.words[1]++;
        g_assert_false(hash_equal(&a, &b));
}

static void assert_summary(const char *value, uint32_t nodes, uint32_t height)
{
        g_autofree char *text = g_strdup_printf("{a: %s}", value);
        g_autoptr(Document) document = notation_parse(text, 0);
        const Node *node = member_value(document_root(document), "a");

        g_assert_cmpuint(node_count(node), ==, nodes);
        g_assert_cmpuint(node_height(node), ==, height);
        g_assert_cmpuint(node_count(document_root(document)), ==, nodes + 1);
        g_assert_cmpuint(node_height(document_root(document)), ==, height + 1);
}

static void test_summaries(void)
{
        assert_summary("1", 1, 0);
        assert_summary("'text'", 1, 0);
        assert_summary("[]", 1, 1);
        assert_summary("{}", 1, 1);
        assert_summary("[1, 2, [3]]", 5, 2);
        assert_summary("{b: {c: {}}, d: [1, 2], e: 'x'}", 7, 3);
}

/* A D-Bus message is not at hand here, but what it must hold at least is: each text, each number. */
static void test_sizes(void)
{
        g_autoptr(Document) small = notation_parse("{a: 'x'}", 0);
        g_autoptr(Document) large =
                        notation_parse("{a: 'x', b: [1, 2, {c: 'a longer text of 28 letters.'}]}", 0);
        const Node *root = document_root(large);
        const Node *list = member_value(root, "b");

        g_assert_cmpuint(node_size(document_root(small)), >=, 4 + 4 + 2 + 3 + 4 + 2);
        g_assert_cmpuint(node_size(list), >=, 4 + 2 * (4 + 8) + 4 + 4 + 2 + 3 + 4 + 29);
        g_assert_cmpuint(node_size(root), >, node_size(document_root(small)) + node_size(list));
        g_assert_cmpuint(node_size(member_value(root, "a")), >=, 1 + 3 + 4 + 2);
        g_assert_cmpuint(node_size(&list->list->items[0]), >=, 3 + 8);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/document/empty", test_empty);
        g_test_add_func("/document/references", test_references);
        g_test_add_func("/document/equality", test_equality);
        g_test_add_func("/document/equality/scalars", test_equality_of_scalars);
        g_test_add_func("/document/equality/keys", test_equality_of_keys);
        g_test_add_func("/document/hashes", test_hashes);
        g_test_add_func("/document/summaries", test_summaries);
        g_test_add_func("/document/sizes", test_sizes);
        return g_test_run();
}
