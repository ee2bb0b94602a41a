/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A string is converted where the rules that surely apply leave no room for one; or, if those say nothing,
 * where no alternative does. What may stay a string stays one.
 */
#include "daemon/model/scalar.h"
#include "daemon/model/schema/overlay.h"
#include "daemon/model/schema/places.h"

#define MAX_STEPS 20000000U

/* The types to convert to, none where it is to stay. */
static TypeSet find_wanted(const PlaceRules *rules)
{
        unsigned sure = TYPE_ANY, maybe = 0;

        for (guint i = 0; i < rules->list->len; i++) {
                InPlace at = g_array_index(rules->list, InPlace, i);

                if (at.kind == IN_PLACE_ALWAYS)
                        sure &= at.rule->wanted;
                else if (at.kind == IN_PLACE_BRANCH && at.rule->wanted != TYPE_ANY)
                        maybe |= at.rule->wanted;
        }
        if (sure == TYPE_ANY)
                sure = maybe;
        return (sure & TYPE_STRING) != 0 ? 0 : sure;
}

/* True if the string is written as a value of one of those types; *ret is that, in its place. */
static bool convert(const Node *node, TypeSet wanted, Node *ret)
{
        Scalar scalar;
        bool converted = false;

        if ((wanted & TYPE_BOOLEAN) != 0)
                converted = scalar_parse_boolean(node->string, node->length, &scalar) == SCALAR_VALID;
        if (!converted && (wanted & (TYPE_INTEGER | TYPE_NUMBER)) != 0)
                converted = scalar_parse_integer(node->string, node->length, &scalar) == SCALAR_VALID;
        if (!converted && (wanted & TYPE_NUMBER) != 0)
                converted = scalar_parse_double(node->string, node->length, &scalar) == SCALAR_VALID;
        if (!converted)
                return false;

        *ret = *node;
        ret->kind = (uint8_t) scalar.kind;
        ret->length = 0;
        if (scalar.kind == NODE_BOOLEAN)
                ret->boolean = scalar.boolean;
        else if (scalar.kind == NODE_DOUBLE)
                ret->number = scalar.number;
        else
                ret->unsigned_integer = scalar.unsigned_integer;
        return true;
}

static Overlay *coerce_below(const PlaceRules *rules, const Node *node, uint32_t layers);

static void coerce_child(Overlay *overlay, const PlaceRules *rules, uint32_t index, const Node *node,
                         uint32_t layers)
{
        TypeSet wanted;
        Overlay *below;
        Node scalar;

        if (node->kind == NODE_MAP || node->kind == NODE_LIST) {
                below = coerce_below(rules, node, layers);
                if (below)
                        overlay_put(overlay, index, below);
        } else if (node->kind == NODE_STRING && node->layer < 32 && (layers >> node->layer & 1) != 0) {
                wanted = find_wanted(rules);
                if (wanted != 0 && convert(node, wanted, &scalar))
                        overlay_replace(overlay, index, &scalar);
        }
}

/* What is to be converted in a map or list, or NULL. */
static Overlay *coerce_below(const PlaceRules *rules, const Node *node, uint32_t layers)
{
        g_autoptr(Overlay) overlay = NULL;

        if (rules->list->len == 0)
                return NULL;
        overlay = overlay_new();
        for (uint32_t i = 0; i < node->length; i++) {
                const Member *member = node->kind == NODE_MAP ? &node->map->members[i] : NULL;
                g_auto(PlaceRules) child = { NULL };

                place_rules_descend(rules, member ? member->key : NULL, member ? member->key_length : 0, i,
                                    &child);
                coerce_child(overlay, &child, i, member ? &member->value : &node->list->items[i], layers);
        }
        return overlay_is_empty(overlay) ? NULL : g_steal_pointer(&overlay);
}

Document *schema_coerce(const Schema *schema, Document *document, uint32_t layers)
{
        g_auto(PlaceRules) rules = { NULL };
        g_autoptr(Overlay) overlay = NULL;
        uint64_t steps = MAX_STEPS;

        if (layers == 0)
                return document_ref(document);
        place_rules_init(&rules, schema, &steps);
        place_rules_add(&rules, schema->root, IN_PLACE_ALWAYS);
        overlay = coerce_below(&rules, document_root(document), layers);
        return overlay ? overlay_apply(overlay, document) : document_ref(document);
}
