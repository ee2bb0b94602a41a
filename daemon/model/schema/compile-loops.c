/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reference may lead back to where it stands as long as a step to another value lies between: else there
 * would be no end. Where a dynamic reference is to depends on the way there, so that those are left to
 * evaluation and its limit of depth.
 */
#include "daemon/model/schema/compiler.h"

/* A rule that is being looked at, and which of those in its place is next. */
typedef struct Visit {
        const Rule *rule;
        size_t next;
} Visit;

/* Refuses rules that apply to a value only if they apply to it. */
static Failure *check_loops_from(Compiler *compiler, const Rule *start, GHashTable *done)
{
        g_autoptr(GArray) path = g_array_new(FALSE, FALSE, sizeof(Visit));
        g_autoptr(GHashTable) on_path = g_hash_table_new(NULL, NULL);
        Visit visit = { start, 0 };

        g_array_append_val(path, visit);
        g_hash_table_add(on_path, (void *) start);
        while (path->len > 0) {
                Visit *last = &g_array_index(path, Visit, path->len - 1);
                const InPlace *next;

                if (last->next == last->rule->n_in_place) {
                        g_hash_table_add(done, (void *) last->rule);
                        g_hash_table_remove(on_path, last->rule);
                        g_array_set_size(path, path->len - 1);
                        continue;
                }
                next = &last->rule->in_place[last->next++];
                if (g_hash_table_contains(on_path, next->rule))
                        return library_broken(
                                        library_resource_of(compiler->library, next->rule->node),
                                        next->rule->node,
                                        "this schema refers to itself for the same value, without end");
                if (!g_hash_table_contains(done, next->rule)) {
                        visit = (Visit){ next->rule, 0 };
                        g_hash_table_add(on_path, (void *) next->rule);
                        g_array_append_val(path, visit);
                }
        }
        return NULL;
}

Failure *compiler_check_loops(Compiler *compiler)
{
        g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);
        GHashTableIter iter;
        void *rule;
        Failure *failure = NULL;

        g_hash_table_iter_init(&iter, compiler->rules);
        while (!failure && g_hash_table_iter_next(&iter, NULL, &rule))
                if (!g_hash_table_contains(done, rule))
                        failure = check_loops_from(compiler, rule, done);
        return failure;
}
