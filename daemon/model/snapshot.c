/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The serialization of GVariant, as far as documents need it:
 *
 *  - a map is an array of dict entries {sv}, a list an array of variants. Elements start at multiples of 8;
 * behind the last one stand the framing offsets, one for the end of each, counted from the array's start. An
 * empty array is no bytes at all.
 *  - a dict entry is the key with its NUL, zeros up to a multiple of 8, the variant, and one framing offset:
 * the end of the key.
 *  - a variant is the value's bytes, a NUL, and the type string.
 *  - framing offsets are as wide as the container's own size, they included, needs: 1, 2, 4 or 8 bytes.
 *
 * Whatever is aligned within its container is so within the whole, too, since each container that holds
 * aligned things starts at a multiple of 8 itself. That is why one pass that only appends will do.
 */
#include "daemon/model/snapshot.h"

#include <string.h>

#define ALIGNMENT 8U

/* The most that surrounds a key or a scalar: zeros before it, a number, NULs, type string, a framing offset.
 */
#define ROOM_AROUND 64U

typedef struct Writer {
        uint8_t *data;
        size_t length;
        size_t allocated;
        GArray *ends; /* of size_t: where the elements of all open containers end, the innermost's last */
} Writer;

static void write_map(Writer *writer, const Node *map);
static void write_list(Writer *writer, const Node *list);

/* All other functions write without asking: whoever calls them made the room. */
static inline void writer_make_room(Writer *writer, size_t size)
{
        if (G_LIKELY(writer->allocated - writer->length >= size))
                return;

        writer->allocated = MAX(writer->allocated * 2, writer->length + size);
        writer->data = g_realloc(writer->data, writer->allocated);
}

static inline void write_bytes(Writer *writer, const void *bytes, size_t length)
{
        memcpy(writer->data + writer->length, bytes, length);
        writer->length += length;
}

static inline void write_word(Writer *writer, uint64_t word)
{
        word = GUINT64_TO_LE(word);
        write_bytes(writer, &word, sizeof(word));
}

static inline void write_alignment(Writer *writer)
{
        static const uint8_t zeros[ALIGNMENT] = { 0 };

        write_bytes(writer, zeros, -writer->length % ALIGNMENT);
}

static inline void write_offset(Writer *writer, uint64_t offset, unsigned width)
{
        offset = GUINT64_TO_LE(offset);
        write_bytes(writer, &offset, width);
}

/* How wide count framing offsets behind a body of that size are. */
static unsigned offset_width(uint64_t body, uint64_t count)
{
        if (body + count <= UINT8_MAX)
                return 1;
        if (body + 2 * count <= UINT16_MAX)
                return 2;
        if (body + 4 * count <= UINT32_MAX)
                return 4;
        return 8;
}

/* The value's bytes, a NUL and the type string; starts at a multiple of 8. */
static void write_variant(Writer *writer, const Node *node)
{
        switch ((NodeKind) node->kind) {
        case NODE_NULL: /* a signature without types: only its NUL */
                write_bytes(writer, "\0\0g", 3);
                return;
        case NODE_BOOLEAN:
                write_bytes(writer, node->boolean ? "\1\0b" : "\0\0b", 3);
                return;
        case NODE_INTEGER:
                write_word(writer, (uint64_t) node->integer);
                write_bytes(writer, "\0x", 2);
                return;
        case NODE_UNSIGNED:
                write_word(writer, node->unsigned_integer);
                write_bytes(writer, "\0t", 2);
                return;
        case NODE_DOUBLE: {
                uint64_t word;

                memcpy(&word, &node->number, sizeof(word));
                write_word(writer, word);
                write_bytes(writer, "\0d", 2);
                return;
        }
        case NODE_STRING:
                writer_make_room(writer, node->length + ROOM_AROUND);
                write_bytes(writer, node->string, node->length);
                write_bytes(writer, "\0\0s", 3);
                return;
        case NODE_LIST:
                write_list(writer, node);
                writer_make_room(writer, ROOM_AROUND);
                write_bytes(writer, "\0av", 3);
                return;
        case NODE_MAP:
                write_map(writer, node);
                writer_make_room(writer, ROOM_AROUND);
                write_bytes(writer, "\0a{sv}", 6);
                return;
        }
}

/* Ends an array that began at start, with its elements' ends taken from the writer's. */
static void write_ends(Writer *writer, size_t start, uint32_t count)
{
        unsigned width = offset_width(writer->length - start, count);
        guint first = writer->ends->len - count;

        writer_make_room(writer, (size_t) count * width);
        for (uint32_t i = 0; i < count; i++)
                write_offset(writer, g_array_index(writer->ends, size_t, first + i) - start, width);
        g_array_set_size(writer->ends, first);
}

static void write_list(Writer *writer, const Node *list)
{
        size_t start = writer->length;

        for (uint32_t i = 0; i < list->length; i++) {
                writer_make_room(writer, ROOM_AROUND);
                write_alignment(writer);
                write_variant(writer, &list->list->items[i]);
                g_array_append_val(writer->ends, writer->length);
        }
        write_ends(writer, start, list->length);
}

static void write_map(Writer *writer, const Node *map)
{
        size_t start = writer->length;

        for (uint32_t i = 0; i < map->length; i++) {
                const Member *member = &map->map->members[i];
                size_t entry;

                writer_make_room(writer, member->key_length + ROOM_AROUND);
                write_alignment(writer);
                entry = writer->length;
                write_bytes(writer, member->key, (size_t) member->key_length + 1);
                write_alignment(writer);
                write_variant(writer, &member->value);
                writer_make_room(writer, ROOM_AROUND);
                write_offset(writer, (uint64_t) member->key_length + 1,
                             offset_width(writer->length - entry, 1));
                g_array_append_val(writer->ends, writer->length);
        }
        write_ends(writer, start, map->length);
}

GBytes *snapshot_new(const Document *document)
{
        const Node *root = document_root(document);
        Writer writer = {
                .allocated = node_size(root) + ROOM_AROUND,
                .ends = g_array_sized_new(FALSE, FALSE, sizeof(size_t), root->length),
        };

        writer.data = g_malloc(writer.allocated);
        write_map(&writer, root);
        g_array_unref(writer.ends);
        return g_bytes_new_take(g_realloc(writer.data, writer.length), writer.length);
}

static GVariant *list_to_variant(const Node *list)
{
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("av"));
        for (uint32_t i = 0; i < list->length; i++)
                g_variant_builder_add(&builder, "v", snapshot_to_variant(&list->list->items[i]));
        return g_variant_builder_end(&builder);
}

static GVariant *map_to_variant(const Node *map)
{
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
        for (uint32_t i = 0; i < map->length; i++) {
                const Member *member = &map->map->members[i];

                g_variant_builder_add(&builder, "{sv}", member->key, snapshot_to_variant(&member->value));
        }
        return g_variant_builder_end(&builder);
}

GVariant *snapshot_to_variant(const Node *node)
{
        switch ((NodeKind) node->kind) {
        case NODE_NULL:
                return g_variant_new_signature("");
        case NODE_BOOLEAN:
                return g_variant_new_boolean(node->boolean);
        case NODE_INTEGER:
                return g_variant_new_int64(node->integer);
        case NODE_UNSIGNED:
                return g_variant_new_uint64(node->unsigned_integer);
        case NODE_DOUBLE:
                return g_variant_new_double(node->number);
        case NODE_STRING:
                return g_variant_new_string(node->string);
        case NODE_LIST:
                return list_to_variant(node);
        case NODE_MAP:
                return map_to_variant(node);
        }
        g_assert_not_reached();
}
