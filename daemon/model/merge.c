/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All layers are joined in one go, place by place. At each place only the values of one kind at the top of
 * the pile count: a scalar there hides all below it, and a map or list all below the highest value that is
 * something else. Maps that are left are walked side by side, lists put one behind the other; whatever is
 * left alone is borrowed whole, and with it the line and layer it came from. A map or list in which layers
 * meet carries the place of the lowest of them.
 *
 * A null is a value like any other and hides what is under it; no layer can take away a key. A map over a
 * list replaces it, also where its keys are the list's indexes (as a layer in ENV form with a separator
 * writes them).
 *
 * Nothing comes to stand deeper than in its own layer, so layers within the depth limit have a result within
 * it.
 */
#include "daemon/model/merge.h"

#include "daemon/model/builder.h"

typedef struct Merge {
        MergeMode mode;
        Builder *builder;
} Merge;

static const char *const mode_names[N_MERGE_MODES] = {
        [MERGE_DEEP] = "deep",
        [MERGE_APPEND] = "append",
        [MERGE_REPLACE] = "replace",
};

bool merge_mode_from_string(const char *name, MergeMode *ret)
{
        for (MergeMode mode = 0; mode < N_MERGE_MODES; mode++) {
                if (!g_str_equal(name, mode_names[mode]))
                        continue;
                *ret = mode;
                return true;
        }
        return false;
}

const char *merge_mode_to_string(MergeMode mode)
{
        return mode_names[mode];
}

/* True if values of that kind join at that depth; the root is at 0. */
static bool joins(const Merge *merge, NodeKind kind, unsigned depth)
{
        switch (kind) {
        case NODE_MAP:
                return depth == 0 || merge->mode != MERGE_REPLACE;
        case NODE_LIST:
                return merge->mode == MERGE_APPEND;
        default:
                return false;
        }
}

/*
 * Leaves of the values at one place, the lowest layer's first, those that have a say in the result. Maps and
 * lists that are empty have none, unless all are.
 */
static size_t select_values(const Merge *merge, const Node **values, size_t n_values, unsigned depth)
{
        const Node *top = values[n_values - 1];
        size_t first = n_values - 1, n_selected = 0;

        if (joins(merge, top->kind, depth))
                while (first > 0 && values[first - 1]->kind == top->kind)
                        first--;

        for (size_t i = first; i < n_values; i++)
                if (values[i]->length > 0)
                        values[n_selected++] = values[i];
        if (n_selected == 0)
                values[n_selected++] = top;
        return n_selected;
}

static Failure *add_values(const Merge *merge, const Node **values, size_t n_values, unsigned depth);

static Failure *join_lists(const Merge *merge, const Node **lists, size_t n_lists)
{
        Failure *failure = builder_open_list(merge->builder, (Place){ lists[0]->line, lists[0]->column });

        for (size_t i = 0; i < n_lists; i++)
                for (uint32_t k = 0; k < lists[i]->length && !failure; k++)
                        failure = builder_add_node(merge->builder, &lists[i]->list->items[k]);
        return failure ?: builder_close(merge->builder);
}

/* The lowest key that the maps have at or behind their positions; NULL at the end of all. */
static const Member *find_next(const Node **maps, const uint32_t *positions, size_t n_maps)
{
        const Member *next = NULL;

        for (size_t i = 0; i < n_maps; i++) {
                const Member *member;

                if (positions[i] == maps[i]->length)
                        continue;
                member = &maps[i]->map->members[positions[i]];
                if (!next || key_compare(member->key, member->key_length, next->key, next->key_length) < 0)
                        next = member;
        }
        return next;
}

static Failure *join_maps(const Merge *merge, const Node **maps, size_t n_maps, unsigned depth)
{
        const Node *values[MERGE_MAX_LAYERS];
        uint32_t positions[MERGE_MAX_LAYERS] = { 0 };
        const Member *next;
        Failure *failure = builder_open_map(merge->builder, (Place){ maps[0]->line, maps[0]->column });

        while (!failure && (next = find_next(maps, positions, n_maps))) {
                size_t n_values = 0;

                for (size_t i = 0; i < n_maps; i++) {
                        const Member *member;

                        if (positions[i] == maps[i]->length)
                                continue;
                        member = &maps[i]->map->members[positions[i]];
                        if (key_compare(member->key, member->key_length, next->key, next->key_length) != 0)
                                continue;
                        values[n_values++] = &member->value;
                        positions[i]++;
                }
                if (n_values == 1) {
                        failure = builder_add_member(merge->builder, next);
                        continue;
                }
                builder_add_key(merge->builder, (Place){ next->value.line, next->value.column }, next->key,
                                next->key_length);
                failure = add_values(merge, values, n_values, depth + 1);
        }
        return failure ?: builder_close(merge->builder);
}

/* Adds what the values at one place come to. Writes into values. */
static Failure *add_values(const Merge *merge, const Node **values, size_t n_values, unsigned depth)
{
        n_values = select_values(merge, values, n_values, depth);
        if (n_values == 1)
                return builder_add_node(merge->builder, values[0]);

        builder_set_layer(merge->builder, values[0]->layer);
        if (values[0]->kind == NODE_LIST)
                return join_lists(merge, values, n_values);
        return join_maps(merge, values, n_values, depth);
}

/* The one layer that is not empty, or of empty ones the first; NULL where there are several that are not. */
static Document *find_only(Document *const *layers, size_t n_layers)
{
        Document *only = NULL;

        for (size_t i = 0; i < n_layers; i++) {
                if (document_root(layers[i])->length == 0)
                        continue;
                if (only)
                        return NULL;
                only = layers[i];
        }
        return only ?: layers[0];
}

Failure *merge(MergeMode mode, Document *const *layers, size_t n_layers, Document **ret)
{
        g_autoptr(Builder) builder = NULL;
        const Node *roots[MERGE_MAX_LAYERS];
        Document *only;
        Failure *failure;

        if (n_layers > MERGE_MAX_LAYERS)
                return failure_new_at(FAILURE_LIMIT_EXCEEDED, FAILURE_STAGE_MERGE, NULL, 0, 0, NULL,
                                      "a config is made of %u files at most, but %zu are given",
                                      MERGE_MAX_LAYERS, n_layers);

        only = find_only(layers, n_layers);
        if (only) {
                *ret = document_ref(only);
                return NULL;
        }

        builder = builder_new(NULL, 0, 0);
        for (size_t i = 0; i < n_layers; i++) {
                builder_borrow(builder, layers[i]);
                roots[i] = document_root(layers[i]);
        }
        failure = add_values(&(Merge){ .mode = mode, .builder = builder }, roots, n_layers, 0);
        if (failure)
                return failure;
        *ret = builder_end(builder);
        return NULL;
}
