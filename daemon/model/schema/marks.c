/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mark may come from any rule for a place, whether it is one of several alternatives or not: a secret must
 * not be shown because something else about it is wrong.
 */
#include "daemon/model/schema/places.h"

#include <string.h>

#define MAX_STEPS 3000000U

/* The marks of all that is in a map or list. */
static unsigned marks_below(const PlaceRules *rules, const Node *node)
{
        unsigned marks = 0;

        if (rules->list->len == 0 || (node->kind != NODE_MAP && node->kind != NODE_LIST))
                return 0;
        for (uint32_t i = 0; i < node->length; i++) {
                const Member *member = node->kind == NODE_MAP ? &node->map->members[i] : NULL;
                g_auto(PlaceRules) child = { NULL };

                place_rules_descend(rules, member ? member->key : NULL, member ? member->key_length : 0, i,
                                    &child);
                marks |= place_rules_marks(&child) |
                         marks_below(&child, member ? &member->value : &node->list->items[i]);
        }
        return marks;
}

/* The child that a segment names. Where no value tells maps from lists, digits may be either. */
static const Node *descend(const PlaceRules *rules, const Node *node, const char *segment, size_t length,
                           PlaceRules *ret)
{
        const Member *member;
        uint64_t index = UINT64_MAX;

        if (node && node->kind == NODE_LIST) {
                if (!g_ascii_string_to_unsigned(segment, 10, 0, UINT32_MAX, &index, NULL))
                        index = UINT64_MAX;
                place_rules_descend(rules, NULL, 0, index, ret);
                return index < node->length ? &node->list->items[index] : NULL;
        }
        place_rules_descend(rules, segment, length, 0, ret);
        if (!node && g_ascii_string_to_unsigned(segment, 10, 0, UINT32_MAX, &index, NULL)) {
                g_auto(PlaceRules) items = { NULL };

                place_rules_descend(rules, NULL, 0, index, &items);
                for (guint i = 0; i < items.list->len; i++)
                        place_rules_add(ret, g_array_index(items.list, InPlace, i).rule, IN_PLACE_BRANCH);
        }
        member = node && node->kind == NODE_MAP ? node_find_member(node, segment, length) : NULL;
        return member ? &member->value : NULL;
}

unsigned schema_marks(const Schema *schema, const Node *root, const Path *path)
{
        g_auto(PlaceRules) rules = { NULL };
        uint64_t steps = MAX_STEPS;
        const Node *node = root;
        unsigned marks;

        if (!schema->has_marks)
                return 0;
        place_rules_init(&rules, schema, &steps);
        place_rules_add(&rules, schema->root, IN_PLACE_ALWAYS);
        marks = place_rules_marks(&rules);
        for (size_t i = 0; i < path_length(path); i++) {
                PlaceRules child;
                size_t length;
                const char *segment = path_segment(path, i, &length);

                node = descend(&rules, node, segment, length, &child);
                place_rules_clear(&rules);
                rules = child;
                marks |= place_rules_marks(&rules);
        }
        if (node)
                marks |= marks_below(&rules, node);
        return steps > 0 ? marks : SCHEMA_WRITE_ONLY | SCHEMA_RESTART;
}
