/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots of the library: the same values as GLib finds, and no others; bad bytes refused
 */
#include "client/lib/reconf/error.h"
#include "client/lib/reconf/path.h"
#include "client/lib/snapshot-private.h"
#include "daemon/memfd.h"
#include "daemon/model/path.h"
#include "daemon/model/snapshot.h"
#include "tests/support/generator.h"
#include "tests/support/notation.h"

#include <string.h>
#include <unistd.h>

#define TEXT                                                                                        \
        "{database: {host: 'db.example', pool: {size: 20, wait: 1.5}}, big: 18446744073709551615, " \
        "'example.com': {'a\"b': true}, flags: [true, false], names: ['x', 'y'], nothing: null, "   \
        "negative: -3, empty: {}, none: [], longer-than-eight: {longer-than-nine: 1, "              \
        "longer-than-eight: 2, longer-t: 3, longer-th: 4}}"

static ReconfSnapshot *take_document(const Document *document)
{
        g_autoptr(GBytes) bytes = snapshot_new(document);
        g_autoptr(GError) error = NULL;
        ReconfSnapshot *snapshot = reconf_snapshot_new_from_bytes(1, bytes, &error);

        g_assert_no_error(error);
        return snapshot;
}

static ReconfSnapshot *take(const char *notation)
{
        g_autoptr(Document) document = notation_parse(notation, 0);

        return take_document(document);
}

static void test_getters(void)
{
        g_autoptr(ReconfSnapshot) snapshot = take(TEXT);

        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "database.pool.size", 5), ==, 20);
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "negative", 5), ==, -3);
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "big", 5), ==, 5);
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "database.host", 5), ==, 5);
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "database.pool.wait", 5), ==, 5);
        g_assert_cmpuint(reconf_snapshot_get_uint(snapshot, "big", 5), ==, G_MAXUINT64);
        g_assert_cmpuint(reconf_snapshot_get_uint(snapshot, "database.pool.size", 5), ==, 20);
        g_assert_cmpuint(reconf_snapshot_get_uint(snapshot, "negative", 5), ==, 5);
        g_assert_cmpfloat(reconf_snapshot_get_double(snapshot, "database.pool.wait", 5), ==, 1.5);
        g_assert_cmpfloat(reconf_snapshot_get_double(snapshot, "database.pool.size", 5), ==, 20.0);
        g_assert_cmpfloat(reconf_snapshot_get_double(snapshot, "negative", 5), ==, -3.0);
        g_assert_cmpfloat(reconf_snapshot_get_double(snapshot, "flags", 5), ==, 5.0);
        g_assert_true(reconf_snapshot_get_boolean(snapshot, "flags.0", FALSE));
        g_assert_false(reconf_snapshot_get_boolean(snapshot, "flags.1", TRUE));
        g_assert_true(reconf_snapshot_get_boolean(snapshot, "flags.2", TRUE));
        g_assert_cmpstr(reconf_snapshot_get_string(snapshot, "database.host", NULL), ==, "db.example");
        g_assert_cmpstr(reconf_snapshot_get_string(snapshot, "database.port", "none"), ==, "none");
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "longer-than-eight.longer-than-eight", 0), ==, 2);
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "longer-than-eight.longer-t", 0), ==, 3);
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "longer-than-eight.longer-th", 0), ==, 4);
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "longer-than-eight.longer-tha", 0), ==, 0);
        g_assert_true(reconf_snapshot_get_boolean(snapshot, "\"example.com\".\"a\\\"b\"", FALSE));
        g_assert_true(reconf_snapshot_get_boolean(snapshot, "\"flags\".\"0\"", FALSE));
}

static void test_has(void)
{
        static const char *const there[] = { "",      "database", "nothing",     "flags.0",
                                             "empty", "none",     "\"database\"" };
        static const char *const missing[] = { "databas",
                                               "databases",
                                               "flags.2",
                                               "flags.-1",
                                               "flags.00",
                                               "flags.",
                                               ".flags",
                                               "flags.01",
                                               "none.0",
                                               "empty.a",
                                               "big.a",
                                               "\"flags",
                                               "\"a\\x\"",
                                               "data base",
                                               "a..b",
                                               "\"flags\"0",
                                               "\"\"",
                                               "flags.4294967296",
                                               "flags.18446744073709551616" };
        g_autoptr(ReconfSnapshot) snapshot = take(TEXT);

        for (size_t i = 0; i < G_N_ELEMENTS(there); i++)
                g_assert_true(reconf_snapshot_has(snapshot, there[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(missing); i++)
                g_assert_false(reconf_snapshot_has(snapshot, missing[i]));
        g_assert_false(reconf_snapshot_has(snapshot, NULL));
        g_assert_null(reconf_snapshot_get_value_type(snapshot, "missing"));
        g_assert_true(g_variant_type_equal(reconf_snapshot_get_value_type(snapshot, "nothing"),
                                           G_VARIANT_TYPE_SIGNATURE));
}

static void test_containers(void)
{
        static const char *const keys[] = { "host", "pool", NULL };
        static const char *const names[] = { "x", "y", NULL };
        g_autoptr(ReconfSnapshot) snapshot = take(TEXT);
        g_auto(GStrv) found_keys = reconf_snapshot_dup_keys(snapshot, "database");
        g_auto(GStrv) found_names = reconf_snapshot_dup_strv(snapshot, "names");

        g_assert_cmpstrv(found_keys, keys);
        g_assert_cmpstrv(found_names, names);
        g_assert_null(reconf_snapshot_dup_strv(snapshot, "flags"));
        g_assert_null(reconf_snapshot_dup_strv(snapshot, "database"));
        g_assert_null(reconf_snapshot_dup_keys(snapshot, "flags"));
        g_assert_cmpuint(reconf_snapshot_n_children(snapshot, "database"), ==, 2);
        g_assert_cmpuint(reconf_snapshot_n_children(snapshot, "flags"), ==, 2);
        g_assert_cmpuint(reconf_snapshot_n_children(snapshot, "empty"), ==, 0);
        g_assert_cmpuint(reconf_snapshot_n_children(snapshot, "big"), ==, 0);
}

static void test_lookup(void)
{
        g_autoptr(ReconfSnapshot) snapshot = take(TEXT);
        g_autoptr(GVariant) pool =
                        reconf_snapshot_lookup_value(snapshot, "database.pool", G_VARIANT_TYPE_VARDICT);
        const char *host = NULL;
        gint64 size = 0;

        g_assert_true(reconf_snapshot_lookup(snapshot, "database.pool.size", "x", &size));
        g_assert_cmpint(size, ==, 20);
        g_assert_false(reconf_snapshot_lookup(snapshot, "database.pool.size", "&s", &host));
        g_assert_false(reconf_snapshot_lookup(snapshot, "missing", "&s", &host));
        g_assert_null(host);
        g_assert_true(reconf_snapshot_lookup(snapshot, "database.host", "&s", &host));
        g_assert_cmpstr(host, ==, "db.example");
        g_assert_true(g_variant_lookup(pool, "size", "x", &size));
        g_assert_null(reconf_snapshot_lookup_value(snapshot, "database.pool", G_VARIANT_TYPE_INT64));
}

static void test_iter(void)
{
        g_autoptr(ReconfSnapshot) snapshot =
                        take("{servers: [{host: 'a', port: 1}, {host: 'b'}], m: {x: 1, y: [2]}}");
        const char *key = NULL;
        ReconfIter iter;

        g_assert_true(reconf_iter_init(&iter, snapshot, "servers"));
        g_assert_true(reconf_iter_next(&iter, &key));
        g_assert_null(key);
        g_assert_cmpstr(reconf_iter_get_string(&iter, "host", NULL), ==, "a");
        g_assert_cmpint(reconf_iter_get_int(&iter, "port", 80), ==, 1);
        g_assert_true(reconf_iter_next(&iter, NULL));
        g_assert_cmpstr(reconf_iter_get_string(&iter, "host", NULL), ==, "b");
        g_assert_cmpint(reconf_iter_get_int(&iter, "port", 80), ==, 80);
        g_assert_false(reconf_iter_next(&iter, NULL));
        g_assert_false(reconf_iter_has(&iter, ""));

        g_assert_true(reconf_iter_init(&iter, snapshot, "m"));
        g_assert_true(reconf_iter_next(&iter, &key));
        g_assert_cmpstr(key, ==, "x");
        g_assert_cmpint(reconf_iter_get_int(&iter, "", 0), ==, 1);
        g_assert_true(reconf_iter_next(&iter, &key));
        g_assert_cmpstr(key, ==, "y");
        g_assert_cmpint(reconf_iter_get_int(&iter, "0", 0), ==, 2);

        g_assert_false(reconf_iter_init(&iter, snapshot, "m.x"));
        g_assert_false(reconf_iter_next(&iter, &key));
}

/* One on the heap, as other languages have it, outlives whom it came from. */
static void test_iter_kept(void)
{
        ReconfSnapshot *snapshot = take("{m: {x: 1, y: 2}}");
        ReconfIter *iter = reconf_iter_new(snapshot, "m");
        g_autoptr(ReconfIter) copy = NULL;
        const char *key;

        reconf_snapshot_unref(snapshot);
        g_assert_true(reconf_iter_next(iter, NULL));
        copy = g_boxed_copy(RECONF_TYPE_ITER, iter);
        reconf_iter_free(iter);
        g_assert_cmpint(reconf_iter_get_int(copy, "", 0), ==, 1);
        g_assert_true(reconf_iter_next(copy, &key));
        g_assert_cmpstr(key, ==, "y");
        g_assert_false(reconf_iter_next(copy, NULL));
}

/* Holds what is at a path, and all below, to be what GLib has there. */
static void assert_same(ReconfSnapshot *snapshot, const char *path, const Node *node)
{
        g_autoptr(GVariant) expected = g_variant_ref_sink(snapshot_to_variant(node));
        g_autoptr(GVariant) found = reconf_snapshot_get_variant(snapshot, path);

        g_assert_nonnull(found);
        g_assert_cmpvariant(found, expected);
        g_assert_true(g_variant_is_normal_form(found));

        if (node->kind == NODE_INTEGER)
                g_assert_cmpint(reconf_snapshot_get_int(snapshot, path, ~node->integer), ==, node->integer);
        if (node->kind == NODE_STRING)
                g_assert_cmpstr(reconf_snapshot_get_string(snapshot, path, NULL), ==, node->string);
        if (node->kind != NODE_MAP && node->kind != NODE_LIST)
                return;
        g_assert_cmpuint(reconf_snapshot_n_children(snapshot, path), ==, node->length);
        for (uint32_t i = 0; i < node->length; i++) {
                g_autofree char *index = g_strdup_printf("%u", i);
                const Member *member = node->kind == NODE_MAP ? &node->map->members[i] : NULL;
                g_autofree char *below = reconf_path_append(path, member ? member->key : index);

                assert_same(snapshot, below, member ? &member->value : &node->list->items[i]);
        }
}

static void test_same_as_glib(void)
{
        g_autoptr(GRand) random = g_rand_new_with_seed(7);

        for (unsigned i = 0; i < 300; i++) {
                uint8_t bytes[400];
                Generator generator;
                g_autoptr(Document) document = NULL;
                g_autoptr(ReconfSnapshot) snapshot = NULL;
                size_t length = (size_t) g_rand_int_range(random, 0, sizeof bytes);

                for (size_t j = 0; j < length; j++)
                        bytes[j] = (uint8_t) g_rand_int(random);
                generator_init(&generator, bytes, length);
                document = generator_document(&generator);
                snapshot = take_document(document);
                assert_same(snapshot, "", document_root(document));
        }
}

/* Maps above and below the size from which on there is a table, with keys that begin alike. */
static void test_large(void)
{
        static const unsigned sizes[] = { MEMBER_TABLE_LARGE - 1, MEMBER_TABLE_LARGE, 5000 };

        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autoptr(GString) text = g_string_new("{list: [{");
                g_autoptr(Document) document = NULL;
                g_autoptr(ReconfSnapshot) snapshot = NULL;

                for (unsigned j = 0; j < sizes[i]; j++)
                        g_string_append_printf(text, "%scommon-%u: %u", j > 0 ? ", " : "", j, j);
                g_string_append(text, ", 'a\"b': {x: 1}}, 1]}");
                document = notation_parse(text->str, 0);
                snapshot = take_document(document);
                assert_same(snapshot, "", document_root(document));
                g_assert_false(reconf_snapshot_has(snapshot, "list.0.common-"));
                g_assert_false(reconf_snapshot_has(snapshot, "list.0.common-99999"));
                g_assert_false(reconf_snapshot_has(snapshot, "list.0.b"));
        }
}

/* As deep as documents may be. */
static void test_deep(void)
{
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) path = g_string_new(NULL);
        g_autoptr(ReconfSnapshot) snapshot = NULL;

        for (unsigned i = 0; i < DOCUMENT_MAX_DEPTH; i++) {
                g_string_append(text, "{k: ");
                g_string_append(path, i > 0 ? ".k" : "k");
        }
        g_string_append_c(text, '1');
        for (unsigned i = 0; i < DOCUMENT_MAX_DEPTH; i++)
                g_string_append_c(text, '}');
        snapshot = take(text->str);
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, path->str, 0), ==, 1);
}

static void assert_refused(GVariant *variant)
{
        g_autoptr(GVariant) value = g_variant_ref_sink(variant);
        g_autoptr(GBytes) bytes = g_variant_get_data_as_bytes(value);
        g_autoptr(GError) error = NULL;

        g_assert_null(reconf_snapshot_new_from_bytes(1, bytes, &error));
        g_assert_error(error, RECONF_ERROR, RECONF_ERROR_INVALID_ARGUMENT);
}

static void test_refused(void)
{
        assert_refused(g_variant_new_parsed("{'b': <@x 1>, 'a': <@x 1>}"));
        assert_refused(g_variant_new_parsed("{'a': <@x 1>, 'a': <@x 1>}"));
        assert_refused(g_variant_new_parsed("{'a': <@i 1>}"));
        assert_refused(g_variant_new_parsed("{'a': <@as []>}"));
        assert_refused(g_variant_new_parsed("{'a': <@g 'x'>}"));
        assert_refused(g_variant_new_parsed("{'a': <[<@y 1>]>}"));
        assert_refused(g_variant_new_parsed("{'a': <{'c': <@x 1>, 'b': <@x 1>}>}"));
        assert_refused(g_variant_new_parsed("{'a': <<@x 1>>}"));
        assert_refused(g_variant_new_parsed("{'a': <@a{ss} {}>}"));
}

/* Whatever single byte of a document is another one, or cut off: refused, or read within its bounds. */
static void test_broken(void)
{
        g_autoptr(Document) document = notation_parse(TEXT, 0);
        g_autoptr(GBytes) bytes = snapshot_new(document);
        gsize size;
        const uint8_t *data = g_bytes_get_data(bytes, &size);

        for (gsize i = 0; i < size; i++) {
                for (unsigned flip = 1; flip < 256; flip <<= 1) {
                        g_autofree uint8_t *copy = g_memdup2(data, size);
                        g_autoptr(GBytes) broken = NULL;
                        g_autoptr(ReconfSnapshot) snapshot = NULL;

                        copy[i] ^= (uint8_t) flip;
                        broken = g_bytes_new(copy, flip == 1 ? i : size);
                        snapshot = reconf_snapshot_new_from_bytes(1, broken, NULL);
                        if (!snapshot)
                                continue;
                        (void) reconf_snapshot_get_int(snapshot, "database.pool.size", 0);
                        (void) reconf_snapshot_has(snapshot, "longer-than-eight.longer-than-nine");
                }
        }
}

static void test_unaligned(void)
{
        g_autoptr(Document) document = notation_parse(TEXT, 0);
        g_autoptr(GBytes) bytes = snapshot_new(document);
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        g_autofree uint8_t *copy = g_malloc(size + 1);
        g_autoptr(GBytes) whole = NULL;
        g_autoptr(GBytes) shifted = NULL;
        g_autoptr(ReconfSnapshot) snapshot = NULL;

        memcpy(copy + 1, data, size);
        whole = g_bytes_new_take(g_steal_pointer(&copy), size + 1);
        shifted = g_bytes_new_from_bytes(whole, 1, size);
        snapshot = reconf_snapshot_new_from_bytes(1, shifted, NULL);
        assert_same(snapshot, "", document_root(document));
}

static void assert_from_fd(int fd, GBytes *bytes)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(ReconfSnapshot) expected = reconf_snapshot_new_from_bytes(1, bytes, NULL);
        g_autoptr(ReconfSnapshot) snapshot = reconf_snapshot_new_from_fd(7, fd, &error);

        g_assert_no_error(error);
        g_assert_cmpuint(reconf_snapshot_get_version(snapshot), ==, 7);
        g_assert_true(reconf_snapshot_equal(snapshot, expected));
        close(fd);
}

static void test_fd(void)
{
        g_autoptr(Document) document = notation_parse(TEXT, 0);
        g_autoptr(Document) empty = document_new_empty();
        g_autoptr(GBytes) bytes = snapshot_new(document);
        g_autoptr(GBytes) nothing = snapshot_new(empty);
        g_autoptr(GError) error = NULL;
        g_autofree char *name = NULL;
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);
        int fd;

        assert_from_fd(memfd_new_sealed("test", bytes), bytes);
        assert_from_fd(memfd_new_sealed("test", nothing), nothing);

        fd = g_file_open_tmp("reconf-XXXXXX", &name, &error);
        g_assert_no_error(error);
        g_assert_cmpint(write(fd, data, size), ==, size);
        unlink(name);
        assert_from_fd(fd, bytes);

        g_assert_null(reconf_snapshot_new_from_fd(1, -1, &error));
        g_assert_nonnull(error);
}

static void test_equal(void)
{
        g_autoptr(ReconfSnapshot) a = take(TEXT);
        g_autoptr(ReconfSnapshot) b = take(TEXT);
        g_autoptr(ReconfSnapshot) c = take("{a: 1}");
        g_autoptr(ReconfSnapshot) empty = take("{}");

        g_assert_true(reconf_snapshot_equal(a, b));
        g_assert_false(reconf_snapshot_equal(a, c));
        g_assert_false(reconf_snapshot_equal(c, empty));
        g_assert_true(reconf_snapshot_equal(empty, empty));
}

static void test_paths(void)
{
        g_autofree char *path = reconf_path_append("hosts", "example.com");
        g_autoptr(GError) error = NULL;

        g_assert_cmpstr(path, ==, "hosts.\"example.com\"");
        g_assert_true(reconf_path_is_valid(path, NULL));
        g_assert_false(reconf_path_is_valid("a..b", &error));
        g_assert_error(error, RECONF_ERROR, RECONF_ERROR_INVALID_PATH);
}

static void test_split(void)
{
        g_auto(GStrv) segments = reconf_path_split("hosts.\"example.com\".\"\".0", NULL);
        g_auto(GStrv) none = reconf_path_split("", NULL);
        g_autoptr(GError) error = NULL;

        g_assert_cmpstrv(segments, ((const char *const[]){ "hosts", "example.com", "", "0", NULL }));
        g_assert_cmpuint(g_strv_length(none), ==, 0);
        g_assert_null(reconf_path_split("a..b", &error));
        g_assert_error(error, RECONF_ERROR, RECONF_ERROR_INVALID_PATH);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/lib-snapshot/getters", test_getters);
        g_test_add_func("/lib-snapshot/has", test_has);
        g_test_add_func("/lib-snapshot/containers", test_containers);
        g_test_add_func("/lib-snapshot/lookup", test_lookup);
        g_test_add_func("/lib-snapshot/iter", test_iter);
        g_test_add_func("/lib-snapshot/iter-kept", test_iter_kept);
        g_test_add_func("/lib-snapshot/same-as-glib", test_same_as_glib);
        g_test_add_func("/lib-snapshot/large", test_large);
        g_test_add_func("/lib-snapshot/deep", test_deep);
        g_test_add_func("/lib-snapshot/refused", test_refused);
        g_test_add_func("/lib-snapshot/broken", test_broken);
        g_test_add_func("/lib-snapshot/unaligned", test_unaligned);
        g_test_add_func("/lib-snapshot/fd", test_fd);
        g_test_add_func("/lib-snapshot/equal", test_equal);
        g_test_add_func("/lib-snapshot/paths", test_paths);
        g_test_add_func("/lib-snapshot/split", test_split);
        return g_test_run();
}
