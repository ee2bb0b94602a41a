/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/places.h"

/* Rules of one place that are found without a table. */
#define FEW_RULES 16U
/* What trying a pattern counts for. */
#define PATTERN_STEPS 4U
#define SLOW_PATTERN_STEPS 2000U

void place_rules_init(PlaceRules *rules, const Schema *schema, uint64_t *steps)
{
        *rules = (PlaceRules){ .list = g_array_new(FALSE, FALSE, sizeof(InPlace)),
                               .schema = schema,
                               .steps = steps };
}

void place_rules_clear(PlaceRules *rules)
{
        if (rules->list)
                g_array_unref(rules->list);
        if (rules->known)
                g_hash_table_unref(rules->known);
        *rules = (PlaceRules){ .list = NULL };
}

static InPlace *find_rule(const PlaceRules *rules, const Rule *rule)
{
        guint index;

        if (rules->known) {
                index = GPOINTER_TO_UINT(g_hash_table_lookup(rules->known, rule));
                return index > 0 ? &g_array_index(rules->list, InPlace, index - 1) : NULL;
        }
        for (index = 0; index < rules->list->len; index++)
                if (g_array_index(rules->list, InPlace, index).rule == rule)
                        return &g_array_index(rules->list, InPlace, index);
        return NULL;
}

/* Adds that rule, or makes it a surer one. False if it was known so already. */
static bool put_rule(PlaceRules *rules, const Rule *rule, InPlaceKind kind)
{
        InPlace *known = find_rule(rules, rule), added = { rule, kind };

        if (*rules->steps == 0 || (known && known->kind <= kind))
                return false;
        (*rules->steps)--;
        if (known) {
                known->kind = kind;
                return true;
        }
        g_array_append_val(rules->list, added);
        if (rules->known) {
                g_hash_table_insert(rules->known, (void *) rule, GUINT_TO_POINTER(rules->list->len));
        } else if (rules->list->len == FEW_RULES) {
                rules->known = g_hash_table_new(NULL, NULL);
                for (guint i = 0; i < rules->list->len; i++)
                        g_hash_table_insert(rules->known,
                                            (void *) g_array_index(rules->list, InPlace, i).rule,
                                            GUINT_TO_POINTER(i + 1));
        }
        return true;
}

static void put_in_place(PlaceRules *rules, GArray *waiting, const Rule *rule, InPlaceKind kind)
{
        InPlace next = { rule, kind };

        if (put_rule(rules, rule, kind))
                g_array_append_val(waiting, next);
}

void place_rules_add(PlaceRules *rules, const Rule *rule, InPlaceKind kind)
{
        g_autoptr(GArray) waiting = NULL;

        if (!put_rule(rules, rule, kind) || (rule->n_in_place == 0 && !rule->logic))
                return;

        waiting = g_array_new(FALSE, FALSE, sizeof(InPlace));
        g_array_append_val(waiting, ((InPlace){ rule, kind }));
        for (guint i = 0; i < waiting->len; i++) {
                InPlace at = g_array_index(waiting, InPlace, i);
                const LogicRules *logic = at.rule->logic;

                for (size_t k = 0; k < at.rule->n_in_place; k++)
                        put_in_place(rules, waiting, at.rule->in_place[k].rule,
                                     MAX(at.kind, at.rule->in_place[k].kind));
                if (logic && logic->dynamic_name > 0) {
                        const RuleList *anchors = &rules->schema->anchors[logic->dynamic_name - 1];

                        for (size_t k = 0; k < anchors->count; k++)
                                put_in_place(rules, waiting, anchors->rules[k],
                                             MAX(at.kind, IN_PLACE_BRANCH));
                }
        }
}

static bool pattern_applies(const PlaceRules *rules, const Pattern *pattern, const char *key,
                            size_t key_length)
{
        uint64_t cost = pattern_is_linear(pattern) ? PATTERN_STEPS : SLOW_PATTERN_STEPS;

        *rules->steps -= MIN(cost, *rules->steps);
        return *rules->steps > 0 && pattern_match(pattern, key, key_length) == PATTERN_MATCHES;
}

static void descend_map(const PlaceRules *rules, const MapRules *maps, InPlaceKind kind, const char *key,
                        size_t key_length, PlaceRules *ret)
{
        const PropertyRule *property = rule_find_property(maps, key, key_length);
        bool matched = property && property->rule;

        if (matched)
                place_rules_add(ret, property->rule, kind);
        for (size_t i = 0; i < maps->n_patterns; i++) {
                if (!pattern_applies(rules, maps->patterns[i].pattern, key, key_length))
                        continue;
                matched = true;
                place_rules_add(ret, maps->patterns[i].rule, kind);
        }
        if (!matched && maps->additional)
                place_rules_add(ret, maps->additional, kind);
        if (maps->unevaluated)
                place_rules_add(ret, maps->unevaluated, MAX(kind, IN_PLACE_BRANCH));
}

static void descend_list(const ListRules *lists, InPlaceKind kind, uint64_t index, PlaceRules *ret)
{
        if (index < lists->prefix.count)
                place_rules_add(ret, lists->prefix.rules[index], kind);
        else if (lists->items)
                place_rules_add(ret, lists->items, kind);
        if (lists->contains)
                place_rules_add(ret, lists->contains, IN_PLACE_TEST);
        if (lists->unevaluated)
                place_rules_add(ret, lists->unevaluated, MAX(kind, IN_PLACE_BRANCH));
}

void place_rules_descend(const PlaceRules *rules, const char *key, size_t key_length, uint64_t index,
                         PlaceRules *ret)
{
        place_rules_init(ret, rules->schema, rules->steps);
        for (guint i = 0; i < rules->list->len; i++) {
                InPlace at = g_array_index(rules->list, InPlace, i);

                if (key && at.rule->maps)
                        descend_map(rules, at.rule->maps, at.kind, key, key_length, ret);
                if (!key && at.rule->lists)
                        descend_list(at.rule->lists, at.kind, index, ret);
        }
}

unsigned place_rules_marks(const PlaceRules *rules)
{
        unsigned marks = 0;

        for (guint i = 0; i < rules->list->len; i++)
                marks |= g_array_index(rules->list, InPlace, i).rule->marks;
        return marks;
}

static unsigned collect_marks_at(const Schema *schema, const Spot *spot, uint64_t *steps, PlaceRules *ret)
{
        g_auto(PlaceRules) around = { NULL };
        unsigned marks;

        if (!spot->parent) {
                place_rules_init(ret, schema, steps);
                place_rules_add(ret, schema->root, IN_PLACE_ALWAYS);
                return place_rules_marks(ret);
        }
        marks = collect_marks_at(schema, spot->parent, steps, &around);
        place_rules_descend(&around, spot->key, spot->key_length, spot->index, ret);
        return marks | place_rules_marks(ret);
}

unsigned places_marks_at(const Schema *schema, const Spot *spot, uint64_t *steps)
{
        g_auto(PlaceRules) rules = { NULL };
        unsigned marks;

        if (!schema->has_marks)
                return 0;
        marks = collect_marks_at(schema, spot, steps, &rules);
        /* What cannot be told in time may be a secret. */
        return *steps > 0 ? marks : SCHEMA_WRITE_ONLY | SCHEMA_RESTART;
}
