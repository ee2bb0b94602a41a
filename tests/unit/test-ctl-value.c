/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values, details, changes and snapshots as reconfctl reads them
 */
#include "client/ctl/value.h"
#include "daemon/document-bus.h"
#include "daemon/model/snapshot.h"
#include "tests/support/message-scene.h"
#include "tests/support/notation.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define EVERYTHING                                                                              \
        "{a: [null, true, -1, 18446744073709551615, 2.5, 'ä', [], {}], '': {b: {c: 'x'}}, n: " \
        "9223372036854775807}"

static void test_scalar(MessageScene *scene, const void *unused)
{
        g_autoptr(Document) document = NULL;
        const Node *node;

        g_assert_cmpint(sd_bus_message_append(scene->m, "v", "x", INT64_C(-5)), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(value_read(scene->m, &document, &node), >=, 0);
        g_assert_cmpint(node->kind, ==, NODE_INTEGER);
        g_assert_cmpint(node->integer, ==, -5);
}

/* Nothing that a config may hold is too deep to be read, the root of a full document included. */
static void test_deepest(MessageScene *scene, const void *unused)
{
        g_autoptr(GString) notation = g_string_new(NULL);
        g_autoptr(Document) before = NULL;
        g_autoptr(Document) after = NULL;
        const Node *node;

        for (unsigned i = 0; i < DOCUMENT_MAX_DEPTH; i++)
                g_string_append(notation, i % 2 == 0 ? "{a: " : "[");
        g_string_append(notation, "1");
        for (unsigned i = DOCUMENT_MAX_DEPTH; i > 0; i--)
                g_string_append_c(notation, i % 2 == 0 ? ']' : '}');
        before = notation_parse(notation->str, 0);
        g_assert_cmpuint(node_height(document_root(before)), ==, DOCUMENT_MAX_DEPTH);

        g_assert_cmpint(document_bus_append_variant(scene->m, document_root(before)), >=, 0);
        g_assert_cmpint(document_bus_append_variant(scene->m, &document_root(before)->map->members[0].value),
                        >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(value_read(scene->m, &after, &node), >=, 0);
        g_assert_true(node_equal(node, document_root(before)));
        g_clear_pointer(&after, document_unref);
        g_assert_cmpint(value_read(scene->m, &after, &node), >=, 0);
        g_assert_true(node_equal(node, &document_root(before)->map->members[0].value));
}

static void test_details(MessageScene *scene, const void *unused)
{
        g_autoptr(Document) details = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "a{sv}", 5, "uid", "u", 1000, "time", "t",
                                              UINT64_MAX, "message", "s", "why", "public", "b", 1, "offset",
                                              "i", -1),
                        >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(value_read_map(scene->m, &details), >=, 0);
        g_assert_cmpuint(value_get_unsigned(details, "uid"), ==, 1000);
        g_assert_cmpuint(value_get_unsigned(details, "time"), ==, UINT64_MAX);
        g_assert_cmpuint(value_get_unsigned(details, "offset"), ==, 0);
        g_assert_cmpuint(value_get_unsigned(details, "message"), ==, 0);
        g_assert_cmpuint(value_get_unsigned(details, "none"), ==, 0);
        g_assert_cmpstr(value_get_string(details, "message"), ==, "why");
        g_assert_null(value_get_string(details, "uid"));
        g_assert_null(value_get_string(details, "none"));
        g_assert_true(value_get_boolean(details, "public"));
        g_assert_false(value_get_boolean(details, "uid"));
        g_assert_false(value_get_boolean(details, "none"));
        g_assert_null(value_get(details, "none"));
}

static void test_no_map(MessageScene *scene, const void *unused)
{
        Document *document = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "as", 1, "a"), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(value_read_map(scene->m, &document), ==, -EBADMSG);
        g_assert_null(document);
}

static void test_changes(MessageScene *scene, const void *unused)
{
        g_autoptr(Document) before = notation_parse("{a: 1, b: null, d: {e: 1}}", 0);
        g_autoptr(Document) after = notation_parse("{b: [1, 2], c: null, d: {e: 2}}", 0);
        g_autoptr(ChangeList) list = NULL;
        g_autoptr(Changes) changes = changes_new(before, after);

        message_scene_seal_changes(scene, before, after);
        g_assert_cmpint(change_list_read(scene->m, &list), >=, 0);
        g_assert_cmpuint(list->items->len, ==, 4);
        for (guint i = 0; i < list->items->len; i++) {
                const Change *read = &g_array_index(list->items, Change, i);
                const Change *written = changes_get(changes, i);

                g_assert_cmpstr(read->path, ==, written->path);
                g_assert_cmpint(read->kind, ==, written->kind);
                g_assert_true(!read->before == !written->before);
                g_assert_true(!read->after == !written->after);
                g_assert_true(!read->before || node_equal(read->before, written->before));
                g_assert_true(!read->after || node_equal(read->after, written->after));
        }
}

static void test_no_changes(MessageScene *scene, const void *unused)
{
        g_autoptr(Document) document = notation_parse("{a: 1}", 0);
        g_autoptr(ChangeList) list = NULL;

        message_scene_seal_changes(scene, document, document);
        g_assert_cmpint(change_list_read(scene->m, &list), >=, 0);
        g_assert_cmpuint(list->items->len, ==, 0);
}

static void test_unknown_kind(MessageScene *scene, const void *unused)
{
        ChangeList *list = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "a(ssvv)", 1, "a", "moved", "i", 1, "i", 2), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(change_list_read(scene->m, &list), ==, -EBADMSG);
        g_assert_null(list);
}

static int open_memfd(const void *data, size_t length)
{
        int fd = memfd_create("test", MFD_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, data, length), ==, (gssize) length);
        return fd;
}

static void assert_snapshot(const char *notation)
{
        g_autoptr(Document) before = notation_parse(notation, 0);
        g_autoptr(GBytes) bytes = snapshot_new(before);
        g_autoptr(Document) after = NULL;
        gsize length;
        const void *data = g_bytes_get_data(bytes, &length);
        int fd = open_memfd(data, length);

        g_assert_cmpint(value_read_snapshot(fd, &after), >=, 0);
        g_assert_true(document_equal(before, after));
        close(fd);
}

static void test_snapshot(void)
{
        assert_snapshot(EVERYTHING);
        assert_snapshot("{}");
}

static void test_bad_snapshot(void)
{
        Document *document = NULL;
        GVariantDict dict;
        g_autoptr(GVariant) variant = NULL;
        int fd;

        g_variant_dict_init(&dict, NULL);
        g_variant_dict_insert(&dict, "a", "(ii)", 1, 2);
        variant = g_variant_ref_sink(g_variant_dict_end(&dict));
        fd = open_memfd(g_variant_get_data(variant), g_variant_get_size(variant));
        g_assert_cmpint(value_read_snapshot(fd, &document), ==, -EBADMSG);
        g_assert_null(document);
        close(fd);

        fd = open_memfd("\xff\xfe\xfd\xfc\xfb", 5);
        g_assert_cmpint(value_read_snapshot(fd, &document), ==, -EBADMSG);
        g_assert_null(document);
        close(fd);
        g_assert_cmpint(value_read_snapshot(-1, &document), ==, -EBADF);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

#define ADD(name, function)                                                                \
        g_test_add("/ctl-value/" name, MessageScene, NULL, message_scene_set_up, function, \
                   message_scene_tear_down)
        ADD("scalar", test_scalar);
        ADD("deepest", test_deepest);
        ADD("details", test_details);
        ADD("no-map", test_no_map);
        ADD("changes", test_changes);
        ADD("no-changes", test_no_changes);
        ADD("unknown-kind", test_unknown_kind);
#undef ADD
        g_test_add_func("/ctl-value/snapshot", test_snapshot);
        g_test_add_func("/ctl-value/bad-snapshot", test_bad_snapshot);
        return g_test_run();
}
