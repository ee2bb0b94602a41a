/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading snapshots
 */
#include "client/lib/snapshot-private.h"

static const Serial nothing = { .kind = SERIAL_NONE };

static Serial find_child(const ReconfSnapshot *snapshot, const Serial *container, const SerialKey *key)
{
        SerialArray array;
        size_t index;

        switch ((SerialKind) container->kind) {
        case SERIAL_MAP:
                if (snapshot->table) {
                        array = serial_array(container);
                        if (array.length >= MEMBER_TABLE_LARGE)
                                return member_table_find(snapshot->table, &snapshot->root, container, key);
                }
                return serial_find_member(container, key);
        case SERIAL_LIST:
                array = serial_array(container);
                index = serial_key_index(key);
                return index < array.length ? serial_item(&array, index) : nothing;
        default:
                return nothing;
        }
}

Serial snapshot_find(const ReconfSnapshot *snapshot, const Serial *from, const char *path)
{
        const char *segment = path;
        Serial value = *from;

        if (!path)
                return nothing;
        while (*segment != '\0') {
                SerialKey key;

                if (!serial_key_parse(path, &segment, &key))
                        return nothing;
                value = find_child(snapshot, &value, &key);
        }
        return value;
}

GVariant *snapshot_to_variant_at(const ReconfSnapshot *snapshot, const Serial *value)
{
        g_autoptr(GBytes) bytes = NULL;
        GVariant *variant;

        if (value->kind == SERIAL_NONE)
                return NULL;
        bytes = g_bytes_new_from_bytes(snapshot->bytes, (gsize) (value->data - snapshot->root.data),
                                       value->size);
        variant = g_variant_new_from_bytes(serial_type(value), bytes, TRUE);
        if (G_BYTE_ORDER == G_BIG_ENDIAN) {
                g_autoptr(GVariant) little = g_variant_ref_sink(variant);

                return g_variant_byteswap(little);
        }
        return variant;
}

bool serial_get_int(const Serial *value, gint64 *ret)
{
        if (value->kind != SERIAL_INTEGER)
                return false;
        *ret = (gint64) serial_word(value);
        return true;
}

bool serial_get_uint(const Serial *value, guint64 *ret)
{
        if (value->kind != SERIAL_UNSIGNED &&
            (value->kind != SERIAL_INTEGER || (gint64) serial_word(value) < 0))
                return false;
        *ret = serial_word(value);
        return true;
}

bool serial_get_double(const Serial *value, double *ret)
{
        switch ((SerialKind) value->kind) {
        case SERIAL_DOUBLE:
                *ret = serial_double(value);
                return true;
        case SERIAL_INTEGER:
                *ret = (double) (gint64) serial_word(value);
                return true;
        case SERIAL_UNSIGNED:
                *ret = (double) serial_word(value);
                return true;
        default:
                return false;
        }
}

/**
 * reconf_snapshot_has:
 * @snapshot: a snapshot
 * @path: a dotted path
 *
 * Tells whether there is anything at that place; null is.
 *
 * Returns: whether the document has that place
 */
gboolean reconf_snapshot_has(ReconfSnapshot *snapshot, const char *path)
{
        g_return_val_if_fail(snapshot, FALSE);

        return snapshot_find(snapshot, &snapshot->root, path).kind != SERIAL_NONE;
}

/**
 * reconf_snapshot_get_value_type:
 * @snapshot: a snapshot
 * @path: a dotted path
 *
 * Tells what is at that place, in the types of the table at [struct@Reconf.Snapshot].
 *
 * Returns: (transfer none) (nullable): the type, or %NULL where there is nothing
 */
const GVariantType *reconf_snapshot_get_value_type(ReconfSnapshot *snapshot, const char *path)
{
        Serial value;

        g_return_val_if_fail(snapshot, NULL);

        value = snapshot_find(snapshot, &snapshot->root, path);
        return serial_type(&value);
}

/**
 * reconf_snapshot_get_int:
 * @snapshot: a snapshot
 * @path: a dotted path
 * @default_value: what to return where there is no integer
 *
 * Reads an integer.
 *
 * Returns: the integer at that place, or @default_value where there is none, or one above %G_MAXINT64
 */
gint64 reconf_snapshot_get_int(ReconfSnapshot *snapshot, const char *path, gint64 default_value)
{
        gint64 result = default_value;
        Serial value;

        g_return_val_if_fail(snapshot, default_value);

        value = snapshot_find(snapshot, &snapshot->root, path);
        (void) serial_get_int(&value, &result);
        return result;
}

/**
 * reconf_snapshot_get_uint:
 * @snapshot: a snapshot
 * @path: a dotted path
 * @default_value: what to return where there is no such integer
 *
 * Reads an integer that is not negative.
 *
 * Returns: the integer at that place, or @default_value where there is none, or a negative one
 */
guint64 reconf_snapshot_get_uint(ReconfSnapshot *snapshot, const char *path, guint64 default_value)
{
        guint64 result = default_value;
        Serial value;

        g_return_val_if_fail(snapshot, default_value);

        value = snapshot_find(snapshot, &snapshot->root, path);
        (void) serial_get_uint(&value, &result);
        return result;
}

/**
 * reconf_snapshot_get_double:
 * @snapshot: a snapshot
 * @path: a dotted path
 * @default_value: what to return where there is no number
 *
 * Reads a number. Who writes 5 where a program has 5.0 in mind means the same: integers are numbers, too.
 *
 * Returns: the number at that place, or @default_value where there is none
 */
double reconf_snapshot_get_double(ReconfSnapshot *snapshot, const char *path, double default_value)
{
        double result = default_value;
        Serial value;

        g_return_val_if_fail(snapshot, default_value);

        value = snapshot_find(snapshot, &snapshot->root, path);
        (void) serial_get_double(&value, &result);
        return result;
}

/**
 * reconf_snapshot_get_boolean:
 * @snapshot: a snapshot
 * @path: a dotted path
 * @default_value: what to return where there is no boolean
 *
 * Reads a boolean.
 *
 * Returns: the boolean at that place, or @default_value where there is none
 */
gboolean reconf_snapshot_get_boolean(ReconfSnapshot *snapshot, const char *path, gboolean default_value)
{
        Serial value;

        g_return_val_if_fail(snapshot, default_value);

        value = snapshot_find(snapshot, &snapshot->root, path);
        return value.kind == SERIAL_BOOLEAN ? *value.data != 0 : default_value;
}

/**
 * reconf_snapshot_get_string:
 * @snapshot: a snapshot
 * @path: a dotted path
 * @default_value: (nullable): what to return where there is no string
 *
 * Reads a string. It is not copied: it belongs to the snapshot and is there for as long.
 *
 * Returns: (transfer none) (nullable): the string at that place, or @default_value where there is none
 */
const char *reconf_snapshot_get_string(ReconfSnapshot *snapshot, const char *path, const char *default_value)
{
        Serial value;

        g_return_val_if_fail(snapshot, default_value);

        value = snapshot_find(snapshot, &snapshot->root, path);
        return value.kind == SERIAL_STRING ? serial_string(&value) : default_value;
}

/**
 * reconf_snapshot_dup_strv:
 * @snapshot: a snapshot
 * @path: a dotted path
 *
 * Reads a list of strings.
 *
 * Returns: (transfer full) (nullable) (array zero-terminated=1): the strings at that place, or %NULL where
 *   there is no list, or one with anything else in it
 */
char **reconf_snapshot_dup_strv(ReconfSnapshot *snapshot, const char *path)
{
        g_auto(GStrv) strings = NULL;
        SerialArray array;
        Serial value;

        g_return_val_if_fail(snapshot, NULL);

        value = snapshot_find(snapshot, &snapshot->root, path);
        if (value.kind != SERIAL_LIST)
                return NULL;
        array = serial_array(&value);
        strings = g_new0(char *, array.length + 1);
        for (size_t i = 0; i < array.length; i++) {
                Serial item = serial_item(&array, i);

                if (item.kind != SERIAL_STRING)
                        return NULL;
                strings[i] = g_strdup(serial_string(&item));
        }
        return g_steal_pointer(&strings);
}

/**
 * reconf_snapshot_get_variant:
 * @snapshot: a snapshot
 * @path: a dotted path
 *
 * Takes whatever is at that place, of the types in the table at [struct@Reconf.Snapshot]. Its bytes are the
 * snapshot's own; they stay for as long as the value.
 *
 * Returns: (transfer full) (nullable): the value, or %NULL where there is nothing
 */
GVariant *reconf_snapshot_get_variant(ReconfSnapshot *snapshot, const char *path)
{
        return reconf_snapshot_lookup_value(snapshot, path, NULL);
}

/**
 * reconf_snapshot_lookup_value:
 * @snapshot: a snapshot
 * @path: a dotted path
 * @expected_type: (nullable): what type it is to be of
 *
 * As [method@Reconf.Snapshot.get_variant], of one type only.
 *
 * Returns: (transfer full) (nullable): the value, or %NULL where there is nothing, or nothing of that type
 */
GVariant *reconf_snapshot_lookup_value(ReconfSnapshot *snapshot, const char *path,
                                       const GVariantType *expected_type)
{
        GVariant *variant;
        Serial value;

        g_return_val_if_fail(snapshot, NULL);

        value = snapshot_find(snapshot, &snapshot->root, path);
        if (value.kind == SERIAL_NONE)
                return NULL;
        if (expected_type && !g_variant_type_is_subtype_of(serial_type(&value), expected_type))
                return NULL;
        variant = snapshot_to_variant_at(snapshot, &value);
        return variant ? g_variant_ref_sink(variant) : NULL;
}

/**
 * reconf_snapshot_lookup: (skip)
 * @snapshot: a snapshot
 * @path: a dotted path
 * @format_string: a format of #GVariant
 * @...: what the format wants
 *
 * Reads by a format, as g_variant_lookup() does: `reconf_snapshot_lookup (snapshot, "size", "x", &size)`.
 * Where there is nothing of that type, nothing is written. What is written with `&` belongs to the snapshot.
 *
 * Returns: whether there was something to write
 */
gboolean reconf_snapshot_lookup(ReconfSnapshot *snapshot, const char *path, const char *format_string, ...)
{
        g_autoptr(GVariant) variant = NULL;
        va_list arguments;

        g_return_val_if_fail(snapshot && format_string, FALSE);

        variant = reconf_snapshot_get_variant(snapshot, path);
        if (!variant || !g_variant_check_format_string(variant, format_string, FALSE))
                return FALSE;
        va_start(arguments, format_string);
        g_variant_get_va(variant, format_string, NULL, &arguments);
        va_end(arguments);
        return TRUE;
}

/**
 * reconf_snapshot_n_children:
 * @snapshot: a snapshot
 * @path: a dotted path
 *
 * Counts the members of a map, or the items of a list.
 *
 * Returns: how many there are; 0 where there is neither map nor list
 */
gsize reconf_snapshot_n_children(ReconfSnapshot *snapshot, const char *path)
{
        Serial value;

        g_return_val_if_fail(snapshot, 0);

        value = snapshot_find(snapshot, &snapshot->root, path);
        return value.kind == SERIAL_MAP || value.kind == SERIAL_LIST ? serial_array(&value).length : 0;
}

/**
 * reconf_snapshot_dup_keys:
 * @snapshot: a snapshot
 * @path: a dotted path
 *
 * Lists the keys of a map, sorted by their bytes. To make paths of them, see [func@Reconf.path_append].
 *
 * Returns: (transfer full) (nullable) (array zero-terminated=1): the keys, or %NULL where there is no map
 */
char **reconf_snapshot_dup_keys(ReconfSnapshot *snapshot, const char *path)
{
        SerialArray array;
        Serial value;
        char **keys;

        g_return_val_if_fail(snapshot, NULL);

        value = snapshot_find(snapshot, &snapshot->root, path);
        if (value.kind != SERIAL_MAP)
                return NULL;
        array = serial_array(&value);
        keys = g_new0(char *, array.length + 1);
        for (size_t i = 0; i < array.length; i++)
                keys[i] = g_strdup(serial_member(&array, i).key);
        return keys;
}
