/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots: of any document the bytes that GLib writes
 */
#include "daemon/model/snapshot.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/generator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Generator generator;
        g_autoptr(Document) document = NULL;
        g_autoptr(GVariant) variant = NULL;
        g_autoptr(GVariant) expected = NULL;
        g_autoptr(GBytes) bytes = NULL;
        g_autofree void *snapshot = NULL;
        size_t length;

        generator_init(&generator, data, size);
        document = generator_document(&generator);
        bytes = snapshot_new(document);
        variant = g_variant_ref_sink(snapshot_to_variant(document_root(document)));
        expected = G_BYTE_ORDER == G_BIG_ENDIAN ? g_variant_byteswap(variant) : g_variant_ref(variant);

        snapshot = g_bytes_unref_to_data(g_steal_pointer(&bytes), &length);
        g_assert_cmpmem(snapshot, length, g_variant_get_data(expected), g_variant_get_size(expected));
        return 0;
}
