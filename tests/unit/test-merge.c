/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Merge: layers to one document
 */
#include "daemon/model/merge.h"
#include "daemon/model/path.h"
#include "tests/support/generator.h"
#include "tests/support/notation.h"

#include <string.h>

#define LAYERS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void document_clear(void *data)
{
        document_unref(data);
}

static Document *join(MergeMode mode, const char *const *texts)
{
        g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(document_clear);
        g_autoptr(Failure) failure = NULL;
        Document *document = NULL;

        for (unsigned i = 0; texts[i]; i++)
                g_ptr_array_add(layers, notation_parse(texts[i], i));
        failure = merge(mode, (Document *const *) (void *) layers->pdata, layers->len, &document);
        g_assert_null(failure);
        return document;
}

static void assert_merge(MergeMode mode, const char *const *texts, const char *expected)
{
        g_autoptr(Document) document = join(mode, texts);
        g_autofree char *found = notation_format(document_root(document));

        g_assert_cmpstr(found, ==, expected);
}

static void assert_from(const Document *document, const char *text, unsigned layer, uint32_t column)
{
        g_autoptr(Path) path = NULL;
        const Node *node;

        g_assert_null(path_parse(text, &path));
        node = path_find(path, document_root(document));
        g_assert_nonnull(node);
        g_assert_cmpuint(node->layer, ==, layer);
        g_assert_cmpuint(node->line, ==, 1);
        g_assert_cmpuint(node->column, ==, column);
}

static void test_mode_names(void)
{
        for (MergeMode mode = 0; mode < N_MERGE_MODES; mode++) {
                MergeMode found = N_MERGE_MODES;

                g_assert_true(merge_mode_from_string(merge_mode_to_string(mode), &found));
                g_assert_cmpint(found, ==, mode);
        }
        g_assert_cmpstr(merge_mode_to_string(MERGE_DEEP), ==, "deep");
        g_assert_cmpstr(merge_mode_to_string(MERGE_APPEND), ==, "append");
        g_assert_cmpstr(merge_mode_to_string(MERGE_REPLACE), ==, "replace");
}

static void test_mode_names_wrong(void)
{
        static const char *const names[] = { "", "Deep", "deep ", "deeper", "merge" };

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                MergeMode mode = N_MERGE_MODES;

                g_assert_false(merge_mode_from_string(names[i], &mode));
                g_assert_cmpint(mode, ==, N_MERGE_MODES);
        }
}

static void test_deep(void)
{
        assert_merge(MERGE_DEEP, LAYERS("{a: 1, b: 2}", "{b: 3, c: 4}"), "{a: 1, b: 3, c: 4}");
        assert_merge(MERGE_DEEP, LAYERS("{a: {b: {c: 1, d: 2}, e: 3}}", "{a: {b: {d: 4, f: 5}}}"),
                     "{a: {b: {c: 1, d: 4, f: 5}, e: 3}}");
        assert_merge(MERGE_DEEP, LAYERS("{a: [1, 2, 3]}", "{a: [4]}"), "{a: [4]}");
        assert_merge(MERGE_DEEP, LAYERS("{a: [1, 2, 3]}", "{a: []}"), "{a: []}");
        assert_merge(MERGE_DEEP, LAYERS("{a: [{b: 1}]}", "{a: [{c: 1}]}"), "{a: [{c: 1}]}");
        assert_merge(MERGE_DEEP, LAYERS("{a: {b: 1}}", "{a: {}}"), "{a: {b: 1}}");
        assert_merge(MERGE_DEEP, LAYERS("{a: {}}", "{a: {}, b: {}}"), "{a: {}, b: {}}");
}

static void test_kinds_that_differ(void)
{
        static const MergeMode modes[] = { MERGE_DEEP, MERGE_APPEND, MERGE_REPLACE };

        for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
                assert_merge(modes[i], LAYERS("{a: {b: 1}}", "{a: 1}"), "{a: 1}");
                assert_merge(modes[i], LAYERS("{a: 1}", "{a: {b: 1}}"), "{a: {b: 1}}");
                assert_merge(modes[i], LAYERS("{a: [1]}", "{a: {b: 1}}"), "{a: {b: 1}}");
                assert_merge(modes[i], LAYERS("{a: {b: 1}}", "{a: [1]}"), "{a: [1]}");
                assert_merge(modes[i], LAYERS("{a: [1]}", "{a: 'x'}"), "{a: 'x'}");
                assert_merge(modes[i], LAYERS("{a: 'long'}", "{a: ''}"), "{a: ''}");
        }
}

/* A null is laid over what is below, and does not take it away. */
static void test_null(void)
{
        assert_merge(MERGE_DEEP, LAYERS("{a: {b: 1}, c: 1}", "{a: null}"), "{a: null, c: 1}");
        assert_merge(MERGE_DEEP, LAYERS("{a: null}", "{a: {b: 1}}"), "{a: {b: 1}}");
        assert_merge(MERGE_APPEND, LAYERS("{a: [1]}", "{a: null}"), "{a: null}");
}

/* What a layer in ENV form writes for a list's items is a map, and replaces the list. */
static void test_indexes_over_list(void)
{
        assert_merge(MERGE_DEEP, LAYERS("{a: ['x', 'y']}", "{a: {'0': 'z'}}"), "{a: {0: 'z'}}");
}

static void test_append(void)
{
        assert_merge(MERGE_APPEND, LAYERS("{a: [1, 2]}", "{a: [2, 3]}"), "{a: [1, 2, 2, 3]}");
        assert_merge(MERGE_APPEND, LAYERS("{a: {b: [1]}}", "{a: {b: [{c: 1}], d: 1}}"),
                     "{a: {b: [1, {c: 1}], d: 1}}");
        assert_merge(MERGE_APPEND, LAYERS("{a: [[1]]}", "{a: [[2]]}"), "{a: [[1], [2]]}");
        assert_merge(MERGE_APPEND, LAYERS("{a: []}", "{a: [1]}"), "{a: [1]}");
        assert_merge(MERGE_APPEND, LAYERS("{a: [1]}", "{a: []}"), "{a: [1]}");
        assert_merge(MERGE_APPEND, LAYERS("{a: [1], b: 1}", "{b: 2}"), "{a: [1], b: 2}");
}

static void test_replace(void)
{
        assert_merge(MERGE_REPLACE, LAYERS("{a: {b: 1}, c: {d: 1}}", "{a: {e: 1}, f: 1}"),
                     "{a: {e: 1}, c: {d: 1}, f: 1}");
        assert_merge(MERGE_REPLACE, LAYERS("{a: {b: 1}}", "{a: {}}"), "{a: {}}");
        assert_merge(MERGE_REPLACE, LAYERS("{a: [1]}", "{a: [2]}"), "{a: [2]}");
}

/* Only what lies above the highest of another kind counts. */
static void test_several(void)
{
        assert_merge(MERGE_DEEP, LAYERS("{a: {b: 1, c: 1}}", "{a: {c: 2, d: 2}}", "{a: {d: 3, e: 3}}"),
                     "{a: {b: 1, c: 2, d: 3, e: 3}}");
        assert_merge(MERGE_DEEP, LAYERS("{a: {b: 1}}", "{a: 1}", "{a: {c: 1}}", "{a: {d: 1}}"),
                     "{a: {c: 1, d: 1}}");
        assert_merge(MERGE_APPEND, LAYERS("{a: [1]}", "{a: 1}", "{a: [2]}", "{b: 1}", "{a: [3]}"),
                     "{a: [2, 3], b: 1}");
        assert_merge(MERGE_DEEP, LAYERS("{a: 1}", "{}", "{b: 1}", "{}", "{c: 1}"), "{a: 1, b: 1, c: 1}");
        assert_merge(MERGE_DEEP, LAYERS("{a: {b: 1}}", "{a: {c: 1}}", "{a: null}"), "{a: null}");
}

static void test_keys(void)
{
        assert_merge(MERGE_DEEP, LAYERS("{b: 1, a-: 1, '': 1}", "{a: 1, 'a.': 1, B: 1}"),
                     "{'': 1, B: 1, a: 1, a-: 1, 'a.': 1, b: 1}");
}

/* Where one layer decides alone, its document is the result, without a copy. */
static void test_only(void)
{
        g_autoptr(Document) empty = document_new_empty();
        g_autoptr(Document) full = notation_parse("{a: 1}", 1);
        Document *layers[] = { empty, full, empty };

        for (size_t first = 0; first < 2; first++) {
                for (size_t count = 1; count <= G_N_ELEMENTS(layers) - first; count++) {
                        g_autoptr(Document) document = NULL;

                        g_assert_null(merge(MERGE_DEEP, layers + first, count, &document));
                        g_assert_true(document == (first + count > 1 ? full : empty));
                }
        }
}

static void test_only_empty(void)
{
        g_autoptr(Document) base = notation_parse("{}", 0);
        g_autoptr(Document) overlay = notation_parse("{}", 1);
        g_autoptr(Document) document = NULL;

        g_assert_null(merge(MERGE_REPLACE, (Document *[]){ base, overlay }, 2, &document));
        g_assert_true(document == base);
}

/* Each value says which file it stands in, and where. */
static void test_places(void)
{
        g_autoptr(Document) document = join(MERGE_APPEND, LAYERS("{a: {b: 1, c: [1]}, d: {x: 1}}",
                                                                 "{a: {b: 2, c: [2, 3]}, e: {f: {g: 1}}}",
                                                                 "{a: {h: 3}, e: {f: {i: 2}}, j: {k: 1}}"));

        assert_from(document, "", 0, 1);
        assert_from(document, "a", 0, 5);
        assert_from(document, "a.b", 1, 9);
        assert_from(document, "a.c", 0, 15);
        assert_from(document, "a.c.0", 0, 16);
        assert_from(document, "a.c.1", 1, 16);
        assert_from(document, "a.c.2", 1, 19);
        assert_from(document, "a.h", 2, 9);
        assert_from(document, "d", 0, 24);
        assert_from(document, "d.x", 0, 28);
        assert_from(document, "e", 1, 27);
        assert_from(document, "e.f", 1, 31);
        assert_from(document, "e.f.g", 1, 35);
        assert_from(document, "e.f.i", 2, 24);
        assert_from(document, "j.k", 2, 36);
}

/* Subtrees that one layer decides are that layer's own, and live as long as the result. */
static void test_borrowed(void)
{
        Document *base = notation_parse("{a: {b: 1}, c: {d: 1}}", 0);
        Document *overlay = notation_parse("{c: {e: 1}, f: {g: 'text'}}", 1);
        const Map *a = document_root(base)->map->members[0].value.map;
        const Map *f = document_root(overlay)->map->members[1].value.map;
        g_autoptr(Document) document = NULL;
        const Member *members;

        g_assert_null(merge(MERGE_DEEP, (Document *[]){ base, overlay }, 2, &document));
        document_unref(base);
        document_unref(overlay);

        members = document_root(document)->map->members;
        g_assert_true(members[0].value.map == a);
        g_assert_true(members[2].value.map == f);
        g_assert_cmpstr(f->members[0].value.string, ==, "text");
}

static void test_limit(void)
{
        g_autoptr(Document) layer = notation_parse("{a: 1}", 0);
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure = NULL;
        g_autofree char *message = NULL;
        Document *layers[MERGE_MAX_LAYERS + 1];

        for (size_t i = 0; i < G_N_ELEMENTS(layers); i++)
                layers[i] = layer;
        g_assert_null(merge(MERGE_DEEP, layers, MERGE_MAX_LAYERS, &document));
        g_assert_true(document_equal(document, layer));
        g_clear_pointer(&document, document_unref);

        failure = merge(MERGE_DEEP, layers, MERGE_MAX_LAYERS + 1, &document);
        g_assert_nonnull(failure);
        g_assert_null(document);
        g_assert_cmpint(failure->code, ==, FAILURE_LIMIT_EXCEEDED);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_MERGE);
        message = failure_format(failure);
        g_assert_cmpstr(message, ==, "a config is made of 16 files at most, but 17 are given");
}

static void test_deepest(void)
{
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) expected = g_string_new(NULL);

        for (unsigned i = 1; i < DOCUMENT_MAX_DEPTH; i++)
                g_string_append(text, "{a: ");
        g_string_append(expected, text->str);
        g_string_append(text, "[1]");
        g_string_append(expected, "[1, 1]");
        for (unsigned i = 1; i < DOCUMENT_MAX_DEPTH; i++) {
                g_string_append_c(text, '}');
                g_string_append_c(expected, '}');
        }
        assert_merge(MERGE_APPEND, LAYERS(text->str, text->str), expected->str);
}

/* Joined in one go or one after the other, it comes to the same. */
static void test_random(void)
{
        for (unsigned i = 0; i < 300; i++) {
                MergeMode mode = i % N_MERGE_MODES;
                g_autoptr(Document) together = NULL;
                g_autoptr(Document) in_turn = NULL;
                Document *layers[4];

                for (size_t k = 0; k < G_N_ELEMENTS(layers); k++) {
                        uint8_t bytes[100];
                        Generator generator;

                        for (size_t m = 0; m < sizeof(bytes); m++)
                                bytes[m] = (uint8_t) g_test_rand_int_range(0, 256);
                        generator_init(&generator, bytes, sizeof(bytes));
                        layers[k] = k % 2 == 0 ? generator_document(&generator)
                                               : generator_variation(&generator, layers[k - 1]);
                }
                in_turn = document_ref(layers[0]);
                for (size_t k = 1; k < G_N_ELEMENTS(layers); k++) {
                        Document *pair[] = { in_turn, layers[k] };
                        Document *joined = NULL;

                        g_assert_null(merge(mode, pair, 2, &joined));
                        document_unref(in_turn);
                        in_turn = joined;
                }
                g_assert_null(merge(mode, layers, G_N_ELEMENTS(layers), &together));
                g_assert_true(document_equal(together, in_turn));
                for (size_t k = 0; k < G_N_ELEMENTS(layers); k++)
                        document_unref(layers[k]);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/merge/mode-names", test_mode_names);
        g_test_add_func("/merge/mode-names/wrong", test_mode_names_wrong);
        g_test_add_func("/merge/deep", test_deep);
        g_test_add_func("/merge/kinds-that-differ", test_kinds_that_differ);
        g_test_add_func("/merge/null", test_null);
        g_test_add_func("/merge/indexes-over-list", test_indexes_over_list);
        g_test_add_func("/merge/append", test_append);
        g_test_add_func("/merge/replace", test_replace);
        g_test_add_func("/merge/several", test_several);
        g_test_add_func("/merge/keys", test_keys);
        g_test_add_func("/merge/only", test_only);
        g_test_add_func("/merge/only/empty", test_only_empty);
        g_test_add_func("/merge/places", test_places);
        g_test_add_func("/merge/borrowed", test_borrowed);
        g_test_add_func("/merge/limit", test_limit);
        g_test_add_func("/merge/deepest", test_deepest);
        g_test_add_func("/merge/random", test_random);
        return g_test_run();
}
