/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Documents in messages: what is written is what is read, in the types that are promised
 */
#include "daemon/document-bus.h"
#include "tests/support/message-scene.h"

#include <errno.h>
#include <string.h>

static const Place nowhere = { 0 };

static void add_text(Builder *builder, const char *key, const char *text)
{
        builder_add_key(builder, nowhere, key, strlen(key));
        builder_add_string(builder, nowhere, text, strlen(text));
}

/* A document with every type in it, and one number to tell two of them apart. */
static Document *make_document(int64_t number)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);

        g_assert_null(builder_open_map(builder, nowhere));
        builder_add_key(builder, nowhere, "list", 4);
        g_assert_null(builder_open_list(builder, nowhere));
        builder_add_null(builder, nowhere);
        builder_add_boolean(builder, nowhere, true);
        builder_add_boolean(builder, nowhere, false);
        builder_add_integer(builder, nowhere, INT64_MIN);
        builder_add_integer(builder, nowhere, INT64_MAX);
        builder_add_unsigned(builder, nowhere, UINT64_MAX);
        builder_add_double(builder, nowhere, -0.5);
        g_assert_null(builder_open_list(builder, nowhere));
        g_assert_null(builder_close(builder));
        g_assert_null(builder_close(builder));
        builder_add_key(builder, nowhere, "map", 3);
        g_assert_null(builder_open_map(builder, nowhere));
        builder_add_key(builder, nowhere, "", 0);
        builder_add_integer(builder, nowhere, number);
        g_assert_null(builder_close(builder));
        add_text(builder, "text", "äöü\n");
        g_assert_null(builder_close(builder));
        return builder_end(builder);
}

static void test_round_trip(MessageScene *scene, const void *unused)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(Document) before = make_document(7);
        g_autoptr(Document) after = NULL;

        g_assert_cmpint(document_bus_append_variant(scene->m, document_root(before)), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpstr(sd_bus_message_get_signature(scene->m, true), ==, "v");
        g_assert_cmpint(document_bus_read_variant(scene->m, builder), >=, 0);
        g_assert_cmpint(sd_bus_message_at_end(scene->m, true), >, 0);
        after = builder_end(builder);
        g_assert_true(document_equal(before, after));
}

static void test_map(MessageScene *scene, const void *unused)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(Document) before = make_document(7);
        g_autoptr(Document) after = NULL;

        g_assert_cmpint(document_bus_append_map(scene->m, document_root(before)), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpstr(sd_bus_message_get_signature(scene->m, true), ==, "a{sv}");
        g_assert_cmpint(document_bus_read_variant(scene->m, builder), >=, 0);
        after = builder_end(builder);
        g_assert_true(document_equal(before, after));
}

static void test_types(MessageScene *scene, const void *unused)
{
        static const char *const types[] = { "g", "b", "b", "x", "x", "t", "d", "av" };
        g_autoptr(Document) document = make_document(7);
        const Node *list = &node_find_member(document_root(document), "list", 4)->value;
        const char *contents;

        g_assert_cmpint(document_bus_append_variant(scene->m, list), >=, 0);
        g_assert_cmpint(document_bus_append_variant(scene->m, NULL), >=, 0);
        message_scene_seal(scene);

        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'v', "av"), >, 0);
        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'a', "v"), >, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                g_assert_cmpint(sd_bus_message_peek_type(scene->m, NULL, &contents), >, 0);
                g_assert_cmpstr(contents, ==, types[i]);
                g_assert_cmpint(sd_bus_message_skip(scene->m, "v"), >=, 0);
        }
        g_assert_cmpint(sd_bus_message_exit_container(scene->m), >=, 0);
        g_assert_cmpint(sd_bus_message_exit_container(scene->m), >=, 0);
        g_assert_cmpint(sd_bus_message_read(scene->m, "v", "g", &contents), >, 0);
        g_assert_cmpstr(contents, ==, "");
}

static void test_widening(MessageScene *scene, const void *unused)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(Document) document = NULL;
        const Node *root, *node;

        g_assert_cmpint(sd_bus_message_append(scene->m, "a{sv}", 9, "i", "i", -5, "n", "n", -6, "o", "o",
                                              "/a", "q", "q", 7, "s", "a{ss}", 1, "k", "v", "u", "u",
                                              UINT32_MAX, "v", "v", "s", "in", "w", "as", 2, "a", "b", "y",
                                              "y", 9),
                        >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(document_bus_read_variant(scene->m, builder), >=, 0);
        document = builder_end(builder);
        root = document_root(document);

        g_assert_cmpint(node_find_member(root, "i", 1)->value.integer, ==, -5);
        g_assert_cmpint(node_find_member(root, "n", 1)->value.integer, ==, -6);
        g_assert_cmpstr(node_find_member(root, "o", 1)->value.string, ==, "/a");
        g_assert_cmpint(node_find_member(root, "q", 1)->value.integer, ==, 7);
        node = &node_find_member(root, "s", 1)->value;
        g_assert_cmpstr(node_find_member(node, "k", 1)->value.string, ==, "v");
        g_assert_cmpint(node_find_member(root, "u", 1)->value.integer, ==, UINT32_MAX);
        g_assert_cmpstr(node_find_member(root, "v", 1)->value.string, ==, "in");
        node = &node_find_member(root, "w", 1)->value;
        g_assert_cmpint(node->length, ==, 2);
        g_assert_cmpstr(node->list->items[1].string, ==, "b");
        g_assert_cmpint(node_find_member(root, "y", 1)->value.integer, ==, 9);
}

static int read_as_document(MessageScene *scene)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);

        message_scene_seal(scene);
        return document_bus_read_variant(scene->m, builder);
}

static void test_refused_struct(MessageScene *scene, const void *unused)
{
        g_assert_cmpint(sd_bus_message_append(scene->m, "v", "(s)", "x"), >=, 0);
        g_assert_cmpint(read_as_document(scene), ==, -EBADMSG);
}

static void test_refused_key_type(MessageScene *scene, const void *unused)
{
        g_assert_cmpint(sd_bus_message_append(scene->m, "v", "a{is}", 1, 2, "x"), >=, 0);
        g_assert_cmpint(read_as_document(scene), ==, -EBADMSG);
}

static void test_refused_key_twice(MessageScene *scene, const void *unused)
{
        g_assert_cmpint(sd_bus_message_append(scene->m, "a{sv}", 2, "k", "i", 1, "k", "i", 2), >=, 0);
        g_assert_cmpint(read_as_document(scene), ==, -EBADMSG);
}

static void test_refused_nothing(MessageScene *scene, const void *unused)
{
        g_assert_cmpint(read_as_document(scene), ==, -EBADMSG);
}

static void test_refused_depth(MessageScene *scene, const void *unused)
{
        for (unsigned i = 0; i <= DOCUMENT_MAX_DEPTH; i++) {
                g_assert_cmpint(sd_bus_message_open_container(scene->m, 'v', "av"), >=, 0);
                g_assert_cmpint(sd_bus_message_open_container(scene->m, 'a', "v"), >=, 0);
        }
        for (unsigned i = 0; i <= 2 * DOCUMENT_MAX_DEPTH + 1; i++)
                g_assert_cmpint(sd_bus_message_close_container(scene->m), >=, 0);
        g_assert_cmpint(read_as_document(scene), ==, -EBADMSG);
}

static void test_changes(MessageScene *scene, const void *unused)
{
        g_autoptr(Document) before = make_document(7);
        g_autoptr(Document) after = make_document(8);
        g_autoptr(Changes) changes = changes_new(before, after);
        const char *path, *kind;
        bool truncated;
        int64_t old_value, new_value;

        g_assert_cmpint(document_bus_append_changes(scene->m, changes, UINT64_MAX, &truncated), >=, 0);
        g_assert_false(truncated);
        message_scene_seal(scene);
        g_assert_cmpstr(sd_bus_message_get_signature(scene->m, true), ==, "a(ssvv)");
        g_assert_cmpint(sd_bus_message_read(scene->m, "a(ssvv)", 1, &path, &kind, "x", &old_value, "x",
                                            &new_value),
                        >, 0);
        g_assert_cmpstr(path, ==, "map.\"\"");
        g_assert_cmpstr(kind, ==, "modified");
        g_assert_cmpint(old_value, ==, 7);
        g_assert_cmpint(new_value, ==, 8);
}

static void test_changes_one_side(MessageScene *scene, const void *unused)
{
        g_autoptr(Document) before = document_new_empty();
        g_autoptr(Document) after = make_document(8);
        g_autoptr(Changes) changes = changes_new(before, after);
        const char *path, *kind, *none;
        bool truncated;

        g_assert_cmpint(document_bus_append_changes(scene->m, changes, UINT64_MAX, &truncated), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'a', "(ssvv)"), >, 0);
        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'r', "ssvv"), >, 0);
        g_assert_cmpint(sd_bus_message_read(scene->m, "ssv", &path, &kind, "g", &none), >, 0);
        g_assert_cmpstr(path, ==, "list");
        g_assert_cmpstr(kind, ==, "added");
        g_assert_cmpstr(none, ==, "");
}

static void test_changes_truncated(MessageScene *scene, const void *unused)
{
        g_autoptr(Document) before = document_new_empty();
        g_autoptr(Document) after = make_document(8);
        g_autoptr(Changes) changes = changes_new(before, after);
        const Change *first = changes_get(changes, 0);
        unsigned count = 0;
        bool truncated;

        g_assert_cmpuint(changes_count(changes), ==, 3);
        g_assert_cmpint(document_bus_append_changes(scene->m, changes, node_size(first->after) + 100,
                                                    &truncated),
                        >=, 0);
        g_assert_true(truncated);
        message_scene_seal(scene);
        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'a', "(ssvv)"), >, 0);
        while (sd_bus_message_skip(scene->m, "(ssvv)") > 0)
                count++;
        g_assert_cmpuint(count, ==, 1);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

#define ADD(name, function)                                                                   \
        g_test_add("/document-bus/" name, MessageScene, NULL, message_scene_set_up, function, \
                   message_scene_tear_down)
        ADD("round-trip", test_round_trip);
        ADD("map", test_map);
        ADD("types", test_types);
        ADD("widening", test_widening);
        ADD("refused/struct", test_refused_struct);
        ADD("refused/key-type", test_refused_key_type);
        ADD("refused/key-twice", test_refused_key_twice);
        ADD("refused/nothing", test_refused_nothing);
        ADD("refused/depth", test_refused_depth);
        ADD("changes", test_changes);
        ADD("changes/one-side", test_changes_one_side);
        ADD("changes/truncated", test_changes_truncated);
#undef ADD
        return g_test_run();
}
