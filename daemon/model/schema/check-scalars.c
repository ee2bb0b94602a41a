/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/number.h"
#include "daemon/model/schema/report.h"
#include "daemon/model/schema/value.h"

#include <stdlib.h>

static bool is_choice(const ValueRules *values, const Node *node)
{
        const Node *choices = values->choices;
        Hash hash;

        if (values->hashes) {
                hash = value_hash(node);
                return bsearch(&hash, values->hashes, choices->length, sizeof hash, value_compare_hashes);
        }
        for (uint32_t i = 0; i < choices->length; i++)
                if (value_equal(&choices->list->items[i], node))
                        return true;
        return false;
}

static bool report_constant(Run *run, const Spot *spot, const Node *constant)
{
        g_autofree char *text = NULL;

        if (!report_is_wanted(run))
                return false;
        text = value_quote(constant);
        return report_expected(run, spot, REPORT_VALUE, "%s", text);
}

bool run_check_values(Run *run, const ValueRules *values, const Spot *spot)
{
        const Node *node = spot->node;
        uint64_t cost = node->kind == NODE_STRING ? node->length / 32 : node_count(node);

        if (!run_charge(run, spot, cost))
                return false;
        if (values->constant && !value_equal(values->constant, node))
                return report_constant(run, spot, values->constant);
        if (values->choices && !is_choice(values, node))
                return report_choices(run, spot, values->choices);
        return true;
}

static bool report_multiple(Run *run, const Spot *spot, const Node *divisor)
{
        g_autofree char *text = NULL;

        if (!report_is_wanted(run))
                return false;
        text = number_format(divisor);
        return report_expected(run, spot, REPORT_OTHER, "a multiple of %s", text);
}

bool run_check_number(Run *run, const NumberRules *numbers, const Spot *spot)
{
        const Node *node = spot->node;
        int order;

        if (numbers->minimum) {
                order = number_compare(node, numbers->minimum);
                if (order != 0 && order != 1)
                        return report_limit(run, spot, "of at least", numbers->minimum);
        }
        if (numbers->maximum && number_compare(node, numbers->maximum) > 0)
                return report_limit(run, spot, "of at most", numbers->maximum);
        if (numbers->above && number_compare(node, numbers->above) != 1)
                return report_limit(run, spot, "above", numbers->above);
        if (numbers->below && number_compare(node, numbers->below) != -1)
                return report_limit(run, spot, "below", numbers->below);
        if (numbers->multiple_of && !number_is_multiple(node, numbers->multiple_of))
                return report_multiple(run, spot, numbers->multiple_of);
        return true;
}

/* Characters are counted only where their number could make a difference. */
static bool check_length(Run *run, const StringRules *strings, const Spot *spot)
{
        const Node *node = spot->node;
        uint64_t count;

        if (strings->min_length == 0 && strings->max_length >= node->length)
                return true;
        if (!run_charge(run, spot, node->length / 32))
                return false;
        count = (uint64_t) g_utf8_strlen(node->string, node->length);
        if (count < strings->min_length)
                return report_count(run, spot, true, strings->min_length, "character", count);
        if (count > strings->max_length)
                return report_count(run, spot, false, strings->max_length, "character", count);
        return true;
}

bool run_check_string(Run *run, const StringRules *strings, const Spot *spot)
{
        const Node *node = spot->node;

        if (!check_length(run, strings, spot))
                return false;
        if (strings->pattern && !run_match(run, strings->pattern, node->string, node->length, spot))
                return !run->hit_limit &&
                       report_expected(run, spot, REPORT_OTHER, "a string that matches \"%s\"",
                                       pattern_text(strings->pattern));
        if (!strings->format)
                return true;
        if (!run_charge(run, spot, node->length / 32))
                return false;
        if (!strings->format->check(node->string, node->length))
                return report_expected(run, spot, REPORT_OTHER, "%s", strings->format->description);
        return true;
}
