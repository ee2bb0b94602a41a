/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/string-tree.h"

#include "daemon/model/path.h"

#include <string.h>

struct StringNode {
        StringNode *parent; /* NULL for the root */
        StringNode *child;  /* of a group: the one added last */
        StringNode *next;   /* in the same group, added before */
        const char *key;
        const char *text; /* NULL for a group */
        uint32_t key_length;
        uint32_t length; /* of text */
        Place key_place;
        Place place;
        char bytes[]; /* of key and text */
};

struct StringTree {
        const char *file;
        GHashTable *nodes; /* set of all but the root, by parent and key */
        StringNode root;
};

static guint node_hash(const void *data)
{
        const StringNode *node = data;
        Hash hash = hash_bytes(node->key, node->key_length);

        return (guint) hash.words[0] ^ g_direct_hash(node->parent);
}

static gboolean node_same(const void *a, const void *b)
{
        const StringNode *first = a, *second = b;

        return first->parent == second->parent && first->key_length == second->key_length &&
               memcmp(first->key, second->key, first->key_length) == 0;
}

StringTree *string_tree_new(const char *file)
{
        StringTree *tree = g_new(StringTree, 1);

        *tree = (StringTree){
                .file = file,
                .nodes = g_hash_table_new_full(node_hash, node_same, g_free, NULL),
                .root = { .place = { 1, 1 } },
        };
        return tree;
}

StringTree *string_tree_free(StringTree *tree)
{
        if (!tree)
                return NULL;

        g_hash_table_unref(tree->nodes);
        g_free(tree);
        return NULL;
}

StringNode *string_tree_root(StringTree *tree)
{
        return &tree->root;
}

static void append_path(GString *path, const StringNode *node)
{
        g_autoptr(GPtrArray) way = g_ptr_array_new();

        for (; node->parent; node = node->parent)
                g_ptr_array_add(way, (void *) node);
        for (guint i = way->len; i > 0; i--) {
                const StringNode *step = g_ptr_array_index(way, i - 1);

                path_append_dotted(path, step->key, step->key_length);
        }
}

/* The place that node holds is wanted once more, for something that cannot share it. */
static Failure *conflict(const StringTree *tree, const StringNode *node, Place place, bool want_group)
{
        g_autoptr(GString) path = g_string_new(NULL);
        const char *problem = "is given twice";

        append_path(path, node);
        if (want_group)
                problem = "holds a value, so nothing can be below it";
        else if (!node->text)
                problem = "has keys below it, so it cannot be a value";
        return failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, tree->file, place.line,
                              place.column, path->str,
                              "%s %s; it was first given in line %" G_GUINT32_FORMAT, path->str, problem,
                              node->key_place.line);
}

static StringNode *find(StringTree *tree, StringNode *parent, const char *key, size_t key_length)
{
        StringNode wanted = { .parent = parent, .key = key, .key_length = (uint32_t) key_length };

        return g_hash_table_lookup(tree->nodes, &wanted);
}

/* text is NULL for a group. */
static StringNode *add(StringTree *tree, StringNode *parent, Place key_place, const char *key,
                       size_t key_length, Place place, const char *text, size_t length)
{
        StringNode *node = g_malloc(sizeof *node + key_length + length);

        *node = (StringNode){
                .parent = parent,
                .next = parent->child,
                .key = node->bytes,
                .text = text ? node->bytes + key_length : NULL,
                .key_length = (uint32_t) key_length,
                .length = (uint32_t) length,
                .key_place = key_place,
                .place = place,
        };
        memcpy(node->bytes, key, key_length);
        if (text)
                memcpy(node->bytes + key_length, text, length);
        parent->child = node;
        g_hash_table_add(tree->nodes, node);
        return node;
}

Failure *string_tree_add_group(StringTree *tree, StringNode *parent, Place place, const char *key,
                               size_t key_length, StringNode **ret)
{
        StringNode *node = find(tree, parent, key, key_length);

        if (node && node->text)
                return conflict(tree, node, place, true);
        *ret = node ?: add(tree, parent, place, key, key_length, place, NULL, 0);
        return NULL;
}

Failure *string_tree_add_value(StringTree *tree, StringNode *parent, Place key_place, const char *key,
                               size_t key_length, Place place, const char *text, size_t length)
{
        StringNode *node = find(tree, parent, key, key_length);

        if (node)
                return conflict(tree, node, key_place, false);
        add(tree, parent, key_place, key, key_length, place, text, length);
        return NULL;
}

/* Recursion ends at the builder's limit, whatever the depth of the tree. */
static Failure *build_group(const StringNode *group, Builder *builder)
{
        Failure *failure = builder_open_map(builder, group->place);

        if (failure)
                return failure;

        for (const StringNode *node = group->child; node; node = node->next) {
                builder_add_key(builder, node->key_place, node->key, node->key_length);
                if (node->text) {
                        builder_add_string(builder, node->place, node->text, node->length);
                        continue;
                }
                failure = build_group(node, builder);
                if (failure)
                        return failure;
        }
        return builder_close(builder);
}

Failure *string_tree_build(const StringTree *tree, Builder *builder)
{
        return build_group(&tree->root, builder);
}
