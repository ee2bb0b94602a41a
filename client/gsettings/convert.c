/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/gsettings/convert.h"

#include <stdbool.h>

static bool is_a(GVariant *value, const char *type)
{
        return g_variant_is_of_type(value, G_VARIANT_TYPE(type));
}

static void release_value(void *value)
{
        if (value)
                g_variant_unref(value);
}

static GVariant *convert_item(GVariant *container, gsize index, const GVariantType *type)
{
        g_autoptr(GVariant) boxed = g_variant_get_child_value(container, index);
        g_autoptr(GVariant) item = g_variant_get_variant(boxed);

        return convert_value(item, type);
}

static GVariant *convert_entry(GVariant *map, gsize index, const GVariantType *type)
{
        g_autoptr(GVariant) member = g_variant_get_child_value(map, index);
        g_autoptr(GVariant) name = g_variant_get_child_value(member, 0);
        g_autoptr(GVariant) key = convert_value(name, g_variant_type_key(type));
        g_autoptr(GVariant) value = NULL;

        if (!key)
                return NULL;
        value = convert_item(member, 1, g_variant_type_value(type));
        return value ? g_variant_ref_sink(g_variant_new_dict_entry(key, value)) : NULL;
}

static GVariant *convert_array(GVariant *value, const GVariantType *type)
{
        const GVariantType *element = g_variant_type_element(type);
        bool entries = g_variant_type_is_dict_entry(element);
        g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(release_value);

        if (!is_a(value, entries ? "a{sv}" : "av"))
                return NULL;
        for (gsize i = 0; i < g_variant_n_children(value); i++) {
                GVariant *item =
                                entries ? convert_entry(value, i, element) : convert_item(value, i, element);

                if (!item)
                        return NULL;
                g_ptr_array_add(items, item);
        }
        return g_variant_ref_sink(g_variant_new_array(element, (GVariant **) items->pdata, items->len));
}

static GVariant *convert_tuple(GVariant *value, const GVariantType *type)
{
        const GVariantType *next = g_variant_type_first(type);
        g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(release_value);

        if (!is_a(value, "av") || g_variant_n_children(value) != g_variant_type_n_items(type))
                return NULL;
        for (gsize i = 0; next; i++, next = g_variant_type_next(next)) {
                GVariant *item = convert_item(value, i, next);

                if (!item)
                        return NULL;
                g_ptr_array_add(items, item);
        }
        return g_variant_ref_sink(g_variant_new_tuple((GVariant **) items->pdata, items->len));
}

static GVariant *convert_maybe(GVariant *value, const GVariantType *type)
{
        const GVariantType *element = g_variant_type_element(type);
        g_autoptr(GVariant) item = NULL;

        if (convert_is_null(value))
                return g_variant_ref_sink(g_variant_new_maybe(element, NULL));
        item = convert_value(value, element);
        return item ? g_variant_ref_sink(g_variant_new_maybe(element, item)) : NULL;
}

/* Also for numbers and booleans: which of them a type can hold is known to who reads GVariant text. */
static GVariant *convert_text(GVariant *value, const GVariantType *type)
{
        g_autofree char *text = NULL;

        if (is_a(value, "s"))
                return g_variant_parse(type, g_variant_get_string(value, NULL), NULL, NULL, NULL);
        if (!is_a(value, "x") && !is_a(value, "t") && !is_a(value, "d") && !is_a(value, "b"))
                return NULL;
        text = g_variant_print(value, FALSE);
        return g_variant_parse(type, text, NULL, NULL, NULL);
}

/* What needs no reading of text; NULL for what may. */
static GVariant *convert_directly(GVariant *value, const GVariantType *type)
{
        if (g_variant_type_is_variant(type))
                return g_variant_ref_sink(g_variant_new_variant(value));
        if (g_variant_type_is_maybe(type))
                return convert_maybe(value, type);
        if (g_variant_type_is_array(type))
                return convert_array(value, type);
        if (g_variant_type_is_tuple(type))
                return convert_tuple(value, type);
        if (convert_is_null(value))
                return NULL;
        if (g_variant_is_of_type(value, type))
                return g_variant_ref(value);
        if (!is_a(value, "s"))
                return NULL;
        if (g_variant_type_equal(type, G_VARIANT_TYPE_OBJECT_PATH) &&
            g_variant_is_object_path(g_variant_get_string(value, NULL)))
                return g_variant_ref_sink(g_variant_new_object_path(g_variant_get_string(value, NULL)));
        if (g_variant_type_equal(type, G_VARIANT_TYPE_SIGNATURE) &&
            g_variant_is_signature(g_variant_get_string(value, NULL)))
                return g_variant_ref_sink(g_variant_new_signature(g_variant_get_string(value, NULL)));
        return NULL;
}

GVariant *convert_value(GVariant *value, const GVariantType *type)
{
        GVariant *converted = convert_directly(value, type);

        return converted ?: convert_text(value, type);
}

bool convert_is_null(GVariant *value)
{
        return is_a(value, "g");
}

const char *convert_describe(GVariant *value)
{
        switch (g_variant_classify(value)) {
        case G_VARIANT_CLASS_BOOLEAN:
                return "a boolean";
        case G_VARIANT_CLASS_INT64:
        case G_VARIANT_CLASS_UINT64:
                return "an integer";
        case G_VARIANT_CLASS_DOUBLE:
                return "a number";
        case G_VARIANT_CLASS_STRING:
                return "a string";
        case G_VARIANT_CLASS_SIGNATURE:
                return "null";
        default:
                return is_a(value, "av") ? "a list" : "a map";
        }
}
