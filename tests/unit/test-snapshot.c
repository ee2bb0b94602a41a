/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots: the same bytes as GLib's, for every kind and size
 */
#include "daemon/model/snapshot.h"
#include "tests/support/generator.h"
#include "tests/support/notation.h"

#include <string.h>

static const Place nowhere = { 0, 0 };

/* GLib's bytes of the document, in the order of bytes that a snapshot has everywhere. */
static GBytes *serialize(const Document *document)
{
        g_autoptr(GVariant) variant = g_variant_ref_sink(snapshot_to_variant(document_root(document)));

        if (G_BYTE_ORDER == G_BIG_ENDIAN) {
                g_autoptr(GVariant) swapped = g_variant_byteswap(variant);

                return g_variant_get_data_as_bytes(swapped);
        }
        return g_variant_get_data_as_bytes(variant);
}

static void assert_same(const Document *document)
{
        g_autoptr(GBytes) found = snapshot_new(document);
        g_autoptr(GBytes) expected = serialize(document);
        size_t found_size, expected_size;
        const void *found_data = g_bytes_get_data(found, &found_size);
        const void *expected_data = g_bytes_get_data(expected, &expected_size);

        g_assert_cmpmem(found_data, found_size, expected_data, expected_size);
}

static void assert_snapshot(const char *text)
{
        g_autoptr(Document) document = notation_parse(text, 0);

        assert_same(document);
}

/* Written down here once by hand, so that not only two programs agree. */
static void test_bytes(void)
{
        static const char expected[] = "ab\0\0\0\0\0\0"
                                       "\1\0b"
                                       "\3\0\0\0\0"
                                       "c\0\0\0\0\0\0\0"
                                       "\xfe\xff\xff\xff\xff\xff\xff\xff\0x"
                                       "\2"
                                       "\x0c\x23";
        g_autoptr(Document) document = notation_parse("{ab: true, c: -2}", 0);
        g_autoptr(GBytes) bytes = snapshot_new(document);
        size_t size;
        const void *data = g_bytes_get_data(bytes, &size);

        g_assert_cmpmem(data, size, expected, sizeof(expected) - 1);
}

static void test_empty(void)
{
        g_autoptr(Document) document = document_new_empty();
        g_autoptr(GBytes) bytes = snapshot_new(document);

        g_assert_cmpuint(g_bytes_get_size(bytes), ==, 0);
        assert_same(document);
}

static void test_kinds(void)
{
        assert_snapshot("{a: null}");
        assert_snapshot("{a: true, b: false}");
        assert_snapshot("{a: 0, b: -1, c: 9223372036854775807, d: -9223372036854775808}");
        assert_snapshot("{a: 9223372036854775808, b: 18446744073709551615}");
        assert_snapshot("{a: 0.0, b: -0.0, c: 1.5e300, d: nan}");
        assert_snapshot("{a: '', b: 'x', c: 'é'}");
        assert_snapshot("{a: []}");
        assert_snapshot("{a: {}}");
        assert_snapshot("{a: [null]}");
        assert_snapshot("{'': {'': ''}}");
        assert_snapshot("{a: [1, [2, [3, []]], {b: [{}, {c: 'x'}]}, 'x', true, null, 1.5]}");
}

/* What a client reads in it, with the types of the contract. */
static void test_types(void)
{
        static const struct {
                const char *value, *type;
        } types[] = {
                { "null", "g" }, { "true", "b" }, { "1", "x" },    { "9223372036854775808", "t" },
                { "1.0", "d" },  { "'1'", "s" },  { "[1]", "av" }, { "{b: 1}", "a{sv}" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                g_autofree char *text = g_strdup_printf("{a: %s}", types[i].value);
                g_autoptr(Document) document = notation_parse(text, 0);
                g_autoptr(GBytes) bytes = snapshot_new(document);
                g_autoptr(GVariant) variant = g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, bytes, FALSE);
                g_autoptr(GVariant) value = NULL;

                g_assert_true(g_variant_is_normal_form(variant));
                value = g_variant_lookup_value(variant, "a", NULL);
                g_assert_nonnull(value);
                g_assert_cmpstr(g_variant_get_type_string(value), ==, types[i].type);
                if (i == 0)
                        g_assert_cmpstr(g_variant_get_string(value, NULL), ==, "");
        }
}

static void assert_string_size(size_t key_length, size_t length)
{
        g_autofree char *key = g_strnfill(key_length, 'k');
        g_autofree char *value = g_strnfill(length, 'v');
        g_autofree char *text = g_strdup_printf("{%s: '%s'}", key, value);
        g_autofree char *nested = g_strdup_printf("{a: ['%s', {%s: 1}], b: 2}", value, key);

        assert_snapshot(text);
        assert_snapshot(nested);
}

/* Around each size at which offsets become wider, an offset more or less counts. */
static void test_offset_widths(void)
{
        for (size_t length = 200; length < 270; length++) {
                assert_string_size(1, length);
                assert_string_size(length, 1);
        }
        for (size_t length = UINT16_MAX - 60; length < UINT16_MAX + 5; length++)
                assert_string_size(1, length);
        for (size_t length = UINT16_MAX - 24; length < UINT16_MAX + 5; length++)
                assert_string_size(length, 1);
}

static void build_members(Builder *builder, unsigned count)
{
        g_assert_null(builder_open_map(builder, nowhere));
        for (unsigned i = 0; i < count; i++) {
                g_autofree char *key = g_strdup_printf("key%u", i);

                builder_add_key(builder, nowhere, key, strlen(key));
                builder_add_boolean(builder, nowhere, i % 2 == 1);
        }
        g_assert_null(builder_close(builder));
}

/* The same by the number of members: their offsets are what makes them wider. */
static void test_counts(void)
{
        static const unsigned starts[] = { 1, 10, 2700, 4000 };

        for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
                for (unsigned count = starts[i]; count < starts[i] + 40; count++) {
                        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
                        g_autoptr(Document) document = NULL;

                        build_members(builder, count);
                        document = builder_end(builder);
                        assert_same(document);
                }
        }
}

/* Many small items that leave no room to spare anywhere, so that the estimate of the size is too low. */
static void test_growth(void)
{
        g_autoptr(GString) text = g_string_new("{a: [");

        for (unsigned i = 0; i < 20000; i++)
                g_string_append(text, i % 3 == 0 ? "{}," : i % 3 == 1 ? "{a:{}}," : "[[1]],");
        g_string_append(text, "]}");
        assert_snapshot(text->str);
}

static void test_deepest(void)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (unsigned i = 0; i < DOCUMENT_MAX_DEPTH; i++)
                g_string_append(text, i % 2 == 0 ? "{a: " : "[1, ");
        for (unsigned i = DOCUMENT_MAX_DEPTH; i > 0; i--)
                g_string_append(text, i == DOCUMENT_MAX_DEPTH ? "2]" : i % 2 == 1 ? "}" : "]");
        assert_snapshot(text->str);
}

static void test_variant_of_scalar(void)
{
        g_autoptr(Document) document = notation_parse("{a: [1, 'x']}", 0);
        const Node *list = &document_root(document)->map->members[0].value;
        g_autoptr(GVariant) variant = NULL;
        g_autofree char *text = NULL;
        GVariant *floating = snapshot_to_variant(list);

        g_assert_true(g_variant_is_floating(floating));
        variant = g_variant_ref_sink(floating);
        text = g_variant_print(variant, TRUE);
        g_assert_cmpstr(text, ==, "[<int64 1>, <'x'>]");
}

static void test_random(void)
{
        for (unsigned i = 0; i < 500; i++) {
                uint8_t bytes[500];
                Generator generator;
                g_autoptr(Document) document = NULL;

                for (size_t k = 0; k < sizeof(bytes); k++)
                        bytes[k] = (uint8_t) g_test_rand_int_range(0, 256);
                generator_init(&generator, bytes, sizeof(bytes));
                document = generator_document(&generator);
                assert_same(document);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/snapshot/bytes", test_bytes);
        g_test_add_func("/snapshot/empty", test_empty);
        g_test_add_func("/snapshot/kinds", test_kinds);
        g_test_add_func("/snapshot/types", test_types);
        g_test_add_func("/snapshot/offset-widths", test_offset_widths);
        g_test_add_func("/snapshot/counts", test_counts);
        g_test_add_func("/snapshot/growth", test_growth);
        g_test_add_func("/snapshot/deepest", test_deepest);
        g_test_add_func("/snapshot/variant", test_variant_of_scalar);
        g_test_add_func("/snapshot/random", test_random);
        return g_test_run();
}
