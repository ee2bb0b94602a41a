/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/document.h"

#include "daemon/model/document-private.h"

#include <sodium.h>
#include <string.h>

/* What a value takes in a message at most: its signature, its length, and padding before and after. */
#define SCALAR_SIZE 24U

Document *document_new(size_t chunk_size)
{
        Document *document = g_new(Document, 1);

        *document = (Document){ .root.kind = NODE_NULL };
        g_atomic_ref_count_init(&document->references);
        /* Aligned by what is in it and no more: most of it are short strings. */
        obstack_specify_allocation(&document->region, (int) chunk_size, _Alignof(Map), g_malloc, g_free);
        return document;
}

/* Aligning a pointer, the C library's macros count from NULL; clang's sanitizer takes offence at that. */
__attribute__((no_sanitize("pointer-overflow"))) void *document_allocate(Document *document, size_t size)
{
        return obstack_alloc(&document->region, size);
}

Document *document_ref(Document *document)
{
        g_atomic_ref_count_inc(&document->references);
        return document;
}

Document *document_unref(Document *document)
{
        if (!document || !g_atomic_ref_count_dec(&document->references))
                return NULL;

        obstack_free(&document->region, NULL);
        if (document->borrowed)
                g_ptr_array_unref(document->borrowed);
        g_free(document);
        return NULL;
}

const Node *document_root(const Document *document)
{
        return &document->root;
}

static bool double_equal(double a, double b)
{
        /* By their bytes, so that 0.0 and -0.0 differ; all NaNs are one value, or a config with one would
         * change for ever. */
        return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}

bool node_equal(const Node *a, const Node *b)
{
        if (a->kind != b->kind)
                return false;

        switch (a->kind) {
        case NODE_NULL:
                return true;
        case NODE_BOOLEAN:
                return a->boolean == b->boolean;
        case NODE_INTEGER:
                return a->integer == b->integer;
        case NODE_UNSIGNED:
                return a->unsigned_integer == b->unsigned_integer;
        case NODE_DOUBLE:
                return double_equal(a->number, b->number);
        case NODE_STRING:
                return a->length == b->length && memcmp(a->string, b->string, a->length) == 0;
        case NODE_LIST:
                return a->list == b->list || hash_equal(&a->list->summary.hash, &b->list->summary.hash);
        case NODE_MAP:
                return a->map == b->map || hash_equal(&a->map->summary.hash, &b->map->summary.hash);
        default:
                g_assert_not_reached();
        }
}

bool document_equal(const Document *a, const Document *b)
{
        return node_equal(&a->root, &b->root);
}

static const Summary *node_summary(const Node *node)
{
        switch (node->kind) {
        case NODE_LIST:
                return &node->list->summary;
        case NODE_MAP:
                return &node->map->summary;
        default:
                return NULL;
        }
}

uint64_t node_size(const Node *node)
{
        const Summary *summary = node_summary(node);

        if (summary)
                return summary->size;
        return SCALAR_SIZE + (node->kind == NODE_STRING ? node->length : 0);
}

uint32_t node_count(const Node *node)
{
        const Summary *summary = node_summary(node);

        return summary ? summary->nodes : 1;
}

uint32_t node_height(const Node *node)
{
        const Summary *summary = node_summary(node);

        return summary ? summary->height : 0;
}

int key_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
        int order = memcmp(a, b, MIN(a_length, b_length));

        return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

const Member *node_find_member(const Node *map, const char *key, size_t key_length)
{
        size_t low = 0, high = map->length;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const Member *member = &map->map->members[middle];
                int order = key_compare(key, key_length, member->key, member->key_length);

                if (order == 0)
                        return member;
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

Hash hash_bytes(const void *data, size_t length)
{
        static unsigned char secret[crypto_shorthash_siphashx24_KEYBYTES];
        static gsize drawn = 0;
        Hash hash;

        G_STATIC_ASSERT(sizeof hash == crypto_shorthash_siphashx24_BYTES);

        if (g_once_init_enter(&drawn)) {
                randombytes_buf(secret, sizeof secret);
                g_once_init_leave(&drawn, 1);
        }

        crypto_shorthash_siphashx24((unsigned char *) &hash, data, length, secret);
        return hash;
}

bool hash_equal(const Hash *a, const Hash *b)
{
        return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}
