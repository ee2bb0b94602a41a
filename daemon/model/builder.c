/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/builder.h"

#include "daemon/model/document-private.h"
#include "daemon/model/entry.h"
#include "daemon/model/path.h"

#include <string.h>

#define SMALLEST_CHUNK 1024U
#define LARGEST_CHUNK (256U * 1024)
/* How many keys are remembered for their next use. */
#define RECENT_KEYS 64U
/* What a key, and a map or list itself, takes in a message beside its bytes. */
#define KEY_SIZE 12U
#define CONTAINER_SIZE 24U

/* An open map or list. */
typedef struct Frame {
        NodeKind kind;
        uint8_t layer;
        bool is_block;
        Place place;
        size_t start; /* index of its first entry */
        bool has_defaults;
        const char *key;
        uint32_t key_length;
        Place key_place;
} Frame;

typedef struct RecentKey {
        const char *key;
        uint32_t length;
} RecentKey;

struct Builder {
        const char *file;
        uint8_t layer;
        Document *document;
        bool finished;

        Frame frames[DOCUMENT_MAX_DEPTH];
        unsigned depth;

        Entry *entries; /* of all open frames, innermost last */
        size_t n_entries, allocated;

        /* The key that waits for its value. */
        const char *key;
        uint32_t key_length;
        Place key_place;

        RecentKey recent[RECENT_KEYS];

        Node last;

        uint8_t *scratch; /* what is about to be hashed */
        size_t scratch_length, scratch_allocated;
};

Builder *builder_new(const char *file, unsigned layer, size_t size_hint)
{
        Builder *builder = g_new(Builder, 1);

        *builder = (Builder){
                .file = file,
                .layer = (uint8_t) layer,
                .document = document_new(CLAMP(size_hint, SMALLEST_CHUNK, LARGEST_CHUNK)),
        };
        return builder;
}

Builder *builder_free(Builder *builder)
{
        if (!builder)
                return NULL;

        document_unref(builder->document);
        g_free(builder->entries);
        g_free(builder->scratch);
        g_free(builder);
        return NULL;
}

void builder_set_layer(Builder *builder, unsigned layer)
{
        builder->layer = (uint8_t) layer;
}

static const char *copy_text(Builder *builder, const char *text, size_t length)
{
        char *copy = document_allocate(builder->document, length + 1);

        memcpy(copy, text, length);
        copy[length] = '\0';
        return copy;
}

static void push(Builder *builder, const Node *value)
{
        Entry *entry;

        builder->last = *value;
        if (builder->depth == 0) {
                builder->document->root = *value;
                builder->finished = true;
                return;
        }

        if (builder->n_entries == builder->allocated) {
                builder->allocated = MAX(32, builder->allocated * 2);
                builder->entries = g_renew(Entry, builder->entries, builder->allocated);
        }
        entry = &builder->entries[builder->n_entries];
        *entry = (Entry){
                .member = { .key = builder->key,
                            .key_length = builder->key_length,
                            .line = builder->key_place.line,
                            .value = *value },
                .key_place = builder->key_place,
                .order = (uint32_t) builder->n_entries,
        };
        builder->n_entries++;
        builder->key = NULL;
}

static Node new_node(const Builder *builder, NodeKind kind, Place place)
{
        return (Node){
                .kind = (uint8_t) kind,
                .layer = builder->layer,
                .line = place.line,
                .column = place.column,
        };
}

static Failure *too_deep(const Builder *builder, Place place)
{
        g_autofree char *path = builder_path(builder);

        return failure_new_at(FAILURE_TOO_DEEP, FAILURE_STAGE_PARSE, builder->file, place.line, place.column,
                              path, "maps and lists are nested more than %u levels deep",
                              DOCUMENT_MAX_DEPTH);
}

static Failure *open_frame(Builder *builder, NodeKind kind, Place place)
{
        if (builder->depth == DOCUMENT_MAX_DEPTH)
                return too_deep(builder, place);

        builder->frames[builder->depth++] = (Frame){
                .kind = kind,
                .layer = builder->layer,
                .place = place,
                .start = builder->n_entries,
                .key = builder->key,
                .key_length = builder->key_length,
                .key_place = builder->key_place,
        };
        builder->key = NULL;
        return NULL;
}

Failure *builder_open_map(Builder *builder, Place place)
{
        return open_frame(builder, NODE_MAP, place);
}

Failure *builder_open_block_map(Builder *builder, Place place)
{
        Failure *failure = open_frame(builder, NODE_MAP, place);

        if (!failure)
                builder->frames[builder->depth - 1].is_block = true;
        return failure;
}

Failure *builder_open_list(Builder *builder, Place place)
{
        return open_frame(builder, NODE_LIST, place);
}

void builder_add_null(Builder *builder, Place place)
{
        Node node = new_node(builder, NODE_NULL, place);

        push(builder, &node);
}

void builder_add_boolean(Builder *builder, Place place, bool value)
{
        Node node = new_node(builder, NODE_BOOLEAN, place);

        node.boolean = value;
        push(builder, &node);
}

void builder_add_integer(Builder *builder, Place place, int64_t value)
{
        Node node = new_node(builder, NODE_INTEGER, place);

        node.integer = value;
        push(builder, &node);
}

void builder_add_unsigned(Builder *builder, Place place, uint64_t value)
{
        Node node = new_node(builder, NODE_UNSIGNED, place);

        if (value <= INT64_MAX) {
                builder_add_integer(builder, place, (int64_t) value);
                return;
        }
        node.unsigned_integer = value;
        push(builder, &node);
}

void builder_add_double(Builder *builder, Place place, double value)
{
        Node node = new_node(builder, NODE_DOUBLE, place);

        node.number = value;
        push(builder, &node);
}

void builder_add_string(Builder *builder, Place place, const char *text, size_t length)
{
        Node node = new_node(builder, NODE_STRING, place);

        node.length = (uint32_t) length;
        node.string = copy_text(builder, text, length);
        push(builder, &node);
}

Failure *builder_add_node(Builder *builder, const Node *node)
{
        if (builder->depth + node_height(node) > DOCUMENT_MAX_DEPTH)
                return too_deep(builder, (Place){ node->line, node->column });

        push(builder, node);
        return NULL;
}

/* Maps in a list mostly have the same keys: one copy of a key serves as long as no other takes its slot. */
static const char *copy_key(Builder *builder, const char *key, size_t length)
{
        size_t slot = length > 0 ? (length * 7 + (unsigned char) key[0] * 31 +
                                    (unsigned char) key[length - 1])
                                 : 0;
        RecentKey *recent = &builder->recent[slot % RECENT_KEYS];

        if (!recent->key || recent->length != length || memcmp(recent->key, key, length) != 0)
                *recent = (RecentKey){ copy_text(builder, key, length), (uint32_t) length };
        return recent->key;
}

void builder_add_key(Builder *builder, Place place, const char *key, size_t length)
{
        builder->key = copy_key(builder, key, length);
        builder->key_length = (uint32_t) length;
        builder->key_place = place;
}

Failure *builder_add_member(Builder *builder, const Member *member)
{
        builder->key = member->key;
        builder->key_length = member->key_length;
        builder->key_place = (Place){ member->line,
                                      member->line == member->value.line ? member->value.column : 0 };
        return builder_add_node(builder, &member->value);
}

Failure *builder_add_default(Builder *builder, const Member *member)
{
        Failure *failure = builder_add_member(builder, member);

        if (failure)
                return failure;
        builder->entries[builder->n_entries - 1].yields = true;
        builder->frames[builder->depth - 1].has_defaults = true;
        return NULL;
}

bool builder_has_key(const Builder *builder, const char *key, size_t length)
{
        const Frame *frame = &builder->frames[builder->depth - 1];

        for (size_t i = frame->start; i < builder->n_entries; i++) {
                const Member *member = &builder->entries[i].member;

                if (key_compare(key, length, member->key, member->key_length) == 0)
                        return true;
        }
        return false;
}

static Failure *check_duplicates(const Builder *builder, const Entry *entries, size_t count)
{
        for (size_t i = 1; i < count; i++) {
                const Member *first = &entries[i - 1].member, *second = &entries[i].member;
                Place place = entries[i].key_place, other = entries[i - 1].key_place;
                g_autoptr(GString) path = NULL;
                g_autofree char *above = NULL;

                if (member_compare(first, second) != 0)
                        continue;

                above = builder_path(builder);
                path = g_string_new(above);
                path_append_dotted(path, second->key, second->key_length);
                if (other.line == 0)
                        return failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, builder->file,
                                              place.line, place.column, path->str, "the key %s stands twice",
                                              path->str);
                return failure_new_at(
                                FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, builder->file, place.line,
                                place.column, path->str,
                                "the key %s stands twice; it was first given in line %" G_GUINT32_FORMAT,
                                path->str, other.line);
        }
        return NULL;
}

/* Room in the scratch buffer for that many more bytes. */
static uint8_t *reserve_scratch(Builder *builder, size_t size)
{
        if (builder->scratch_length + size > builder->scratch_allocated) {
                builder->scratch_allocated = MAX(512, (builder->scratch_length + size) * 2);
                builder->scratch = g_realloc(builder->scratch, builder->scratch_allocated);
        }
        return builder->scratch + builder->scratch_length;
}

static void scratch_text(Builder *builder, const char *text, uint32_t length)
{
        uint8_t *at = reserve_scratch(builder, sizeof length + length);

        memcpy(at, &length, sizeof length);
        memcpy(at + sizeof length, text, length);
        builder->scratch_length += sizeof length + length;
}

/* Writes what tells one value from another: kind, then content, or the hash of what is below. */
static void scratch_value(Builder *builder, const Node *node)
{
        uint8_t *at = reserve_scratch(builder, 1 + sizeof(Hash));
        const void *content = NULL;
        size_t length = 0;
        double nan = 0;

        switch (node->kind) {
        case NODE_BOOLEAN:
                content = &node->boolean;
                length = sizeof node->boolean;
                break;
        case NODE_INTEGER:
        case NODE_UNSIGNED:
                content = &node->unsigned_integer;
                length = sizeof node->unsigned_integer;
                break;
        case NODE_DOUBLE:
                nan = node->number != node->number ? __builtin_nan("") : node->number;
                content = &nan;
                length = sizeof nan;
                break;
        case NODE_LIST:
                content = &node->list->summary.hash;
                length = sizeof(Hash);
                break;
        case NODE_MAP:
                content = &node->map->summary.hash;
                length = sizeof(Hash);
                break;
        default:
                break;
        }
        *at = node->kind;
        if (length > 0)
                memcpy(at + 1, content, length);
        builder->scratch_length += 1 + length;
        if (node->kind == NODE_STRING)
                scratch_text(builder, node->string, node->length);
}

static Summary summarize(Builder *builder, NodeKind kind, const Entry *entries, size_t count)
{
        Summary summary = { .size = CONTAINER_SIZE, .nodes = 1, .height = 0 };

        builder->scratch_length = 0;
        *reserve_scratch(builder, 1) = (uint8_t) kind;
        builder->scratch_length = 1;

        for (size_t i = 0; i < count; i++) {
                const Member *member = &entries[i].member;

                if (kind == NODE_MAP) {
                        scratch_text(builder, member->key, member->key_length);
                        summary.size += KEY_SIZE + member->key_length;
                }
                scratch_value(builder, &member->value);
                summary.size += node_size(&member->value);
                summary.nodes += node_count(&member->value);
                summary.height = MAX(summary.height, node_height(&member->value));
        }
        summary.height++;
        summary.hash = hash_bytes(builder->scratch, builder->scratch_length);
        return summary;
}

Failure *builder_close(Builder *builder)
{
        Frame *frame = &builder->frames[builder->depth - 1];
        Entry *entries = builder->entries ? builder->entries + frame->start : NULL;
        size_t count = builder->n_entries - frame->start;
        Node node = new_node(builder, frame->kind, frame->place);
        Failure *failure;

        node.layer = frame->layer;
        node.is_block = frame->is_block;
        if (frame->kind == NODE_MAP) {
                Map *map;

                if (count > 1)
                        entries_sort(entries, count);
                if (frame->has_defaults)
                        count = entries_drop_defaults(entries, count);
                failure = check_duplicates(builder, entries, count);
                if (failure)
                        return failure;

                map = document_allocate(builder->document, sizeof *map + count * sizeof *map->members);
                map->summary = summarize(builder, NODE_MAP, entries, count);
                for (size_t i = 0; i < count; i++)
                        map->members[i] = entries[i].member;
                node.map = map;
        } else {
                List *list = document_allocate(builder->document,
                                               sizeof *list + count * sizeof *list->items);

                list->summary = summarize(builder, NODE_LIST, entries, count);
                for (size_t i = 0; i < count; i++)
                        list->items[i] = entries[i].member.value;
                node.list = list;
        }

        node.length = (uint32_t) count;
        builder->n_entries = frame->start;
        builder->key = frame->key;
        builder->key_length = frame->key_length;
        builder->key_place = frame->key_place;
        builder->depth--;
        push(builder, &node);
        return NULL;
}

Node builder_last(const Builder *builder)
{
        return builder->last;
}

Node builder_take_last(Builder *builder)
{
        builder->n_entries--;
        return builder->last;
}

char *builder_path(const Builder *builder)
{
        g_autoptr(GString) path = g_string_new(NULL);

        for (unsigned i = 0; i < builder->depth; i++) {
                bool innermost = i + 1 == builder->depth;
                size_t end = innermost ? builder->n_entries : builder->frames[i + 1].start;
                const char *key = innermost ? builder->key : builder->frames[i + 1].key;
                uint32_t key_length = innermost ? builder->key_length : builder->frames[i + 1].key_length;

                if (builder->frames[i].kind == NODE_LIST) {
                        char index[24];
                        int length = g_snprintf(index, sizeof index, "%zu", end - builder->frames[i].start);

                        path_append_dotted(path, index, (size_t) length);
                } else if (key) {
                        path_append_dotted(path, key, key_length);
                }
        }
        return g_string_free(g_steal_pointer(&path), FALSE);
}

void *builder_allocate(Builder *builder, size_t size)
{
        return document_allocate(builder->document, size);
}

void builder_set_separable(Builder *builder, uint32_t n_lines)
{
        builder->document->is_separable = true;
        builder->document->n_lines = n_lines;
}

static void release_document(void *document)
{
        document_unref(document);
}

void builder_borrow(Builder *builder, Document *document)
{
        GPtrArray **borrowed = &builder->document->borrowed;

        if (!*borrowed)
                *borrowed = g_ptr_array_new_with_free_func(release_document);
        if (!g_ptr_array_find(*borrowed, document, NULL))
                g_ptr_array_add(*borrowed, document_ref(document));
}

Document *builder_end(Builder *builder)
{
        g_assert(builder->finished && builder->depth == 0 && builder->document->root.kind == NODE_MAP);
        return g_steal_pointer(&builder->document);
}

Document *document_new_empty(void)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(Failure) failure = builder_open_map(builder, (Place){ 0, 0 });

        if (!failure)
                failure = builder_close(builder);
        g_assert(!failure);
        return builder_end(builder);
}
