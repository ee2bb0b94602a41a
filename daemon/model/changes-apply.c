/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes, applied: one walk over the old document's maps along with the changes, brought into the order of
 * that walk. Only the maps above a change are built anew; all else is borrowed from either side.
 */
#include "daemon/model/changes.h"

#include "daemon/model/builder.h"
#include "daemon/model/changes-private.h"

/* A change on its way into a document. */
typedef struct Step {
        const Change *change;
        Path *path;
} Step;

static void step_clear(void *data)
{
        Step *step = data;

        path_free(step->path);
}

static int compare_steps(const void *a, const void *b)
{
        const Path *first = ((const Step *) a)->path, *second = ((const Step *) b)->path;
        size_t shared = MIN(path_length(first), path_length(second));

        for (size_t i = 0; i < shared; i++) {
                size_t first_length, second_length;
                const char *first_text = path_segment(first, i, &first_length);
                const char *second_text = path_segment(second, i, &second_length);
                int order = key_compare(first_text, first_length, second_text, second_length);

                if (order != 0)
                        return order;
        }
        return (path_length(first) > path_length(second)) - (path_length(first) < path_length(second));
}

/* All changes in the order in which their places come in a walk over the document. */
static GArray *steps_new(const Changes *changes)
{
        GArray *steps = g_array_sized_new(FALSE, FALSE, sizeof(Step), (guint) changes_count(changes));

        g_array_set_clear_func(steps, step_clear);
        for (size_t i = 0; i < changes_count(changes); i++) {
                const Change *change = changes_get(changes, i);
                Step step = { .change = change, .path = change_parse_path(change) };

                g_array_append_val(steps, step);
        }
        g_array_sort(steps, compare_steps);
        return steps;
}

/* How the step's key in a map at that depth compares with a member's. */
static int compare_step(const Step *step, size_t depth, const Member *member)
{
        size_t length;
        const char *key = path_segment(step->path, depth, &length);

        return key_compare(key, length, member->key, member->key_length);
}

static Failure *apply_value(Builder *builder, const Step *step)
{
        const Node *value = step->change->after;
        size_t length;
        const char *key;

        if (!value)
                return NULL;

        key = path_segment(step->path, path_length(step->path) - 1, &length);
        builder_add_key(builder, (Place){ value->line, value->column }, key, length);
        return builder_add_node(builder, value);
}

static Failure *apply_to_map(Builder *builder, const Node *map, const Step *steps, size_t n_steps,
                             size_t depth);

/* The steps are those at or under the member. */
static Failure *apply_to_member(Builder *builder, const Member *member, const Step *steps, size_t n_steps,
                                size_t depth)
{
        Place place = { member->value.line, member->value.column };

        if (n_steps == 0)
                return builder_add_member(builder, member);
        if (path_length(steps->path) == depth + 1)
                return apply_value(builder, steps);

        g_assert(member->value.kind == NODE_MAP);
        builder_add_key(builder, place, member->key, member->key_length);
        return apply_to_map(builder, &member->value, steps, n_steps, depth + 1);
}

static Failure *apply_to_map(Builder *builder, const Node *map, const Step *steps, size_t n_steps,
                             size_t depth)
{
        size_t done = 0;
        Failure *failure;

        builder_set_layer(builder, map->layer);
        failure = builder_open_map(builder, (Place){ map->line, map->column });

        for (uint32_t i = 0; i < map->length && !failure; i++) {
                const Member *member = &map->map->members[i];
                size_t first;

                for (; !failure && done < n_steps && compare_step(&steps[done], depth, member) < 0; done++)
                        failure = apply_value(builder, &steps[done]);
                first = done;
                while (done < n_steps && compare_step(&steps[done], depth, member) == 0)
                        done++;
                if (!failure)
                        failure = apply_to_member(builder, member, steps + first, done - first, depth);
        }
        for (; !failure && done < n_steps; done++)
                failure = apply_value(builder, &steps[done]);
        return failure ?: builder_close(builder);
}

Document *changes_apply(const Changes *changes, Document *before)
{
        g_autoptr(Builder) builder = NULL;
        g_autoptr(GArray) steps = NULL;
        g_autoptr(Failure) failure = NULL;

        if (changes_count(changes) == 0)
                return document_ref(before);

        builder = builder_new(NULL, 0, 0);
        builder_borrow(builder, before);
        builder_borrow(builder, changes->after);
        steps = steps_new(changes);
        failure = apply_to_map(builder, document_root(before), (const Step *) (void *) steps->data,
                               steps->len, 0);
        /* What comes out of two documents that are within the limits, each value at its own depth, is so,
         * too. */
        g_assert(!failure);
        return builder_end(builder);
}
