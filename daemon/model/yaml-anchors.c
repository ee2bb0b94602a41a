/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Anchors: the named values of one YAML file
 *
 * Names are found by a keyed hash, so that no file can make them all collide. An anchor that is replaced
 * lives on to the end: its value may still be open, and be completed later.
 */
#include "daemon/model/yaml-anchors.h"

#include "daemon/model/decode.h"

#include <string.h>

struct Anchors {
        GHashTable *by_name; /* name to Anchor, both borrowed from all */
        GPtrArray *all;
        uint64_t nodes, bytes;
};

static unsigned hash_name(const void *name)
{
        return (unsigned) hash_bytes(name, strlen(name)).words[0];
}

static void anchor_free(void *data)
{
        Anchor *anchor = data;

        g_free(anchor->name);
        g_free(anchor->text);
        g_free(anchor);
}

Anchors *anchors_new(void)
{
        Anchors *anchors = g_new(Anchors, 1);

        *anchors = (Anchors){
                .by_name = g_hash_table_new(hash_name, g_str_equal),
                .all = g_ptr_array_new_with_free_func(anchor_free),
        };
        return anchors;
}

Anchors *anchors_free(Anchors *anchors)
{
        if (!anchors)
                return NULL;

        g_hash_table_unref(anchors->by_name);
        g_ptr_array_unref(anchors->all);
        g_free(anchors);
        return NULL;
}

Anchor *anchors_add(Anchors *anchors, const char *name)
{
        Anchor *anchor = g_new(Anchor, 1);

        *anchor = (Anchor){ .name = g_strdup(name), .open = true };
        g_ptr_array_add(anchors->all, anchor);
        g_hash_table_replace(anchors->by_name, anchor->name, anchor);
        return anchor;
}

void anchor_close(Anchor *anchor, Node node, const char *text, size_t length)
{
        anchor->node = node;
        anchor->text = text ? g_strndup(text, length) : NULL;
        anchor->length = length;
        anchor->open = false;
}

const Anchor *anchors_find(const Anchors *anchors, const char *name)
{
        return g_hash_table_lookup(anchors->by_name, name);
}

bool anchors_charge(Anchors *anchors, uint64_t nodes, uint64_t bytes)
{
        anchors->nodes += nodes;
        anchors->bytes += bytes;
        return anchors->nodes <= DECODE_MAX_ALIAS_NODES && anchors->bytes <= DECODE_MAX_ALIAS_BYTES;
}
