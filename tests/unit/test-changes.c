/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes: what they are, their order, their root, and the way back
 */
#include "daemon/model/changes.h"

#include "daemon/model/builder.h"
#include "tests/support/generator.h"
#include "tests/support/notation.h"

#include <string.h>

static Changes *diff(const char *before, const char *after)
{
        g_autoptr(Document) first = notation_parse(before, 0);
        g_autoptr(Document) second = notation_parse(after, 1);

        return changes_new(first, second);
}

/* One line a change: "+path after", "-path before", "~path before -> after". */
static char *describe(const Changes *changes)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (size_t i = 0; i < changes_count(changes); i++) {
                const Change *change = changes_get(changes, i);
                g_autofree char *before = change->before ? notation_format(change->before) : NULL;
                g_autofree char *after = change->after ? notation_format(change->after) : NULL;

                g_assert_cmpint(change->kind == CHANGE_ADDED, ==, !before);
                g_assert_cmpint(change->kind == CHANGE_REMOVED, ==, !after);
                if (change->kind == CHANGE_MODIFIED)
                        g_string_append_printf(text, "~%s %s -> %s\n", change->path, before, after);
                else if (change->kind == CHANGE_ADDED)
                        g_string_append_printf(text, "+%s %s\n", change->path, after);
                else
                        g_string_append_printf(text, "-%s %s\n", change->path, before);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static void assert_changes(const Changes *changes, const char *root, const char *expected)
{
        g_autofree char *found = describe(changes);

        g_assert_cmpstr(found, ==, expected);
        g_assert_cmpstr(changes_root(changes), ==, root);
}

/* Holds for any two documents. */
static void assert_applies(Document *before, Document *after)
{
        g_autoptr(Changes) changes = changes_new(before, after);
        g_autoptr(Document) made = changes_apply(changes, before);

        g_assert_true(document_equal(made, after));
}

/* Tries the other way round, too: what was added is removed. */
static void assert_diff(const char *before, const char *after, const char *root, const char *expected)
{
        g_autoptr(Document) first = notation_parse(before, 0);
        g_autoptr(Document) second = notation_parse(after, 1);
        g_autoptr(Changes) changes = changes_new(first, second);
        g_autoptr(Changes) back = changes_new(second, first);

        assert_changes(changes, root, expected);
        g_assert_cmpuint(changes_count(back), ==, changes_count(changes));
        g_assert_cmpstr(changes_root(back), ==, root);
        for (size_t i = 0; i < changes_count(changes); i++) {
                const Change *forth = changes_get(changes, i);

                g_assert_cmpstr(changes_get(back, i)->path, ==, forth->path);
                g_assert_true(changes_get(back, i)->before == forth->after);
                g_assert_true(changes_get(back, i)->after == forth->before);
        }
        assert_applies(first, second);
        assert_applies(second, first);
}

static void test_kind_names(void)
{
        g_assert_cmpstr(change_kind_to_string(CHANGE_ADDED), ==, "added");
        g_assert_cmpstr(change_kind_to_string(CHANGE_MODIFIED), ==, "modified");
        g_assert_cmpstr(change_kind_to_string(CHANGE_REMOVED), ==, "removed");
}

static void test_none(void)
{
        assert_diff("{}", "{}", "/", "");
        assert_diff("{a: {b: [1, nan]}}", "{a: {b: [1, nan]}}", "/", "");
}

static void test_scalars(void)
{
        assert_diff("{a: 1}", "{a: 2}", "/a/", "~a 1 -> 2\n");
        assert_diff("{a: 1}", "{a: 1.0}", "/a/", "~a 1 -> 1.0\n");
        assert_diff("{a: 1}", "{a: '1'}", "/a/", "~a 1 -> '1'\n");
        assert_diff("{a: 0.0}", "{a: -0.0}", "/a/", "~a 0.0 -> -0.0\n");
        assert_diff("{a: false}", "{a: null}", "/a/", "~a false -> null\n");
        assert_diff("{a: 1}", "{a: 1, b: null}", "/b/", "+b null\n");
        assert_diff("{a: 1, b: null}", "{a: 1}", "/b/", "-b null\n");
}

static void test_maps(void)
{
        assert_diff("{a: {b: {c: 1, d: 2}, e: 3}}", "{a: {b: {c: 1, d: 4}, e: 3}}", "/a/b/d/",
                    "~a.b.d 2 -> 4\n");
        assert_diff("{a: {b: {c: 1, d: 2}, e: 3}}", "{a: {b: {c: 5, d: 4}, e: 3}}", "/a/b/",
                    "~a.b.c 1 -> 5\n~a.b.d 2 -> 4\n");
        assert_diff("{a: {b: {c: 1, d: 2}, e: 3}}", "{a: {b: {c: 1, d: 4}}}", "/a/",
                    "~a.b.d 2 -> 4\n-a.e 3\n");
        assert_diff("{a: {}}", "{a: {b: 1}}", "/a/b/", "+a.b 1\n");
        assert_diff("{a: {b: 1}}", "{a: {}}", "/a/b/", "-a.b 1\n");
}

/* A map that came or went is one change; so is one that took a scalar's or list's place. */
static void test_whole_maps(void)
{
        assert_diff("{}", "{a: {b: {c: 1}, d: 2}}", "/a/", "+a {b: {c: 1}, d: 2}\n");
        assert_diff("{a: {b: {c: 1}, d: 2}}", "{}", "/a/", "-a {b: {c: 1}, d: 2}\n");
        assert_diff("{a: {}}", "{a: []}", "/a/", "~a {} -> []\n");
        assert_diff("{a: 1}", "{a: {b: 1}}", "/a/", "~a 1 -> {b: 1}\n");
        assert_diff("{a: {b: 1}}", "{a: null}", "/a/", "~a {b: 1} -> null\n");
}

static void test_lists(void)
{
        assert_diff("{a: [1, 2]}", "{a: [1, 2, 3]}", "/a/", "~a [1, 2] -> [1, 2, 3]\n");
        assert_diff("{a: [{b: 1}]}", "{a: [{b: 2}]}", "/a/", "~a [{b: 1}] -> [{b: 2}]\n");
        assert_diff("{a: [1, 2]}", "{a: [2, 1]}", "/a/", "~a [1, 2] -> [2, 1]\n");
}

/*
 * "a" comes before "a-" as a key, but "a.x" behind "a-" as a path, since the hyphen comes before the dot; a
 * quote comes before both.
 */
static void test_order(void)
{
        assert_diff("{a: {x: 1}, a-: 1, 'a.': 1, B: 1, '': 1, ab: 1}",
                    "{a: {x: 2}, a-: 2, 'a.': 2, B: 2, '': 2, ab: 2}", "/",
                    "~\"\" 1 -> 2\n~\"a.\" 1 -> 2\n~B 1 -> 2\n~a- 1 -> 2\n~a.x 1 -> 2\n~ab 1 -> 2\n");
        assert_diff("{a: {x: 1, y: 1}, a-: {x: 1}}", "{a: {x: 2}, a-: {x: 2}, a0: 2}", "/",
                    "~a-.x 1 -> 2\n~a.x 1 -> 2\n-a.y 1\n+a0 2\n");
}

static void test_roots(void)
{
        assert_diff("{a: {b: 1, bb: 1}}", "{a: {b: 2, bb: 2}}", "/a/", "~a.b 1 -> 2\n~a.bb 1 -> 2\n");
        assert_diff("{ab: 1, ac: 1}", "{ab: 2, ac: 2}", "/", "~ab 1 -> 2\n~ac 1 -> 2\n");
        assert_diff("{a: {b: {x: 1}, 'b.c': {x: 1}}}", "{a: {b: {x: 2}, 'b.c': {x: 2}}}", "/a/",
                    "~a.\"b.c\".x 1 -> 2\n~a.b.x 1 -> 2\n");
        assert_diff("{'a/b': {'~': 1}}", "{'a/b': {'~': 2}}", "/a~1b/~0/", "~\"a/b\".\"~\" 1 -> 2\n");
        assert_diff("{'': {'': {a: 1, b: 1}}}", "{'': {'': {a: 2, b: 2}}}", "///",
                    "~\"\".\"\".a 1 -> 2\n~\"\".\"\".b 1 -> 2\n");
        /* What lies between the first and the last path has their common part, too. */
        assert_diff("{a: {b: {x: 1, y: 1}, b-: 1}}", "{a: {b: {x: 2, y: 2}, b-: 2}}", "/a/",
                    "~a.b- 1 -> 2\n~a.b.x 1 -> 2\n~a.b.y 1 -> 2\n");
}

static void test_quoting(void)
{
        assert_diff("{hosts: {'example.com': {port: 1}}}", "{hosts: {'example.com': {port: 2}}}",
                    "/hosts/example.com/port/", "~hosts.\"example.com\".port 1 -> 2\n");
        assert_diff("{'\"': 1, '\\': 1}", "{'\"': 2, '\\': 2}", "/", "~\"\\\"\" 1 -> 2\n~\"\\\\\" 1 -> 2\n");
}

/* The values stay what they were for as long as there are changes. */
static void test_references(void)
{
        Document *before = notation_parse("{a: 'text'}", 0);
        Document *after = notation_parse("{a: 'other'}", 0);
        Changes *changes = changes_new(before, after);
        Changes *kept = changes_ref(changes);

        document_unref(before);
        document_unref(after);
        g_assert_null(changes_unref(changes));
        assert_changes(kept, "/a/", "~a 'text' -> 'other'\n");
        g_assert_null(changes_unref(kept));
        g_assert_null(changes_unref(NULL));
}

static void path_clear(void *data)
{
        path_free(data);
}

static void assert_filtered(Changes *changes, const char *const *texts, const char *root,
                            const char *expected)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(path_clear);
        g_autoptr(Changes) filtered = NULL;

        for (size_t i = 0; texts[i]; i++) {
                Path *path = NULL;

                g_assert_null(path_parse(texts[i], &path));
                g_ptr_array_add(paths, path);
        }
        paths_reduce(paths);
        filtered = changes_filter(changes, (Path *const *) (void *) paths->pdata, paths->len);
        assert_changes(filtered, root, expected);
}

#define PATHS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_filter(void)
{
        g_autoptr(Changes) changes = diff("{a: {b: {c: 1, d: 1}, e: 1}, ab: 1, l: [1], old: 1}",
                                          "{a: {b: {c: 2, d: 2}, e: 2}, ab: 2, l: [2], new: {x: {y: 1}}}");
        g_autofree char *all = describe(changes);

        g_assert_cmpuint(changes_count(changes), ==, 7);
        assert_filtered(changes, PATHS(""), "/", all);
        assert_filtered(changes, PATHS("a.b"), "/a/b/", "~a.b.c 1 -> 2\n~a.b.d 1 -> 2\n");
        assert_filtered(changes, PATHS("a.b.c"), "/a/b/c/", "~a.b.c 1 -> 2\n");
        assert_filtered(changes, PATHS("a.b.c.below"), "/a/b/c/", "~a.b.c 1 -> 2\n");
        assert_filtered(changes, PATHS("a.e", "a.b.c"), "/a/", "~a.b.c 1 -> 2\n~a.e 1 -> 2\n");
        assert_filtered(changes, PATHS("a.e", "a", "a.e"), "/a/",
                        "~a.b.c 1 -> 2\n~a.b.d 1 -> 2\n~a.e 1 -> 2\n");
        assert_filtered(changes, PATHS("new.x.y", "old"), "/", "+new {x: {y: 1}}\n-old 1\n");
        assert_filtered(changes, PATHS("l.0"), "/l/", "~l [1] -> [2]\n");
        assert_filtered(changes, PATHS("absent", "a.b.x"), "/", "");
        assert_filtered(changes, PATHS("zero", "new.x", "l", "a.b.x", "a-b", "a.b.d.y", "a.b.d"), "/",
                        "~a.b.d 1 -> 2\n~l [1] -> [2]\n+new {x: {y: 1}}\n");
        assert_filtered(changes, (const char *const[]){ NULL }, "/", "");
}

/* The filtered ones do not lean on those they came from, and can be applied on their own. */
static void test_filter_lifetime(void)
{
        g_autoptr(Document) before = notation_parse("{a: 1, b: 1}", 0);
        g_autoptr(Document) made = NULL;
        g_autoptr(Changes) filtered = NULL;
        g_autoptr(Path) path = NULL;
        g_autofree char *text = NULL;
        Changes *changes = diff("{a: 1, b: 1}", "{a: 2, b: 2}");

        g_assert_null(path_parse("b", &path));
        filtered = changes_filter(changes, &path, 1);
        changes_unref(changes);
        assert_changes(filtered, "/b/", "~b 1 -> 2\n");
        made = changes_apply(filtered, before);
        text = notation_format(document_root(made));
        g_assert_cmpstr(text, ==, "{a: 1, b: 2}");
}

/* What did not change is the old document's, in place; what did is the new one's; both may go. */
static void test_apply_borrows(void)
{
        Document *before = notation_parse("{a: {b: 1}, c: {d: 1, e: [1]}}", 1);
        Document *after = notation_parse("{a: {b: 1}, c: {d: 2, e: [1], f: {g: 1}}}", 2);
        Changes *changes = changes_new(before, after);
        g_autoptr(Document) made = changes_apply(changes, before);
        const Map *kept = document_root(before)->map->members[0].value.map;
        const Node *root = document_root(made);
        const Node *c = &root->map->members[1].value;
        g_autofree char *text = NULL;

        changes_unref(changes);
        document_unref(before);
        document_unref(after);

        text = notation_format(root);
        g_assert_cmpstr(text, ==, "{a: {b: 1}, c: {d: 2, e: [1], f: {g: 1}}}");
        g_assert_true(root->map->members[0].value.map == kept);
        g_assert_cmpuint(root->layer, ==, 1);
        g_assert_cmpuint(c->layer, ==, 1);
        g_assert_cmpuint(c->column, ==, 16);
        g_assert_cmpuint(c->map->members[0].value.layer, ==, 2);
        g_assert_cmpuint(c->map->members[1].value.layer, ==, 1);
        g_assert_cmpuint(c->map->members[2].value.layer, ==, 2);
}

static void test_apply_nothing(void)
{
        g_autoptr(Document) document = notation_parse("{a: 1}", 0);
        g_autoptr(Changes) changes = changes_new(document, document);
        g_autoptr(Document) made = changes_apply(changes, document);

        g_assert_true(made == document);
}

/* Twenty levels, changed at the last. */
static void test_deepest(void)
{
        g_autoptr(GString) before = g_string_new(NULL);
        g_autoptr(GString) after = NULL;
        g_autoptr(GString) root = g_string_new("/");
        g_autoptr(Changes) changes = NULL;
        g_autoptr(Document) first = NULL;
        g_autoptr(Document) second = NULL;

        for (unsigned i = 0; i < DOCUMENT_MAX_DEPTH; i++) {
                g_string_append(before, "{a: ");
                g_string_append(root, "a/");
        }
        after = g_string_new(before->str);
        g_string_append(before, "1");
        g_string_append(after, "2");
        for (unsigned i = 0; i < DOCUMENT_MAX_DEPTH; i++) {
                g_string_append_c(before, '}');
                g_string_append_c(after, '}');
        }
        first = notation_parse(before->str, 0);
        second = notation_parse(after->str, 0);
        changes = changes_new(first, second);
        g_assert_cmpuint(changes_count(changes), ==, 1);
        g_assert_cmpstr(changes_root(changes), ==, root->str);
        assert_applies(first, second);
}

/* Many values behind a long key: each path would have the key in it. */
static Document *with_long_key(int64_t value)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autofree char *key = g_strnfill(1024 * 1024, 'k');

        g_assert_null(builder_open_map(builder, (Place){ 0 }));
        builder_add_key(builder, (Place){ 0 }, "a", 1);
        builder_add_integer(builder, (Place){ 0 }, value);
        builder_add_key(builder, (Place){ 0 }, key, strlen(key));
        g_assert_null(builder_open_map(builder, (Place){ 0 }));
        for (unsigned i = 0; i < 1000; i++) {
                g_autofree char *name = g_strdup_printf("%u", i);

                builder_add_key(builder, (Place){ 0 }, name, strlen(name));
                builder_add_integer(builder, (Place){ 0 }, value);
        }
        g_assert_null(builder_close(builder));
        g_assert_null(builder_close(builder));
        return builder_end(builder);
}

static void test_long_paths(void)
{
        g_autoptr(Document) before = with_long_key(1);
        g_autoptr(Document) after = with_long_key(2);
        g_autoptr(Changes) changes = changes_new(before, after);

        g_assert_cmpuint(changes_count(changes), ==, 2);
        g_assert_cmpstr(changes_get(changes, 0)->path, ==, "a");
        g_assert_cmpuint(strlen(changes_get(changes, 1)->path), ==, 1024 * 1024);
        g_assert_cmpint(changes_get(changes, 1)->after->kind, ==, NODE_MAP);
        assert_applies(before, after);
}

/* Any document and any relative of it: the way there is the way there, and its paths are in order. */
static void test_random(void)
{
        for (unsigned i = 0; i < 500; i++) {
                uint8_t bytes[400];
                Generator generator;
                g_autoptr(Document) before = NULL;
                g_autoptr(Document) after = NULL;
                g_autoptr(Changes) changes = NULL;

                for (size_t k = 0; k < sizeof(bytes); k++)
                        bytes[k] = (uint8_t) g_test_rand_int_range(0, 256);
                generator_init(&generator, bytes, sizeof(bytes) / 2);
                before = generator_document(&generator);
                generator_init(&generator, bytes + sizeof(bytes) / 2, sizeof(bytes) / 2);
                after = generator_variation(&generator, before);
                changes = changes_new(before, after);
                g_assert_cmpint(changes_count(changes) == 0, ==, document_equal(before, after));
                for (size_t k = 1; k < changes_count(changes); k++)
                        g_assert_cmpint(strcmp(changes_get(changes, k - 1)->path,
                                               changes_get(changes, k)->path),
                                        <, 0);
                assert_applies(before, after);
                assert_applies(after, before);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/changes/kind-names", test_kind_names);
        g_test_add_func("/changes/none", test_none);
        g_test_add_func("/changes/scalars", test_scalars);
        g_test_add_func("/changes/maps", test_maps);
        g_test_add_func("/changes/maps/whole", test_whole_maps);
        g_test_add_func("/changes/lists", test_lists);
        g_test_add_func("/changes/order", test_order);
        g_test_add_func("/changes/roots", test_roots);
        g_test_add_func("/changes/quoting", test_quoting);
        g_test_add_func("/changes/references", test_references);
        g_test_add_func("/changes/filter", test_filter);
        g_test_add_func("/changes/filter/lifetime", test_filter_lifetime);
        g_test_add_func("/changes/apply/borrows", test_apply_borrows);
        g_test_add_func("/changes/apply/nothing", test_apply_nothing);
        g_test_add_func("/changes/deepest", test_deepest);
        g_test_add_func("/changes/long-paths", test_long_paths);
        g_test_add_func("/changes/random", test_random);
        return g_test_run();
}
