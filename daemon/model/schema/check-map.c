/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A map and the properties that its rule knows are sorted the same way, and walked side by side. Only where
 * the map is small and the properties many, each key is looked up by itself.
 */
#include "daemon/model/schema/report.h"

#include <string.h>

/* How many more properties than members there must be for a look-up to be quicker. */
#define LOOK_UP_RATIO 8U

/* Reports keys that must be there and are not, from one property to before another. */
static bool report_missing(Run *run, const MapRules *maps, const Spot *spot, size_t from, size_t to)
{
        bool valid = true;

        for (size_t i = from; i < to; i++)
                if (maps->properties[i].required)
                        valid = report_missing_key(run, spot, maps->properties[i].key,
                                                   maps->properties[i].key_length, NULL);
        return valid;
}

static int compare_key(const Member *member, const PropertyRule *property)
{
        uint32_t length = MIN(member->key_length, property->key_length);
        int order = (unsigned char) *member->key - (unsigned char) *property->key;

        if (order == 0)
                order = memcmp(member->key, property->key, length);
        if (order == 0)
                order = (member->key_length > property->key_length) -
                        (member->key_length < property->key_length);
        return order;
}

/* The property of a member, those before it being passed over. */
static const PropertyRule *next_property(Run *run, const MapRules *maps, const Spot *spot,
                                         const Member *member, size_t *at, bool *valid)
{
        size_t from = *at;
        int order = -1;

        if (maps->n_required == 0 && maps->n_properties / LOOK_UP_RATIO > spot->node->length)
                return rule_find_property(maps, member->key, member->key_length);
        while (*at < maps->n_properties && (order = compare_key(member, &maps->properties[*at])) > 0)
                (*at)++;
        if (*at > from && maps->n_required > 0)
                *valid &= report_missing(run, maps, spot, from, *at);
        return *at < maps->n_properties && order == 0 ? &maps->properties[(*at)++] : NULL;
}

static bool check_name(Run *run, const MapRules *maps, const Spot *member)
{
        Node name = *member->node;
        Spot spot = *member;

        name.kind = NODE_STRING;
        name.length = member->key_length;
        name.string = member->key;
        spot.node = &name;
        spot.is_key = true;
        return run_evaluate(run, maps->names, &spot, NULL);
}

/* The rules for one member, besides its property's; *matched tells whether there are some. */
static bool check_patterns(Run *run, const MapRules *maps, const Spot *member, bool *matched)
{
        bool valid = true;

        for (size_t i = 0; i < maps->n_patterns && (valid || !run_is_quiet(run)); i++) {
                if (!run_charge(run, member, 1))
                        return false;
                if (!run_match(run, maps->patterns[i].pattern, member->key, member->key_length, member))
                        continue;
                *matched = true;
                valid &= run_evaluate(run, maps->patterns[i].rule, member, NULL);
        }
        return valid;
}

static bool check_additional(Run *run, const MapRules *maps, const Spot *member)
{
        if (maps->additional->never)
                return report_unknown_key(run, member, maps);
        return run_evaluate(run, maps->additional, member, NULL);
}

static bool check_member(Run *run, const MapRules *maps, const PropertyRule *property, const Spot *member,
                         bool *matched)
{
        bool valid = true;

        *matched = property && property->rule;
        if (*matched)
                valid = run_evaluate(run, property->rule, member, NULL);
        if (maps->n_patterns > 0 && (valid || !run_is_quiet(run)))
                valid &= check_patterns(run, maps, member, matched);
        if (!*matched && maps->additional) {
                valid &= check_additional(run, maps, member);
                *matched = true;
        }
        if (maps->names && (valid || !run_is_quiet(run)))
                valid &= check_name(run, maps, member);
        return valid;
}

static bool check_members(Run *run, const MapRules *maps, const Spot *spot, Evaluated *evaluated)
{
        const Node *node = spot->node;
        bool valid = true;
        size_t at = 0;

        for (uint32_t i = 0; i < node->length; i++) {
                const Member *member = &node->map->members[i];
                const PropertyRule *property = next_property(run, maps, spot, member, &at, &valid);
                Spot child = { .parent = spot,
                               .node = &member->value,
                               .key = member->key,
                               .key_length = member->key_length };
                bool matched;

                if (!valid && run_is_quiet(run))
                        return false;
                valid &= check_member(run, maps, property, &child, &matched);
                if (!valid && run_is_quiet(run))
                        return false;
                if (matched && evaluated)
                        evaluated_add(evaluated, i);
        }
        if (maps->n_required > 0)
                valid &= report_missing(run, maps, spot, at, maps->n_properties);
        return valid;
}

static bool check_lengths(Run *run, const MapRules *maps, const Spot *spot)
{
        uint32_t length = spot->node->length;

        if (length < maps->min_properties)
                return report_count(run, spot, true, maps->min_properties, "key", length);
        if (length > maps->max_properties)
                return report_count(run, spot, false, maps->max_properties, "key", length);
        return true;
}

static bool check_dependent(Run *run, const DependentRule *dependent, const Spot *spot, Evaluated *evaluated)
{
        bool valid = true;

        for (uint32_t i = 0; dependent->required && i < dependent->required->length; i++) {
                const Node *key = &dependent->required->list->items[i];

                if (!run_charge(run, spot, 1))
                        return false;
                if (!node_find_member(spot->node, key->string, key->length))
                        valid = report_missing_key(run, spot, key->string, key->length, dependent->key);
                if (!valid && run_is_quiet(run))
                        return false;
        }
        if (dependent->rule)
                valid &= run_evaluate(run, dependent->rule, spot, evaluated);
        return valid;
}

bool run_check_map(Run *run, const MapRules *maps, const Spot *spot, Evaluated *evaluated)
{
        bool valid;

        if (!run_charge(run, spot, (maps->n_properties + maps->n_dependents + spot->node->length) / 8))
                return false;
        valid = check_lengths(run, maps, spot);
        if (valid || !run_is_quiet(run))
                valid &= check_members(run, maps, spot, evaluated);
        for (size_t i = 0; i < maps->n_dependents && (valid || !run_is_quiet(run)); i++)
                if (node_find_member(spot->node, maps->dependents[i].key, maps->dependents[i].key_length))
                        valid &= check_dependent(run, &maps->dependents[i], spot, evaluated);
        return valid;
}
