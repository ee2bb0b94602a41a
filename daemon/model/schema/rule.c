/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/rule.h"

#include "daemon/model/schema/number.h"

TypeSet rule_types_of(const Node *node)
{
        static const uint8_t types[] = {
                [NODE_NULL] = TYPE_NULL,
                [NODE_BOOLEAN] = TYPE_BOOLEAN,
                [NODE_INTEGER] = TYPE_INTEGER | TYPE_NUMBER,
                [NODE_UNSIGNED] = TYPE_INTEGER | TYPE_NUMBER,
                [NODE_DOUBLE] = TYPE_NUMBER,
                [NODE_STRING] = TYPE_STRING,
                [NODE_LIST] = TYPE_ARRAY,
                [NODE_MAP] = TYPE_OBJECT,
        };

        return types[node->kind];
}

bool rule_has_type(TypeSet types, const Node *node)
{
        return (types & rule_types_of(node)) != 0 ||
               (node->kind == NODE_DOUBLE && (types & TYPE_INTEGER) != 0 && number_is_integer(node));
}

char *rule_describe_types(TypeSet types)
{
        static const struct {
                TypeSet type;
                const char *name;
        } names[] = {
                { TYPE_STRING, "a string" },    { TYPE_NUMBER, "a number" },
                { TYPE_INTEGER, "an integer" }, { TYPE_BOOLEAN, "true or false" },
                { TYPE_ARRAY, "a list" },       { TYPE_OBJECT, "a map" },
                { TYPE_NULL, "null" },
        };
        g_autoptr(GString) text = g_string_new(NULL);

        if (types == TYPE_ANY)
                return g_strdup("anything");
        /* A number may be an integer anyway. */
        if ((types & TYPE_NUMBER) != 0)
                types &= ~(unsigned) TYPE_INTEGER;
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if ((types & names[i].type) != 0)
                        g_string_append_printf(text, "%s%s", text->len > 0 ? " or " : "", names[i].name);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

const PropertyRule *rule_find_property(const MapRules *maps, const char *key, size_t key_length)
{
        size_t low = 0, high = maps->n_properties;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const PropertyRule *property = &maps->properties[middle];
                int order = key_compare(key, key_length, property->key, property->key_length);

                if (order == 0)
                        return property;
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}
