/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Defaults come from the rules that hold for a map as it is: of alternatives from those that fit, of a
 * condition from the side that it leads to. A default that is a map is filled in, too, so there is an end to
 * what may be added.
 */
#include "daemon/model/schema/overlay.h"
#include "daemon/model/schema/run.h"

#include <string.h>

#define MAX_ADDED_NODES 100000U
/* Rules in each other's place. */
#define MAX_DEPTH 64U

typedef struct Filling {
        Run run;
        GPtrArray *paths; /* of char * */
        GString *path;
        unsigned level; /* of the value looked at; the root is at 1 */
        unsigned n_added;
        bool is_added; /* within a default: its own place is told, not what is filled into it */
} Filling;

static void add_active(Filling *filling, GPtrArray *rules, const Rule *rule, const Spot *spot,
                       unsigned depth);

static void add_active_logic(Filling *filling, GPtrArray *rules, const LogicRules *logic, const Spot *spot,
                             unsigned depth)
{
        const RuleList *alternatives[] = { &logic->any_of, &logic->one_of };

        if (logic->reference)
                add_active(filling, rules, logic->reference, spot, depth);
        if (logic->dynamic)
                add_active(filling, rules, logic->dynamic, spot, depth);
        for (size_t i = 0; i < logic->all_of.count; i++)
                add_active(filling, rules, logic->all_of.rules[i], spot, depth);
        for (size_t k = 0; k < G_N_ELEMENTS(alternatives); k++)
                for (size_t i = 0; i < alternatives[k]->count; i++)
                        if (run_try(&filling->run, alternatives[k]->rules[i], spot, NULL))
                                add_active(filling, rules, alternatives[k]->rules[i], spot, depth);
        if (logic->condition) {
                bool holds = run_try(&filling->run, logic->condition, spot, NULL);
                const Rule *next = holds ? logic->consequence : logic->alternative;

                if (holds)
                        add_active(filling, rules, logic->condition, spot, depth);
                if (next)
                        add_active(filling, rules, next, spot, depth);
        }
}

/* Adds a rule and those in its place that hold for the value. */
static void add_active(Filling *filling, GPtrArray *rules, const Rule *rule, const Spot *spot,
                       unsigned depth)
{
        if (depth == MAX_DEPTH || !run_charge(&filling->run, spot, 1 + rules->len / 16) ||
            g_ptr_array_find(rules, rule, NULL))
                return;
        g_ptr_array_add(rules, (void *) rule);
        if (rule->logic)
                add_active_logic(filling, rules, rule->logic, spot, depth + 1);
        for (size_t i = 0; rule->maps && spot->node->kind == NODE_MAP && i < rule->maps->n_dependents; i++) {
                const DependentRule *dependent = &rule->maps->dependents[i];

                if (dependent->rule && node_find_member(spot->node, dependent->key, dependent->key_length))
                        add_active(filling, rules, dependent->rule, spot, depth + 1);
        }
}

/* The rules of a member that the active ones of its map name; they are not active yet. */
static GPtrArray *rules_of_member(Filling *filling, GPtrArray *rules, const char *key, size_t key_length,
                                  const Spot *spot)
{
        GPtrArray *found = g_ptr_array_new();

        for (guint i = 0; i < rules->len; i++) {
                const MapRules *maps = ((const Rule *) g_ptr_array_index(rules, i))->maps;
                const PropertyRule *property = maps ? rule_find_property(maps, key, key_length) : NULL;
                bool matched = property && property->rule;

                if (matched)
                        g_ptr_array_add(found, (void *) property->rule);
                for (size_t k = 0; maps && k < maps->n_patterns; k++)
                        if (run_match(&filling->run, maps->patterns[k].pattern, key, key_length, spot)) {
                                matched = true;
                                g_ptr_array_add(found, (void *) maps->patterns[k].rule);
                        }
                if (maps && !matched && maps->additional)
                        g_ptr_array_add(found, (void *) maps->additional);
        }
        return found;
}

static GPtrArray *rules_of_item(GPtrArray *rules, size_t index)
{
        GPtrArray *found = g_ptr_array_new();

        for (guint i = 0; i < rules->len; i++) {
                const ListRules *lists = ((const Rule *) g_ptr_array_index(rules, i))->lists;

                if (lists && index < lists->prefix.count)
                        g_ptr_array_add(found, (void *) lists->prefix.rules[index]);
                else if (lists && lists->items)
                        g_ptr_array_add(found, (void *) lists->items);
        }
        return found;
}

/* The default of a property: its own, or one of what it is made of. */
static const Node *find_default(Filling *filling, const Rule *rule, const Spot *spot, unsigned depth)
{
        const Node *found = rule->fallback;

        if (found || !rule->logic || depth == MAX_DEPTH || !run_charge(&filling->run, spot, 1))
                return found;
        if (rule->logic->reference)
                found = find_default(filling, rule->logic->reference, spot, depth + 1);
        for (size_t i = 0; i < rule->logic->all_of.count && !found; i++)
                found = find_default(filling, rule->logic->all_of.rules[i], spot, depth + 1);
        return found;
}

static Overlay *fill_value(Filling *filling, GPtrArray *rules, const Spot *spot);

/* Goes into a member or item with its own path. */
static Overlay *fill_child(Filling *filling, GPtrArray *rules, const Spot *spot)
{
        g_autoptr(GPtrArray) own = rules;
        gsize length = filling->path->len;
        char index[16];
        Overlay *overlay;

        if (spot->key)
                path_append_dotted(filling->path, spot->key, spot->key_length);
        else
                path_append_dotted(filling->path, index,
                                   (size_t) g_snprintf(index, sizeof index, "%u", spot->index));
        filling->level++;
        overlay = fill_value(filling, own, spot);
        filling->level--;
        g_string_truncate(filling->path, length);
        return overlay;
}

static void add_default(Filling *filling, Overlay *overlay, GPtrArray *rules, const PropertyRule *property,
                        const Spot *spot)
{
        const Node *fallback = find_default(filling, property->rule, spot, 0);
        bool was_added = filling->is_added;
        Member member = { .key = property->key, .key_length = property->key_length };
        Overlay *below = NULL;
        Spot child;

        if (!fallback || filling->level + node_height(fallback) > DOCUMENT_MAX_DEPTH ||
            filling->n_added + node_count(fallback) > MAX_ADDED_NODES)
                return;
        filling->n_added += node_count(fallback);
        if (!was_added) {
                g_autoptr(GString) path = g_string_new(filling->path->str);

                path_append_dotted(path, property->key, property->key_length);
                g_ptr_array_add(filling->paths, g_string_free(g_steal_pointer(&path), FALSE));
        }
        member.value = *fallback;
        child = (Spot){ .parent = spot,
                        .node = &member.value,
                        .key = property->key,
                        .key_length = property->key_length };
        filling->is_added = true;
        below = fill_child(filling,
                           rules_of_member(filling, rules, property->key, property->key_length, spot),
                           &child);
        filling->is_added = was_added;
        overlay_add(overlay, &member, below);
}

static void fill_missing(Filling *filling, Overlay *overlay, GPtrArray *rules, const Spot *spot)
{
        for (guint i = 0; i < rules->len; i++) {
                const MapRules *maps = ((const Rule *) g_ptr_array_index(rules, i))->maps;

                for (size_t k = 0; maps && k < maps->n_properties; k++) {
                        const PropertyRule *property = &maps->properties[k];

                        if (!run_charge(&filling->run, spot, 1))
                                return;
                        if (property->rule &&
                            !node_find_member(spot->node, property->key, property->key_length) &&
                            !overlay_has(overlay, property->key, property->key_length))
                                add_default(filling, overlay, rules, property, spot);
                }
        }
}

static void fill_members(Filling *filling, Overlay *overlay, GPtrArray *rules, const Spot *spot)
{
        const Node *node = spot->node;

        for (uint32_t i = 0; i < node->length; i++) {
                const Member *member = node->kind == NODE_MAP ? &node->map->members[i] : NULL;
                Spot child = { .parent = spot,
                               .node = member ? &member->value : &node->list->items[i],
                               .key = member ? member->key : NULL,
                               .key_length = member ? member->key_length : 0,
                               .index = i };
                Overlay *below;

                if (child.node->kind != NODE_MAP && child.node->kind != NODE_LIST)
                        continue;
                below = fill_child(filling,
                                   member ? rules_of_member(filling, rules, member->key, member->key_length,
                                                            spot)
                                          : rules_of_item(rules, i),
                                   &child);
                if (below)
                        overlay_put(overlay, i, below);
        }
}

/* What is to be added to a value for which there are those rules, or NULL. */
static Overlay *fill_value(Filling *filling, GPtrArray *rules, const Spot *spot)
{
        g_autoptr(GPtrArray) active = NULL;
        g_autoptr(Overlay) overlay = NULL;

        if (rules->len == 0 || (spot->node->kind != NODE_MAP && spot->node->kind != NODE_LIST))
                return NULL;
        active = g_ptr_array_new();
        for (guint i = 0; i < rules->len; i++)
                add_active(filling, active, g_ptr_array_index(rules, i), spot, 0);
        overlay = overlay_new();
        fill_members(filling, overlay, active, spot);
        if (spot->node->kind == NODE_MAP)
                fill_missing(filling, overlay, active, spot);
        return overlay_is_empty(overlay) ? NULL : g_steal_pointer(&overlay);
}

static int compare_paths(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

Document *schema_fill_defaults(const Schema *schema, Document *document, GPtrArray **ret_paths)
{
        g_autoptr(GPtrArray) rules = g_ptr_array_new();
        g_autoptr(GString) path = g_string_new(NULL);
        g_autoptr(Overlay) overlay = NULL;
        Filling filling = { .paths = g_ptr_array_new_with_free_func(g_free), .path = path, .level = 1 };
        Spot root = { .node = document_root(document) };

        *ret_paths = filling.paths;
        if (!schema->has_defaults)
                return document_ref(document);
        run_init(&filling.run, schema, root.node, false, NULL);
        g_ptr_array_add(rules, (void *) schema->root);
        overlay = fill_value(&filling, rules, &root);
        run_clear(&filling.run);
        g_ptr_array_sort(filling.paths, compare_paths);
        return overlay ? overlay_apply(overlay, document) : document_ref(document);
}
