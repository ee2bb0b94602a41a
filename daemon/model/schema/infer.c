/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/infer.h"

#include "daemon/model/builder.h"

#include <stdlib.h>
#include <string.h>

/* The properties of a schema, and the schemas in it. */
#define LEVELS_NEEDED 2U

static const Place nowhere = { 0, 0 };

typedef struct Inference {
        Builder *builder;
        unsigned depth; /* of the open maps and lists */
} Inference;

static void check(Failure *failure)
{
        g_assert(!failure);
}

static void add_key(Inference *inference, const char *key)
{
        builder_add_key(inference->builder, nowhere, key, strlen(key));
}

static void add_string(Inference *inference, const char *text)
{
        builder_add_string(inference->builder, nowhere, text, strlen(text));
}

static void open_map(Inference *inference)
{
        check(builder_open_map(inference->builder, nowhere));
        inference->depth++;
}

static void open_list(Inference *inference)
{
        check(builder_open_list(inference->builder, nowhere));
        inference->depth++;
}

static void close_last(Inference *inference)
{
        check(builder_close(inference->builder));
        inference->depth--;
}

static const char *type_of(const Node *node)
{
        static const char *const names[] = {
                [NODE_NULL] = "null",        [NODE_BOOLEAN] = "boolean", [NODE_INTEGER] = "integer",
                [NODE_UNSIGNED] = "integer", [NODE_DOUBLE] = "number",   [NODE_STRING] = "string",
                [NODE_LIST] = "array",       [NODE_MAP] = "object",
        };

        return names[node->kind];
}

/* Adds "type": the one of all values, or a list of them. */
static void add_types(Inference *inference, GPtrArray *values)
{
        g_autoptr(GPtrArray) types = g_ptr_array_new();
        bool has_number = false;

        for (guint i = 0; i < values->len; i++)
                has_number |= ((const Node *) g_ptr_array_index(values, i))->kind == NODE_DOUBLE;
        for (guint i = 0; i < values->len; i++) {
                const char *type = type_of(g_ptr_array_index(values, i));

                /* An integer is a number, too. */
                if (has_number && strcmp(type, "integer") == 0)
                        type = "number";
                if (!g_ptr_array_find_with_equal_func(types, type, g_str_equal, NULL))
                        g_ptr_array_add(types, (void *) type);
        }
        add_key(inference, "type");
        if (types->len == 1) {
                add_string(inference, g_ptr_array_index(types, 0));
                return;
        }
        open_list(inference);
        for (guint i = 0; i < types->len; i++)
                add_string(inference, g_ptr_array_index(types, i));
        close_last(inference);
}

static int compare_members(const void *a, const void *b)
{
        const Member *first = *(const Member *const *) a, *second = *(const Member *const *) b;

        return key_compare(first->key, first->key_length, second->key, second->key_length);
}

static bool same_key(const Member *a, const Member *b)
{
        return key_compare(a->key, a->key_length, b->key, b->key_length) == 0;
}

/* How many members from that index on have its key. */
static guint count_same(GPtrArray *members, guint index)
{
        guint end = index + 1;

        while (end < members->len &&
               same_key(g_ptr_array_index(members, index), g_ptr_array_index(members, end)))
                end++;
        return end - index;
}

static void infer_values(Inference *inference, GPtrArray *values);

static void add_properties(Inference *inference, GPtrArray *members)
{
        add_key(inference, "properties");
        open_map(inference);
        for (guint i = 0, count; i < members->len; i += count) {
                const Member *first = g_ptr_array_index(members, i);
                g_autoptr(GPtrArray) values = g_ptr_array_new();

                count = count_same(members, i);
                for (guint k = i; k < i + count; k++)
                        g_ptr_array_add(values,
                                        (void *) &((const Member *) g_ptr_array_index(members, k))->value);
                builder_add_key(inference->builder, nowhere, first->key, first->key_length);
                infer_values(inference, values);
        }
        close_last(inference);
}

/* Keys that all of the maps have. */
static void add_required(Inference *inference, GPtrArray *members, guint n_maps)
{
        add_key(inference, "required");
        open_list(inference);
        for (guint i = 0, count; i < members->len; i += count) {
                const Member *first = g_ptr_array_index(members, i);

                count = count_same(members, i);
                if (count == n_maps)
                        builder_add_string(inference->builder, nowhere, first->key, first->key_length);
        }
        close_last(inference);
}

static void infer_maps(Inference *inference, GPtrArray *values)
{
        g_autoptr(GPtrArray) members = g_ptr_array_new();
        guint n_maps = 0;

        for (guint i = 0; i < values->len; i++) {
                const Node *node = g_ptr_array_index(values, i);

                if (node->kind != NODE_MAP)
                        continue;
                n_maps++;
                for (uint32_t k = 0; k < node->length; k++)
                        g_ptr_array_add(members, (void *) &node->map->members[k]);
        }
        if (n_maps == 0 || members->len == 0)
                return;
        g_ptr_array_sort(members, compare_members);
        add_properties(inference, members);
        add_required(inference, members, n_maps);
        add_key(inference, "additionalProperties");
        builder_add_boolean(inference->builder, nowhere, false);
}

static void infer_lists(Inference *inference, GPtrArray *values)
{
        g_autoptr(GPtrArray) items = g_ptr_array_new();

        for (guint i = 0; i < values->len; i++) {
                const Node *node = g_ptr_array_index(values, i);

                for (uint32_t k = 0; node->kind == NODE_LIST && k < node->length; k++)
                        g_ptr_array_add(items, (void *) &node->list->items[k]);
        }
        if (items->len == 0)
                return;
        add_key(inference, "items");
        infer_values(inference, items);
}

/* One schema for all those values, of which there is at least one. */
static void infer_values(Inference *inference, GPtrArray *values)
{
        open_map(inference);
        if (inference->depth + LEVELS_NEEDED <= DOCUMENT_MAX_DEPTH) {
                add_types(inference, values);
                infer_maps(inference, values);
                infer_lists(inference, values);
        }
        close_last(inference);
}

Document *schema_infer(const Document *document)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(GPtrArray) values = g_ptr_array_new();
        Inference inference = { .builder = builder };

        g_ptr_array_add(values, (void *) document_root(document));
        open_map(&inference);
        add_key(&inference, "$schema");
        add_string(&inference, "https://json-schema.org/draft/2020-12/schema");
        add_types(&inference, values);
        infer_maps(&inference, values);
        close_last(&inference);
        return builder_end(builder);
}
