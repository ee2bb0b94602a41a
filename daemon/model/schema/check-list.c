/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/report.h"
#include "daemon/model/schema/value.h"

static Spot item_spot(const Spot *list, uint32_t index)
{
        return (Spot){ .parent = list, .node = &list->node->list->items[index], .index = index };
}

static bool check_lengths(Run *run, const ListRules *lists, const Spot *spot)
{
        uint32_t length = spot->node->length;

        if (length < lists->min_items)
                return report_count(run, spot, true, lists->min_items, "item", length);
        if (length > lists->max_items)
                return report_count(run, spot, false, lists->max_items, "item", length);
        return true;
}

static bool check_unique(Run *run, const Spot *spot)
{
        size_t first, second;
        Spot item;

        if (!run_charge(run, spot, node_count(spot->node)))
                return false;
        if (value_items_unique(spot->node, &first, &second))
                return true;
        item = item_spot(spot, (uint32_t) second);
        return report_problem(run, &item, "all items must differ, and this one is equal to item %zu", first);
}

static bool check_items(Run *run, const ListRules *lists, const Spot *spot, Evaluated *evaluated)
{
        bool valid = true;

        for (uint32_t i = 0; i < spot->node->length; i++) {
                const Rule *rule = i < lists->prefix.count ? lists->prefix.rules[i] : lists->items;
                Spot item = item_spot(spot, i);

                if (!rule)
                        break;
                valid &= run_evaluate(run, rule, &item, NULL);
                if (!valid && run_is_quiet(run))
                        return false;
                if (evaluated)
                        evaluated_add(evaluated, i);
        }
        return valid;
}

static bool check_contains(Run *run, const ListRules *lists, const Spot *spot, Evaluated *evaluated)
{
        uint64_t count = 0;

        for (uint32_t i = 0; i < spot->node->length; i++) {
                Spot item = item_spot(spot, i);

                if (!run_try(run, lists->contains, &item, NULL))
                        continue;
                count++;
                if (evaluated)
                        evaluated_add(evaluated, i);
        }
        if (count < lists->min_contains)
                return report_count(run, spot, true, lists->min_contains, "item fitting \"contains\"",
                                    count);
        if (count > lists->max_contains)
                return report_count(run, spot, false, lists->max_contains, "item fitting \"contains\"",
                                    count);
        return true;
}

bool run_check_list(Run *run, const ListRules *lists, const Spot *spot, Evaluated *evaluated)
{
        bool valid = check_lengths(run, lists, spot);

        if (lists->unique && (valid || !run_is_quiet(run)))
                valid &= check_unique(run, spot);
        if ((lists->items || lists->prefix.count > 0) && (valid || !run_is_quiet(run)))
                valid &= check_items(run, lists, spot, evaluated);
        if (lists->contains && (valid || !run_is_quiet(run)))
                valid &= check_contains(run, lists, spot, evaluated);
        return valid;
}

static bool check_unevaluated_items(Run *run, const Rule *rule, const Spot *spot, const Evaluated *evaluated)
{
        bool valid = true;

        for (uint32_t i = 0; i < spot->node->length; i++) {
                Spot item = item_spot(spot, i);

                if (evaluated_has(evaluated, i))
                        continue;
                valid &= run_evaluate(run, rule, &item, NULL);
                if (!valid && run_is_quiet(run))
                        return false;
        }
        return valid;
}

static bool check_unevaluated_members(Run *run, const Rule *rule, const Spot *spot,
                                      const Evaluated *evaluated)
{
        bool valid = true;

        for (uint32_t i = 0; i < spot->node->length; i++) {
                const Member *member = &spot->node->map->members[i];
                Spot child = { .parent = spot,
                               .node = &member->value,
                               .key = member->key,
                               .key_length = member->key_length };

                if (evaluated_has(evaluated, i))
                        continue;
                if (rule->maps->unevaluated->never)
                        valid = report_unevaluated_key(run, &child, rule);
                else
                        valid &= run_evaluate(run, rule->maps->unevaluated, &child, NULL);
                if (!valid && run_is_quiet(run))
                        return false;
        }
        return valid;
}

bool run_check_unevaluated(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated)
{
        bool valid = spot->node->kind == NODE_LIST ? check_unevaluated_items(run, rule->lists->unevaluated,
                                                                             spot, evaluated)
                                                   : check_unevaluated_members(run, rule, spot, evaluated);

        evaluated_add_all(evaluated);
        return valid;
}
