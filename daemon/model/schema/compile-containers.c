/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/compile-private.h"

#include <stdlib.h>
#include <string.h>

Failure *compile_min_items(Compiler *compiler, const Node *value)
{
        return compile_count(compiler, "minItems", value, &compiler_lists(compiler)->min_items);
}

Failure *compile_max_items(Compiler *compiler, const Node *value)
{
        return compile_count(compiler, "maxItems", value, &compiler_lists(compiler)->max_items);
}

Failure *compile_unique_items(Compiler *compiler, const Node *value)
{
        return compile_boolean(compiler, "uniqueItems", value, &compiler_lists(compiler)->unique);
}

Failure *compile_prefix_items(Compiler *compiler, const Node *value)
{
        compiler_lists(compiler)->prefix = compile_rule_list(compiler, value);
        return NULL;
}

Failure *compile_items(Compiler *compiler, const Node *value)
{
        compiler_lists(compiler)->items = compiler_rule(compiler, value);
        return NULL;
}

Failure *compile_contains(Compiler *compiler, const Node *value)
{
        compiler_lists(compiler)->contains = compiler_rule(compiler, value);
        return NULL;
}

Failure *compile_min_contains(Compiler *compiler, const Node *value)
{
        return compile_count(compiler, "minContains", value, &compiler_lists(compiler)->min_contains);
}

Failure *compile_max_contains(Compiler *compiler, const Node *value)
{
        return compile_count(compiler, "maxContains", value, &compiler_lists(compiler)->max_contains);
}

Failure *compile_unevaluated_items(Compiler *compiler, const Node *value)
{
        compiler_lists(compiler)->unevaluated = compiler_rule(compiler, value);
        return NULL;
}

Failure *compile_min_properties(Compiler *compiler, const Node *value)
{
        return compile_count(compiler, "minProperties", value, &compiler_maps(compiler)->min_properties);
}

Failure *compile_max_properties(Compiler *compiler, const Node *value)
{
        return compile_count(compiler, "maxProperties", value, &compiler_maps(compiler)->max_properties);
}

static Failure *check_keys(Compiler *compiler, const char *keyword, const Node *value)
{
        if (value->kind != NODE_LIST)
                return compiler_expect(compiler, value, keyword, "a list of keys");
        for (uint32_t i = 0; i < value->length; i++)
                if (value->list->items[i].kind != NODE_STRING)
                        return compiler_expect(compiler, &value->list->items[i], keyword,
                                               "a list of strings");
        return NULL;
}

static int compare_properties(const void *a, const void *b)
{
        const PropertyRule *first = a, *second = b;

        return key_compare(first->key, first->key_length, second->key, second->key_length);
}

/* Sorts, and makes one of several entries of a key. */
static size_t join_properties(PropertyRule *properties, size_t count)
{
        size_t kept = 0;

        qsort(properties, count, sizeof *properties, compare_properties);
        for (size_t i = 0; i < count; i++) {
                PropertyRule *last = kept > 0 ? &properties[kept - 1] : NULL;

                if (last && compare_properties(last, &properties[i]) == 0) {
                        last->required |= properties[i].required;
                        last->rule = last->rule ?: properties[i].rule;
                } else {
                        properties[kept++] = properties[i];
                }
        }
        return kept;
}

/* One table for both keywords, so that a map's members are gone through once. Either may be NULL. */
static void make_properties(Compiler *compiler, const Node *rules, const Node *required)
{
        MapRules *maps = compiler_maps(compiler);
        size_t n_rules = rules ? rules->length : 0, n_required = required ? required->length : 0;

        maps->properties = compiler_allocate(compiler, (n_rules + n_required) * sizeof *maps->properties);
        for (size_t i = 0; i < n_rules; i++) {
                const Member *member = &rules->map->members[i];

                maps->properties[i] = (PropertyRule){ .key = member->key,
                                                      .key_length = member->key_length,
                                                      .rule = compiler_rule(compiler, &member->value) };
        }
        for (size_t i = 0; i < n_required; i++) {
                const Node *key = &required->list->items[i];

                maps->properties[n_rules + i] = (PropertyRule){ .key = key->string,
                                                                .key_length = key->length,
                                                                .required = true };
        }
        maps->n_properties = join_properties(maps->properties, n_rules + n_required);
        maps->n_required = 0;
        for (size_t i = 0; i < maps->n_properties; i++)
                maps->n_required += maps->properties[i].required;
}

Failure *compile_properties(Compiler *compiler, const Node *value)
{
        if (!compiler_sibling(compiler, "required"))
                make_properties(compiler, value, NULL);
        return NULL;
}

Failure *compile_required(Compiler *compiler, const Node *value)
{
        Failure *failure = check_keys(compiler, "required", value);

        if (!failure)
                make_properties(compiler, compiler_sibling(compiler, "properties"), value);
        return failure;
}

Failure *compile_pattern_properties(Compiler *compiler, const Node *value)
{
        MapRules *maps = compiler_maps(compiler);

        maps->patterns = compiler_allocate(compiler, value->length * sizeof *maps->patterns);
        for (uint32_t i = 0; i < value->length; i++) {
                const Member *member = &value->map->members[i];
                PatternRule *pattern = &maps->patterns[maps->n_patterns++];
                Failure *failure =
                                compiler_pattern(compiler, member->key, &member->value, &pattern->pattern);

                if (failure)
                        return failure;
                pattern->rule = compiler_rule(compiler, &member->value);
        }
        return NULL;
}

Failure *compile_additional_properties(Compiler *compiler, const Node *value)
{
        compiler_maps(compiler)->additional = compiler_rule(compiler, value);
        return NULL;
}

Failure *compile_property_names(Compiler *compiler, const Node *value)
{
        compiler_maps(compiler)->names = compiler_rule(compiler, value);
        return NULL;
}

Failure *compile_unevaluated_properties(Compiler *compiler, const Node *value)
{
        compiler_maps(compiler)->unevaluated = compiler_rule(compiler, value);
        return NULL;
}

/* Room for the dependents of both keywords, made by the one that comes first. */
static DependentRule *add_dependents(Compiler *compiler, const Node *value, const char *other)
{
        MapRules *maps = compiler_maps(compiler);
        const Node *sibling = compiler_sibling(compiler, other);
        DependentRule *dependents;

        if (!maps->dependents) {
                size_t count = (size_t) value->length +
                               (sibling && sibling->kind == NODE_MAP ? sibling->length : 0);

                maps->dependents = compiler_allocate(compiler, count * sizeof *maps->dependents);
        }
        dependents = &maps->dependents[maps->n_dependents];
        maps->n_dependents += value->length;
        for (uint32_t i = 0; i < value->length; i++) {
                dependents[i].key = value->map->members[i].key;
                dependents[i].key_length = value->map->members[i].key_length;
        }
        return dependents;
}

Failure *compile_dependent_required(Compiler *compiler, const Node *value)
{
        DependentRule *dependents;

        if (value->kind != NODE_MAP)
                return compiler_expect(compiler, value, "dependentRequired", "a map of lists of keys");
        dependents = add_dependents(compiler, value, "dependentSchemas");
        for (uint32_t i = 0; i < value->length; i++) {
                const Node *keys = &value->map->members[i].value;
                Failure *failure = check_keys(compiler, "dependentRequired", keys);

                if (failure)
                        return failure;
                dependents[i].required = keys;
        }
        return NULL;
}

Failure *compile_dependent_schemas(Compiler *compiler, const Node *value)
{
        DependentRule *dependents = add_dependents(compiler, value, "dependentRequired");

        for (uint32_t i = 0; i < value->length; i++) {
                dependents[i].rule = compiler_rule(compiler, &value->map->members[i].value);
                compiler_apply_in_place(compiler, dependents[i].rule, IN_PLACE_BRANCH);
        }
        return NULL;
}
