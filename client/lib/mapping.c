/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/mapping.h"

static bool get_signed(GVariant *variant, gint64 low, gint64 high, gint64 *ret)
{
        if (!g_variant_is_of_type(variant, G_VARIANT_TYPE_INT64))
                return false;
        *ret = g_variant_get_int64(variant);
        return *ret >= low && *ret <= high;
}

static bool get_unsigned(GVariant *variant, guint64 high, guint64 *ret)
{
        if (g_variant_is_of_type(variant, G_VARIANT_TYPE_UINT64))
                *ret = g_variant_get_uint64(variant);
        else if (g_variant_is_of_type(variant, G_VARIANT_TYPE_INT64) && g_variant_get_int64(variant) >= 0)
                *ret = (guint64) g_variant_get_int64(variant);
        else
                return false;
        return *ret <= high;
}

static bool get_number(GVariant *variant, double *ret)
{
        if (g_variant_is_of_type(variant, G_VARIANT_TYPE_DOUBLE))
                *ret = g_variant_get_double(variant);
        else if (g_variant_is_of_type(variant, G_VARIANT_TYPE_INT64))
                *ret = (double) g_variant_get_int64(variant);
        else if (g_variant_is_of_type(variant, G_VARIANT_TYPE_UINT64))
                *ret = (double) g_variant_get_uint64(variant);
        else
                return false;
        return true;
}

static const char *get_string(GVariant *variant)
{
        return g_variant_is_of_type(variant, G_VARIANT_TYPE_STRING) ? g_variant_get_string(variant, NULL)
                                                                    : NULL;
}

/* A list of strings, borrowed from the variant. */
static GPtrArray *get_strings(GVariant *variant)
{
        g_autoptr(GPtrArray) strings = g_ptr_array_new();
        GVariantIter iter;
        GVariant *item;

        if (!g_variant_is_of_type(variant, G_VARIANT_TYPE("av")))
                return NULL;
        g_variant_iter_init(&iter, variant);
        while (g_variant_iter_next(&iter, "v", &item)) {
                const char *string = get_string(item);

                /* The string is part of the list's bytes, which stay. */
                g_variant_unref(item);
                if (!string)
                        return NULL;
                g_ptr_array_add(strings, (char *) string);
        }
        g_ptr_array_add(strings, NULL);
        return g_steal_pointer(&strings);
}

static bool get_enum(GValue *value, GVariant *variant)
{
        g_autoptr(GEnumClass) class = g_type_class_ref(G_VALUE_TYPE(value));
        const char *nick = get_string(variant);
        const GEnumValue *found = nick ? g_enum_get_value_by_nick(class, nick) : NULL;

        if (found)
                g_value_set_enum(value, found->value);
        return found;
}

static bool get_flags(GValue *value, GVariant *variant)
{
        g_autoptr(GFlagsClass) class = g_type_class_ref(G_VALUE_TYPE(value));
        g_autoptr(GPtrArray) nicks = get_strings(variant);
        guint flags = 0;

        if (!nicks)
                return false;
        for (guint i = 0; i + 1 < nicks->len; i++) {
                const GFlagsValue *found = g_flags_get_value_by_nick(class, nicks->pdata[i]);

                if (!found)
                        return false;
                flags |= found->value;
        }
        g_value_set_flags(value, flags);
        return true;
}

static bool get_integer(GValue *value, GVariant *variant)
{
        guint64 natural;
        gint64 integer;

        switch (G_TYPE_FUNDAMENTAL(G_VALUE_TYPE(value))) {
        case G_TYPE_CHAR:
                if (!get_signed(variant, G_MININT8, G_MAXINT8, &integer))
                        return false;
                g_value_set_schar(value, (gint8) integer);
                return true;
        case G_TYPE_UCHAR:
                if (!get_unsigned(variant, G_MAXUINT8, &natural))
                        return false;
                g_value_set_uchar(value, (guchar) natural);
                return true;
        case G_TYPE_INT:
                if (!get_signed(variant, G_MININT, G_MAXINT, &integer))
                        return false;
                g_value_set_int(value, (int) integer);
                return true;
        case G_TYPE_UINT:
                if (!get_unsigned(variant, G_MAXUINT, &natural))
                        return false;
                g_value_set_uint(value, (guint) natural);
                return true;
        case G_TYPE_LONG:
                if (!get_signed(variant, G_MINLONG, G_MAXLONG, &integer))
                        return false;
                g_value_set_long(value, (glong) integer);
                return true;
        case G_TYPE_ULONG:
                if (!get_unsigned(variant, G_MAXULONG, &natural))
                        return false;
                g_value_set_ulong(value, (gulong) natural);
                return true;
        case G_TYPE_INT64:
                if (!get_signed(variant, G_MININT64, G_MAXINT64, &integer))
                        return false;
                g_value_set_int64(value, integer);
                return true;
        default:
                if (!get_unsigned(variant, G_MAXUINT64, &natural))
                        return false;
                g_value_set_uint64(value, natural);
                return true;
        }
}

static bool get_strv(GValue *value, GVariant *variant)
{
        g_autoptr(GPtrArray) strings = get_strings(variant);

        if (strings)
                g_value_set_boxed(value, strings->pdata);
        return strings;
}

bool mapping_get(GValue *value, GVariant *variant)
{
        double number;

        switch (G_TYPE_FUNDAMENTAL(G_VALUE_TYPE(value))) {
        case G_TYPE_BOOLEAN:
                if (!g_variant_is_of_type(variant, G_VARIANT_TYPE_BOOLEAN))
                        return false;
                g_value_set_boolean(value, g_variant_get_boolean(variant));
                return true;
        case G_TYPE_CHAR:
        case G_TYPE_UCHAR:
        case G_TYPE_INT:
        case G_TYPE_UINT:
        case G_TYPE_LONG:
        case G_TYPE_ULONG:
        case G_TYPE_INT64:
        case G_TYPE_UINT64:
                return get_integer(value, variant);
        case G_TYPE_FLOAT:
                if (!get_number(variant, &number))
                        return false;
                g_value_set_float(value, (float) number);
                return true;
        case G_TYPE_DOUBLE:
                if (!get_number(variant, &number))
                        return false;
                g_value_set_double(value, number);
                return true;
        case G_TYPE_STRING:
                if (!get_string(variant))
                        return false;
                g_value_set_string(value, get_string(variant));
                return true;
        case G_TYPE_ENUM:
                return get_enum(value, variant);
        case G_TYPE_FLAGS:
                return get_flags(value, variant);
        case G_TYPE_VARIANT:
                g_value_set_variant(value, variant);
                return true;
        case G_TYPE_BOXED:
                return G_VALUE_HOLDS(value, G_TYPE_STRV) && get_strv(value, variant);
        default:
                return false;
        }
}
