/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/compiler.h"

#include "daemon/model/schema/keywords.h"
#include "daemon/model/schema/value.h"

#include <string.h>

/* What making automata may cost in all, in states looked at: about a second. */
#define MAX_PATTERN_WORK 300000000U

void *compiler_allocate(Compiler *compiler, size_t size)
{
        /* Arrays of nothing are sorted and copied like others. */
        void *block = g_malloc0(MAX(size, 1));

        g_ptr_array_add(compiler->schema->memory, block);
        return block;
}

Rule *compiler_rule(Compiler *compiler, const Node *schema)
{
        Rule *rule = g_hash_table_lookup(compiler->rules, schema);

        if (!rule) {
                rule = compiler_allocate(compiler, sizeof *rule);
                *rule = (Rule){ .types = TYPE_ANY, .wanted = TYPE_ANY, .node = schema };
                g_hash_table_insert(compiler->rules, (void *) schema, rule);
                g_ptr_array_add(compiler->waiting, rule);
        }
        return rule;
}

unsigned compiler_name(Compiler *compiler, const char *name)
{
        unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(compiler->names, name));

        if (number == 0) {
                number = g_hash_table_size(compiler->names) + 1;
                g_hash_table_insert(compiler->names, (void *) name, GUINT_TO_POINTER(number));
        }
        return number;
}

Failure *compiler_pattern(Compiler *compiler, const char *text, const Node *place, const Pattern **ret)
{
        Pattern *pattern = g_hash_table_lookup(compiler->patterns, text);
        g_autofree char *message = NULL, *quoted = NULL;

        if (!pattern) {
                pattern = pattern_new(text, &compiler->pattern_work, &message);
                if (!pattern) {
                        quoted = value_quote_text(text, strlen(text));
                        return library_broken(compiler->resource, place,
                                              "%s is not a pattern that can be used: %s", quoted, message);
                }
                g_ptr_array_add(compiler->schema->patterns, pattern);
                g_hash_table_insert(compiler->patterns, (void *) pattern_text(pattern), pattern);
        }
        *ret = pattern;
        return NULL;
}

Failure *compiler_expect(const Compiler *compiler, const Node *value, const char *keyword,
                         const char *expected)
{
        return library_broken(compiler->resource, value, "\"%s\" must be %s, found %s", keyword, expected,
                              value_describe(value));
}

const Node *compiler_sibling(const Compiler *compiler, const char *keyword)
{
        const Member *member = node_find_member(compiler->node, keyword, strlen(keyword));

        return member ? &member->value : NULL;
}

static bool is_schema(const Node *node)
{
        return node->kind == NODE_MAP || node->kind == NODE_BOOLEAN;
}

/* Holds that schemas stand where the keyword has some, and compiles them whether anything refers to them or
 * not. */
static Failure *check_schemas(Compiler *compiler, const Keyword *keyword, const Node *value)
{
        if (keyword->holds == HOLDS_SCHEMA) {
                if (!is_schema(value))
                        return compiler_expect(compiler, value, keyword->name,
                                               "a schema (a map, true or false)");
                compiler_rule(compiler, value);
        }
        if (keyword->holds == HOLDS_LIST) {
                if (value->kind != NODE_LIST || value->length == 0)
                        return compiler_expect(compiler, value, keyword->name,
                                               "a list of at least one schema");
                for (uint32_t i = 0; i < value->length; i++) {
                        if (!is_schema(&value->list->items[i]))
                                return compiler_expect(compiler, &value->list->items[i], keyword->name,
                                                       "a list of schemas (each a map, true or false)");
                        compiler_rule(compiler, &value->list->items[i]);
                }
        }
        if (keyword->holds == HOLDS_MAP) {
                if (value->kind != NODE_MAP)
                        return compiler_expect(compiler, value, keyword->name, "a map of schemas");
                for (uint32_t i = 0; i < value->length; i++) {
                        if (!is_schema(&value->map->members[i].value))
                                return compiler_expect(compiler, &value->map->members[i].value,
                                                       keyword->name,
                                                       "a map of schemas (each a map, true or false)");
                        compiler_rule(compiler, &value->map->members[i].value);
                }
        }
        return NULL;
}

/* The types that constants leave over. */
static TypeSet values_types(const ValueRules *values)
{
        unsigned types = TYPE_ANY, choices = 0;

        if (values && values->constant)
                types &= rule_types_of(values->constant);
        if (values && values->choices) {
                for (uint32_t i = 0; i < values->choices->length; i++)
                        choices |= rule_types_of(&values->choices->list->items[i]);
                types &= choices;
        }
        return types;
}

static Failure *compile_rule(Compiler *compiler, Rule *rule)
{
        const Node *node = rule->node;
        Failure *failure = NULL;

        compiler->rule = rule;
        compiler->node = node;
        compiler->resource = library_resource_of(compiler->library, node);
        rule->scope = compiler->resource->scope;
        if (node->kind == NODE_BOOLEAN) {
                rule->never = !node->boolean;
                return NULL;
        }

        for (uint32_t i = 0; i < node->length && !failure; i++) {
                const Member *member = &node->map->members[i];
                const Keyword *keyword = keyword_find(member->key);

                if (!keyword)
                        continue;
                failure = check_schemas(compiler, keyword, &member->value);
                if (!failure && keyword->compile)
                        failure = keyword->compile(compiler, &member->value);
        }
        rule->wanted = rule->types & values_types(rule->values);
        return failure;
}

/*
 * A scope for each resource that has none yet, files that were just read among them; its anchors become
 * rules once all is scanned.
 */
static void add_scopes(Compiler *compiler)
{
        GPtrArray *resources = library_resources(compiler->library);

        for (guint i = 0; i < resources->len; i++) {
                Resource *resource = g_ptr_array_index(resources, i);

                if (!resource->scope)
                        resource->scope = compiler_allocate(compiler, sizeof *resource->scope);
        }
}

static void fill_scope(Compiler *compiler, const Resource *resource)
{
        RuleScope *scope = resource->scope;
        GHashTableIter iter;
        void *name, *node;

        scope->anchors = compiler_allocate(compiler,
                                           g_hash_table_size(resource->dynamic) * sizeof *scope->anchors);
        scope->n_anchors = 0;
        g_hash_table_iter_init(&iter, resource->dynamic);
        while (g_hash_table_iter_next(&iter, &name, &node)) {
                scope->anchors[scope->n_anchors].name = compiler_name(compiler, name);
                scope->anchors[scope->n_anchors].rule = compiler_rule(compiler, node);
                scope->n_anchors++;
        }
}

static Failure *compile_waiting(Compiler *compiler)
{
        while (compiler->waiting->len > 0) {
                Rule *rule = g_ptr_array_steal_index_fast(compiler->waiting, compiler->waiting->len - 1);
                Failure *failure;

                add_scopes(compiler);
                failure = compile_rule(compiler, rule);
                if (failure)
                        return failure;
        }
        return NULL;
}

void compiler_apply_in_place(Compiler *compiler, const Rule *rule, InPlaceKind kind)
{
        Rule *current = compiler->rule;
        size_t count = current->n_in_place;

        /* Doubled at each power of two; the old blocks stay with the schema, no more than the last one
         * holds. */
        if ((count & (count - 1)) == 0) {
                InPlace *more = compiler_allocate(compiler, MAX(count * 2, 1) * sizeof *more);

                if (count > 0)
                        memcpy(more, current->in_place, count * sizeof *more);
                current->in_place = more;
        }
        current->in_place[current->n_in_place++] = (InPlace){ rule, kind };
}

/* All rules that a dynamic reference may be to, by name. */
static void list_anchors(Compiler *compiler)
{
        GPtrArray *resources = library_resources(compiler->library);
        size_t n_names = g_hash_table_size(compiler->names);
        RuleList *lists = compiler_allocate(compiler, n_names * sizeof *lists);
        g_autofree size_t *counts = g_new0(size_t, n_names);

        for (guint i = 0; i < resources->len; i++) {
                const RuleScope *scope = ((const Resource *) g_ptr_array_index(resources, i))->scope;

                for (size_t k = 0; k < scope->n_anchors; k++)
                        counts[scope->anchors[k].name - 1]++;
        }
        for (size_t k = 0; k < n_names; k++)
                lists[k].rules = compiler_allocate(compiler, counts[k] * sizeof *lists[k].rules);
        for (guint i = 0; i < resources->len; i++) {
                const RuleScope *scope = ((const Resource *) g_ptr_array_index(resources, i))->scope;

                for (size_t k = 0; k < scope->n_anchors; k++) {
                        RuleList *list = &lists[scope->anchors[k].name - 1];

                        list->rules[list->count++] = scope->anchors[k].rule;
                }
        }
        compiler->schema->anchors = lists;
}

static Failure *compile_all(Compiler *compiler, const Resource *resource)
{
        GPtrArray *resources = library_resources(compiler->library);
        Failure *failure;

        compiler->schema->root = compiler_rule(compiler, resource->root);
        failure = compile_waiting(compiler);
        for (guint i = 0; i < resources->len && !failure; i++) {
                fill_scope(compiler, g_ptr_array_index(resources, i));
                failure = compile_waiting(compiler);
        }
        if (!failure)
                list_anchors(compiler);
        return failure ?: compiler_check_loops(compiler);
}

Failure *compiler_run(Library *library, const Resource *resource, Schema *schema)
{
        g_autoptr(GHashTable) rules = g_hash_table_new(NULL, NULL);
        g_autoptr(GHashTable) patterns = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GPtrArray) waiting = g_ptr_array_new();
        Compiler compiler = {
                .library = library,
                .schema = schema,
                .rules = rules,
                .waiting = waiting,
                .patterns = patterns,
                .names = names,
                .pattern_work = MAX_PATTERN_WORK,
        };

        return compile_all(&compiler, resource);
}
