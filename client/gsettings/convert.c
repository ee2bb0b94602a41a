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

static GVariant *guess(GVariant *value);

static GVariant *guess_integer(GVariant *value)
{
        gint64 integer = g_variant_get_int64(value);

        if (integer < G_MININT32 || integer > G_MAXINT32)
                return g_variant_ref(value);
        return g_variant_ref_sink(g_variant_new_int32((gint32) integer));
}

static GVariant *guess_list(GVariant *value)
{
        g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(release_value);
        bool alike = true;

        for (gsize i = 0; i < g_variant_n_children(value); i++) {
                g_autoptr(GVariant) boxed = g_variant_get_child_value(value, i);
                g_autoptr(GVariant) item = g_variant_get_variant(boxed);

                g_ptr_array_add(items, guess(item));
                alike = alike && g_variant_is_of_type(items->pdata[i], g_variant_get_type(items->pdata[0]));
        }
        for (guint i = 0; !alike && i < items->len; i++) {
                g_autoptr(GVariant) item = items->pdata[i];

                items->pdata[i] = g_variant_ref_sink(g_variant_new_variant(item));
        }
        return g_variant_ref_sink(g_variant_new_array(items->len > 0 ? NULL : G_VARIANT_TYPE_VARIANT,
                                                      (GVariant **) items->pdata, items->len));
}

static GVariant *guess_map(GVariant *value)
{
        GVariantBuilder builder;
        GVariantIter iter;
        GVariant *member;
        const char *key;

        g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
        g_variant_iter_init(&iter, value);
        while (g_variant_iter_loop(&iter, "{&sv}", &key, &member)) {
                g_autoptr(GVariant) guessed = guess(member);

                g_variant_builder_add(&builder, "{sv}", key, guessed);
        }
        return g_variant_ref_sink(g_variant_builder_end(&builder));
}

/* What has no type given is of the one that GVariant text would give it. */
static GVariant *guess(GVariant *value)
{
        if (is_a(value, "x"))
                return guess_integer(value);
        if (is_a(value, "av"))
                return guess_list(value);
        if (is_a(value, "a{sv}"))
                return guess_map(value);
        return g_variant_ref(value);
}

/* What needs no reading of text; NULL for what may. */
static GVariant *convert_directly(GVariant *value, const GVariantType *type)
{
        if (g_variant_type_is_variant(type)) {
                g_autoptr(GVariant) guessed = guess(value);

                return g_variant_ref_sink(g_variant_new_variant(guessed));
        }
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
