/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups of a rule: made when the first keyword of theirs is met, with the limits that no keyword sets
 */
#include "daemon/model/schema/compiler.h"

NumberRules *compiler_numbers(Compiler *compiler)
{
        Rule *rule = compiler->rule;

        if (!rule->numbers)
                rule->numbers = compiler_allocate(compiler, sizeof *rule->numbers);
        return rule->numbers;
}

StringRules *compiler_strings(Compiler *compiler)
{
        Rule *rule = compiler->rule;

        if (!rule->strings) {
                rule->strings = compiler_allocate(compiler, sizeof *rule->strings);
                rule->strings->max_length = UINT64_MAX;
        }
        return rule->strings;
}

ListRules *compiler_lists(Compiler *compiler)
{
        Rule *rule = compiler->rule;

        if (!rule->lists) {
                rule->lists = compiler_allocate(compiler, sizeof *rule->lists);
                rule->lists->max_items = UINT64_MAX;
                rule->lists->min_contains = 1;
                rule->lists->max_contains = UINT64_MAX;
        }
        return rule->lists;
}

MapRules *compiler_maps(Compiler *compiler)
{
        Rule *rule = compiler->rule;

        if (!rule->maps) {
                rule->maps = compiler_allocate(compiler, sizeof *rule->maps);
                rule->maps->max_properties = UINT64_MAX;
        }
        return rule->maps;
}

LogicRules *compiler_logic(Compiler *compiler)
{
        Rule *rule = compiler->rule;

        if (!rule->logic)
                rule->logic = compiler_allocate(compiler, sizeof *rule->logic);
        return rule->logic;
}

ValueRules *compiler_values(Compiler *compiler)
{
        Rule *rule = compiler->rule;

        if (!rule->values)
                rule->values = compiler_allocate(compiler, sizeof *rule->values);
        return rule->values;
}
