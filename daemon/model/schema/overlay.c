/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/overlay.h"

typedef struct Change {
        uint32_t index;
        Overlay *below; /* or else */
        Node scalar;
} Change;

typedef struct Addition {
        Member member;
        Overlay *below;
} Addition;

struct Overlay {
        GArray *changes;   /* of Change */
        GArray *additions; /* of Addition */
};

static void change_clear(void *data)
{
        overlay_free(((Change *) data)->below);
}

static void addition_clear(void *data)
{
        overlay_free(((Addition *) data)->below);
}

Overlay *overlay_new(void)
{
        Overlay *overlay = g_new(Overlay, 1);

        *overlay = (Overlay){
                .changes = g_array_new(FALSE, FALSE, sizeof(Change)),
                .additions = g_array_new(FALSE, FALSE, sizeof(Addition)),
        };
        g_array_set_clear_func(overlay->changes, change_clear);
        g_array_set_clear_func(overlay->additions, addition_clear);
        return overlay;
}

Overlay *overlay_free(Overlay *overlay)
{
        if (!overlay)
                return NULL;

        g_array_unref(overlay->changes);
        g_array_unref(overlay->additions);
        g_free(overlay);
        return NULL;
}

void overlay_replace(Overlay *overlay, uint32_t index, const Node *scalar)
{
        Change change = { .index = index, .scalar = *scalar };

        g_array_append_val(overlay->changes, change);
}

void overlay_put(Overlay *overlay, uint32_t index, Overlay *below)
{
        Change change = { .index = index, .below = below };

        g_array_append_val(overlay->changes, change);
}

void overlay_add(Overlay *overlay, const Member *member, Overlay *below)
{
        Addition addition = { *member, below };

        g_array_append_val(overlay->additions, addition);
}

bool overlay_has(const Overlay *overlay, const char *key, size_t key_length)
{
        for (guint i = 0; i < overlay->additions->len; i++) {
                const Member *member = &g_array_index(overlay->additions, Addition, i).member;

                if (key_compare(member->key, member->key_length, key, key_length) == 0)
                        return true;
        }
        return false;
}

bool overlay_is_empty(const Overlay *overlay)
{
        return overlay->changes->len == 0 && overlay->additions->len == 0;
}

static void write_scalar(Builder *builder, const Node *node, Place place)
{
        switch (node->kind) {
        case NODE_BOOLEAN:
                builder_add_boolean(builder, place, node->boolean);
                break;
        case NODE_INTEGER:
                builder_add_integer(builder, place, node->integer);
                break;
        case NODE_UNSIGNED:
                builder_add_unsigned(builder, place, node->unsigned_integer);
                break;
        case NODE_DOUBLE:
                builder_add_double(builder, place, node->number);
                break;
        case NODE_STRING:
                builder_add_string(builder, place, node->string, node->length);
                break;
        default:
                builder_add_null(builder, place);
                break;
        }
}

static Failure *write_node(Builder *builder, const Node *node, const Overlay *overlay, bool is_added);

/* The value at an index, changed if the next change is for it. */
static Failure *write_child(Builder *builder, const Node *node, uint32_t index, const Overlay *overlay,
                            guint *next, bool is_added)
{
        const Change *change = overlay && *next < overlay->changes->len
                                               ? &g_array_index(overlay->changes, Change, *next)
                                               : NULL;

        if (!change || change->index != index)
                return write_node(builder, node, NULL, is_added);
        (*next)++;
        if (change->below)
                return write_node(builder, node, change->below, is_added);
        return builder_add_node(builder, &change->scalar);
}

static Failure *write_children(Builder *builder, const Node *node, const Overlay *overlay, bool is_added)
{
        Failure *failure = NULL;
        guint next = 0;

        for (uint32_t i = 0; i < node->length && !failure; i++) {
                if (node->kind == NODE_MAP)
                        builder_add_key(builder, (Place){ 0, 0 }, node->map->members[i].key,
                                        node->map->members[i].key_length);
                failure = write_child(builder,
                                      node->kind == NODE_MAP ? &node->map->members[i].value
                                                             : &node->list->items[i],
                                      i, overlay, &next, is_added);
        }
        for (guint i = 0; overlay && i < overlay->additions->len && !failure; i++) {
                const Addition *addition = &g_array_index(overlay->additions, Addition, i);

                builder_add_key(builder, (Place){ 0, 0 }, addition->member.key, addition->member.key_length);
                failure = write_node(builder, &addition->member.value, addition->below, true);
        }
        return failure;
}

static Failure *write_node(Builder *builder, const Node *node, const Overlay *overlay, bool is_added)
{
        Place place = is_added ? (Place){ 0, 0 } : (Place){ node->line, node->column };
        Failure *failure;

        if (!overlay && !is_added)
                return builder_add_node(builder, node);
        if (!is_added)
                builder_set_layer(builder, node->layer);
        if (node->kind != NODE_MAP && node->kind != NODE_LIST) {
                write_scalar(builder, node, place);
                return NULL;
        }
        failure = node->kind == NODE_MAP ? builder_open_map(builder, place)
                                         : builder_open_list(builder, place);
        if (!failure)
                failure = write_children(builder, node, overlay, is_added);
        return failure ?: builder_close(builder);
}

Document *overlay_apply(const Overlay *overlay, Document *document)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(Failure) failure = NULL;

        builder_borrow(builder, document);
        failure = write_node(builder, document_root(document), overlay, false);
        g_assert(!failure);
        return builder_end(builder);
}
