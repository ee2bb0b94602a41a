/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serials: any bytes are refused, or can be read everywhere, as GLib reads them
 *
 * The first byte chooses. Either all the others are what serial_check() gets, or a document is made of them,
 * which has to pass, and some of its bytes are changed.
 */
#include "client/lib/serial.h"
#include "daemon/model/snapshot.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/generator.h"

/* Reads all that is there; each value as GLib has it. */
static void read_all(const Serial *value, GVariant *variant);

static void read_map(const Serial *map, GVariant *variant)
{
        SerialArray array = serial_array(map);

        g_assert_cmpuint(array.length, ==, g_variant_n_children(variant));
        for (size_t i = 0; i < array.length; i++) {
                SerialMember member = serial_member(&array, i);
                g_autoptr(GVariant) entry = g_variant_get_child_value(variant, i);
                g_autoptr(GVariant) key = g_variant_get_child_value(entry, 0);
                g_autoptr(GVariant) child = g_variant_get_child_value(entry, 1);
                g_autoptr(GVariant) inner = g_variant_get_variant(child);

                g_assert_cmpstr(member.key, ==, g_variant_get_string(key, NULL));
                read_all(&member.value, inner);
        }
}

static void read_list(const Serial *list, GVariant *variant)
{
        SerialArray array = serial_array(list);

        g_assert_cmpuint(array.length, ==, g_variant_n_children(variant));
        for (size_t i = 0; i < array.length; i++) {
                Serial item = serial_item(&array, i);
                g_autoptr(GVariant) child = g_variant_get_child_value(variant, i);
                g_autoptr(GVariant) inner = g_variant_get_variant(child);

                read_all(&item, inner);
        }
}

static void read_all(const Serial *value, GVariant *variant)
{
        g_assert_true(g_variant_is_of_type(variant, serial_type(value)));
        if (value->kind == SERIAL_MAP)
                read_map(value, variant);
        else if (value->kind == SERIAL_LIST)
                read_list(value, variant);
        else if (value->kind == SERIAL_STRING)
                g_assert_cmpstr(serial_string(value), ==, g_variant_get_string(variant, NULL));
        else
                g_assert_cmpmem(value->data, value->size, g_variant_get_data(variant),
                                g_variant_get_size(variant));
}

static void check(const uint8_t *data, size_t size, bool must_pass)
{
        /* At a multiple of 8, and with nothing behind it. */
        g_autofree uint8_t *copy = g_memdup2(data, size);
        g_autoptr(GBytes) bytes = g_bytes_new(data, size);
        g_autoptr(GVariant) variant =
                        g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, bytes, FALSE));
        size_t large_members;
        Serial root;

        if (!serial_check(copy, size, 4, &large_members)) {
                g_assert_false(must_pass);
                return;
        }
        if (G_BYTE_ORDER == G_BIG_ENDIAN) {
                GVariant *swapped = g_variant_byteswap(variant);

                g_variant_unref(g_steal_pointer(&variant));
                variant = swapped;
        }
        root = serial_root(copy, size);
        read_all(&root, variant);
}

static void check_made(const uint8_t *data, size_t size)
{
        Generator generator;
        g_autoptr(Document) document = NULL;
        g_autofree uint8_t *bytes = NULL;
        size_t length;

        generator_init(&generator, data, size);
        document = generator_document(&generator);
        bytes = g_bytes_unref_to_data(snapshot_new(document), &length);
        check(bytes, length, true);
        /* Two of the input's last bytes say where, one what. */
        for (size_t i = size; i >= 3 && i + 12 > size && length > 0; i -= 3)
                bytes[(data[i - 1] << 8 | data[i - 2]) % length] = data[i - 3];
        check(bytes, length, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size == 0)
                return 0;
        if (data[0] % 2 == 0)
                check(data + 1, size - 1, false);
        else
                check_made(data + 1, size - 1);
        return 0;
}
