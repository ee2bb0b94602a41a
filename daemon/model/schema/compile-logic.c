/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/compile-private.h"

RuleList compile_rule_list(Compiler *compiler, const Node *value)
{
        RuleList list = { .count = value->length };

        list.rules = compiler_allocate(compiler, list.count * sizeof *list.rules);
        for (size_t i = 0; i < list.count; i++)
                list.rules[i] = compiler_rule(compiler, &value->list->items[i]);
        return list;
}

Failure *compile_reference(Compiler *compiler, const Node *value)
{
        const Node *target;
        const char *anchor;
        Failure *failure = library_resolve(compiler->library, compiler->resource, value, &target, &anchor);
        LogicRules *logic = compiler_logic(compiler);

        if (failure)
                return failure;
        logic->reference = compiler_rule(compiler, target);
        compiler_apply_in_place(compiler, logic->reference, IN_PLACE_ALWAYS);
        return NULL;
}

Failure *compile_dynamic_reference(Compiler *compiler, const Node *value)
{
        const Node *target;
        const char *anchor;
        Failure *failure = library_resolve(compiler->library, compiler->resource, value, &target, &anchor);
        LogicRules *logic = compiler_logic(compiler);

        if (failure)
                return failure;
        logic->dynamic = compiler_rule(compiler, target);
        if (anchor)
                logic->dynamic_name = compiler_name(compiler, anchor);
        else
                compiler_apply_in_place(compiler, logic->dynamic, IN_PLACE_ALWAYS);
        return NULL;
}

static void apply_list(Compiler *compiler, const Node *value, InPlaceKind kind, RuleList *ret)
{
        *ret = compile_rule_list(compiler, value);
        for (size_t i = 0; i < ret->count; i++)
                compiler_apply_in_place(compiler, ret->rules[i], kind);
}

Failure *compile_all_of(Compiler *compiler, const Node *value)
{
        apply_list(compiler, value, IN_PLACE_ALWAYS, &compiler_logic(compiler)->all_of);
        return NULL;
}

Failure *compile_any_of(Compiler *compiler, const Node *value)
{
        apply_list(compiler, value, IN_PLACE_BRANCH, &compiler_logic(compiler)->any_of);
        return NULL;
}

Failure *compile_one_of(Compiler *compiler, const Node *value)
{
        apply_list(compiler, value, IN_PLACE_BRANCH, &compiler_logic(compiler)->one_of);
        return NULL;
}

Failure *compile_not(Compiler *compiler, const Node *value)
{
        LogicRules *logic = compiler_logic(compiler);

        logic->forbidden = compiler_rule(compiler, value);
        compiler_apply_in_place(compiler, logic->forbidden, IN_PLACE_TEST);
        return NULL;
}

/* "then" and "else" mean nothing without "if", so they are compiled with it. */
Failure *compile_if(Compiler *compiler, const Node *value)
{
        LogicRules *logic = compiler_logic(compiler);
        const Node *consequence = compiler_sibling(compiler, "then");
        const Node *alternative = compiler_sibling(compiler, "else");

        logic->condition = compiler_rule(compiler, value);
        compiler_apply_in_place(compiler, logic->condition, IN_PLACE_TEST);
        if (consequence) {
                logic->consequence = compiler_rule(compiler, consequence);
                compiler_apply_in_place(compiler, logic->consequence, IN_PLACE_BRANCH);
        }
        if (alternative) {
                logic->alternative = compiler_rule(compiler, alternative);
                compiler_apply_in_place(compiler, logic->alternative, IN_PLACE_BRANCH);
        }
        return NULL;
}
