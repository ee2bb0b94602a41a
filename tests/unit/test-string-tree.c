/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * String trees: what is scattered ends up in one map each
 */
#include "daemon/model/string-tree.h"
#include "tests/support/notation.h"

#include <string.h>

static StringNode *add_group(StringTree *tree, StringNode *parent, uint32_t line, const char *key)
{
        StringNode *group = NULL;
        g_autoptr(Failure) failure =
                        string_tree_add_group(tree, parent, (Place){ line, 1 }, key, strlen(key), &group);

        g_assert_null(failure);
        g_assert_nonnull(group);
        return group;
}

static Failure *try_value(StringTree *tree, StringNode *parent, uint32_t line, const char *key,
                          const char *text)
{
        return string_tree_add_value(tree, parent, (Place){ line, 2 }, key, strlen(key), (Place){ line, 5 },
                                     text, strlen(text));
}

static void add_value(StringTree *tree, StringNode *parent, uint32_t line, const char *key, const char *text)
{
        g_autoptr(Failure) failure = try_value(tree, parent, line, key, text);

        g_assert_null(failure);
}

static Document *build(const StringTree *tree)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(Failure) failure = string_tree_build(tree, builder);

        g_assert_null(failure);
        return builder_end(builder);
}

static void assert_built(const StringTree *tree, const char *notation)
{
        g_autoptr(Document) document = build(tree);
        g_autofree char *found = notation_format(document_root(document));

        g_assert_cmpstr(found, ==, notation);
}

static void assert_failure(Failure *given, uint32_t line, uint32_t column, const char *path,
                           const char *part)
{
        g_autoptr(Failure) failure = given;
        const Problem *problem;

        g_assert_nonnull(failure);
        g_assert_cmpint(failure->code, ==, FAILURE_PARSE_FAILED);
        problem = g_ptr_array_index(failure->problems, 0);
        g_assert_cmpstr(problem->file, ==, "file");
        g_assert_cmpuint(problem->line, ==, line);
        g_assert_cmpuint(problem->column, ==, column);
        g_assert_cmpstr(problem->path, ==, path);
        g_assert_nonnull(strstr(problem->message, part));
}

static void test_empty(void)
{
        g_autoptr(StringTree) tree = string_tree_new(NULL);

        assert_built(tree, "{}");
        g_assert_null(string_tree_free(NULL));
}

static void test_scattered(void)
{
        g_autoptr(StringTree) tree = string_tree_new("file");
        StringNode *root = string_tree_root(tree), *a = add_group(tree, root, 1, "a"), *ab;

        add_value(tree, a, 1, "x", "1");
        add_value(tree, root, 2, "b", "");
        ab = add_group(tree, a, 3, "b");
        add_value(tree, ab, 3, "x", "2");
        g_assert_true(add_group(tree, root, 4, "a") == a);
        add_value(tree, a, 4, "", "3");
        add_group(tree, root, 5, "c");
        assert_built(tree, "{a: {'': '3', b: {x: '2'}, x: '1'}, b: '', c: {}}");
}

static void test_conflicts(void)
{
        g_autoptr(StringTree) tree = string_tree_new("file");
        StringNode *root = string_tree_root(tree), *group = add_group(tree, root, 1, "a b"), *other = group;

        add_value(tree, group, 2, "x", "secret");
        assert_failure(try_value(tree, group, 7, "x", "other"), 7, 2, "\"a b\".x", "first given in line 2");
        assert_failure(try_value(tree, root, 8, "a b", "other"), 8, 2, "\"a b\"", "first given in line 1");
        assert_failure(string_tree_add_group(tree, group, (Place){ 9, 4 }, "x", 1, &other), 9, 4,
                       "\"a b\".x", "holds a value");
        g_assert_true(other == group);
        assert_built(tree, "{'a b': {x: 'secret'}}");
}

static void test_places(void)
{
        g_autoptr(StringTree) tree = string_tree_new("file");
        g_autoptr(Document) document = NULL;
        StringNode *group = add_group(tree, string_tree_root(tree), 3, "a");
        const Node *node;

        add_value(tree, group, 4, "x", "1");
        add_group(tree, string_tree_root(tree), 5, "a");
        document = build(tree);
        node = document_root(document);
        g_assert_cmpuint(node->line, ==, 1);
        node = &node_find_member(node, "a", 1)->value;
        g_assert_cmpuint(node->line, ==, 3);
        node = &node_find_member(node, "x", 1)->value;
        g_assert_cmpuint(node->line, ==, 4);
        g_assert_cmpuint(node->column, ==, 5);
}

static void test_depth(void)
{
        g_autoptr(StringTree) tree = string_tree_new("file");
        g_autoptr(Builder) builder = builder_new("file", 0, 0);
        g_autoptr(Failure) failure = NULL;
        StringNode *group = string_tree_root(tree);

        for (uint32_t line = 1; line <= 100000; line++)
                group = add_group(tree, group, line, "a");
        failure = string_tree_build(tree, builder);
        g_assert_nonnull(failure);
        g_assert_cmpint(failure->code, ==, FAILURE_TOO_DEEP);
        g_assert_cmpuint(((Problem *) g_ptr_array_index(failure->problems, 0))->line, ==,
                         DOCUMENT_MAX_DEPTH);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/string-tree/empty", test_empty);
        g_test_add_func("/string-tree/scattered", test_scattered);
        g_test_add_func("/string-tree/conflicts", test_conflicts);
        g_test_add_func("/string-tree/places", test_places);
        g_test_add_func("/string-tree/depth", test_depth);
        return g_test_run();
}
