/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading configs
 *
 * Each read looks at the current snapshot for as long as it takes, see current.h. What has to call others
 * meanwhile takes a reference.
 */
#include "client/lib/config-private.h"

/**
 * reconf_config_has:
 * @config: a config
 * @path: a dotted path
 *
 * Tells whether there is anything at that place, see [method@Reconf.Snapshot.has]. From any thread.
 *
 * Returns: whether there is
 */
gboolean reconf_config_has(ReconfConfig *config, const char *path)
{
        ReconfSnapshot *snapshot;
        CurrentRecord *record;
        gboolean result;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        snapshot = current_enter(&config->current, &record);
        result = reconf_snapshot_has(snapshot, path);
        current_leave(record);
        return result;
}

/**
 * reconf_config_get_int:
 * @config: a config
 * @path: a dotted path
 * @default_value: what to return where there is no integer
 *
 * Reads an integer, see [method@Reconf.Snapshot.get_int]. From any thread.
 *
 * Returns: the integer, or @default_value
 */
gint64 reconf_config_get_int(ReconfConfig *config, const char *path, gint64 default_value)
{
        ReconfSnapshot *snapshot;
        CurrentRecord *record;
        gint64 result;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), default_value);

        snapshot = current_enter(&config->current, &record);
        result = reconf_snapshot_get_int(snapshot, path, default_value);
        current_leave(record);
        return result;
}

/**
 * reconf_config_get_uint:
 * @config: a config
 * @path: a dotted path
 * @default_value: what to return where there is no such integer
 *
 * Reads an integer that is not negative, see [method@Reconf.Snapshot.get_uint]. From any thread.
 *
 * Returns: the integer, or @default_value
 */
guint64 reconf_config_get_uint(ReconfConfig *config, const char *path, guint64 default_value)
{
        ReconfSnapshot *snapshot;
        CurrentRecord *record;
        guint64 result;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), default_value);

        snapshot = current_enter(&config->current, &record);
        result = reconf_snapshot_get_uint(snapshot, path, default_value);
        current_leave(record);
        return result;
}

/**
 * reconf_config_get_double:
 * @config: a config
 * @path: a dotted path
 * @default_value: what to return where there is no number
 *
 * Reads a number, see [method@Reconf.Snapshot.get_double]. From any thread.
 *
 * Returns: the number, or @default_value
 */
double reconf_config_get_double(ReconfConfig *config, const char *path, double default_value)
{
        ReconfSnapshot *snapshot;
        CurrentRecord *record;
        double result;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), default_value);

        snapshot = current_enter(&config->current, &record);
        result = reconf_snapshot_get_double(snapshot, path, default_value);
        current_leave(record);
        return result;
}

/**
 * reconf_config_get_boolean:
 * @config: a config
 * @path: a dotted path
 * @default_value: what to return where there is no boolean
 *
 * Reads a boolean, see [method@Reconf.Snapshot.get_boolean]. From any thread.
 *
 * Returns: the boolean, or @default_value
 */
gboolean reconf_config_get_boolean(ReconfConfig *config, const char *path, gboolean default_value)
{
        ReconfSnapshot *snapshot;
        CurrentRecord *record;
        gboolean result;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), default_value);

        snapshot = current_enter(&config->current, &record);
        result = reconf_snapshot_get_boolean(snapshot, path, default_value);
        current_leave(record);
        return result;
}

/**
 * reconf_config_dup_string:
 * @config: a config
 * @path: a dotted path
 * @default_value: (nullable): what to return a copy of where there is no string
 *
 * Reads a string. To have it without a copy, take a snapshot, see [method@Reconf.Snapshot.get_string]. From
 * any thread.
 *
 * Returns: (transfer full) (nullable): a copy of the string, or of @default_value
 */
char *reconf_config_dup_string(ReconfConfig *config, const char *path, const char *default_value)
{
        ReconfSnapshot *snapshot;
        CurrentRecord *record;
        char *result;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        snapshot = current_enter(&config->current, &record);
        result = g_strdup(reconf_snapshot_get_string(snapshot, path, default_value));
        current_leave(record);
        return result;
}

/**
 * reconf_config_dup_strv:
 * @config: a config
 * @path: a dotted path
 *
 * Reads a list of strings, see [method@Reconf.Snapshot.dup_strv]. From any thread.
 *
 * Returns: (transfer full) (nullable) (array zero-terminated=1): the strings, or %NULL
 */
char **reconf_config_dup_strv(ReconfConfig *config, const char *path)
{
        ReconfSnapshot *snapshot;
        CurrentRecord *record;
        char **result;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        snapshot = current_enter(&config->current, &record);
        result = reconf_snapshot_dup_strv(snapshot, path);
        current_leave(record);
        return result;
}

/**
 * reconf_config_dup_keys:
 * @config: a config
 * @path: a dotted path
 *
 * Lists the keys of a map, see [method@Reconf.Snapshot.dup_keys]. From any thread.
 *
 * Returns: (transfer full) (nullable) (array zero-terminated=1): the keys, or %NULL
 */
char **reconf_config_dup_keys(ReconfConfig *config, const char *path)
{
        ReconfSnapshot *snapshot;
        CurrentRecord *record;
        char **result;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        snapshot = current_enter(&config->current, &record);
        result = reconf_snapshot_dup_keys(snapshot, path);
        current_leave(record);
        return result;
}

/**
 * reconf_config_n_children:
 * @config: a config
 * @path: a dotted path
 *
 * Counts members or items, see [method@Reconf.Snapshot.n_children]. From any thread.
 *
 * Returns: how many there are
 */
gsize reconf_config_n_children(ReconfConfig *config, const char *path)
{
        ReconfSnapshot *snapshot;
        CurrentRecord *record;
        gsize result;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), 0);

        snapshot = current_enter(&config->current, &record);
        result = reconf_snapshot_n_children(snapshot, path);
        current_leave(record);
        return result;
}

/**
 * reconf_config_dup_snapshot:
 * @config: a config
 *
 * Takes what can be read now as a whole, so that several reads are of one version. From any thread.
 *
 * Returns: (transfer full): the current version
 */
ReconfSnapshot *reconf_config_dup_snapshot(ReconfConfig *config)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        return config_dup_current(config);
}

/**
 * reconf_config_get_variant:
 * @config: a config
 * @path: a dotted path
 *
 * Takes whatever is at that place, see [method@Reconf.Snapshot.get_variant]. From any thread.
 *
 * Returns: (transfer full) (nullable): the value, or %NULL where there is nothing
 */
GVariant *reconf_config_get_variant(ReconfConfig *config, const char *path)
{
        return reconf_config_lookup_value(config, path, NULL);
}

/**
 * reconf_config_lookup_value:
 * @config: a config
 * @path: a dotted path
 * @expected_type: (nullable): what type it is to be of
 *
 * As [method@Reconf.Config.get_variant], of one type only. From any thread.
 *
 * Returns: (transfer full) (nullable): the value, or %NULL where there is nothing, or nothing of that type
 */
GVariant *reconf_config_lookup_value(ReconfConfig *config, const char *path,
                                     const GVariantType *expected_type)
{
        g_autoptr(ReconfSnapshot) snapshot = NULL;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        snapshot = config_dup_current(config);
        return reconf_snapshot_lookup_value(snapshot, path, expected_type);
}

/**
 * reconf_config_lookup: (skip)
 * @config: a config
 * @path: a dotted path
 * @format_string: a format of #GVariant, without `&`: what it borrows from would be gone
 * @...: what the format wants
 *
 * Reads by a format, as g_variant_lookup() does. Where there is nothing of that type, nothing is written.
 * From any thread.
 *
 * Returns: whether there was something to write
 */
gboolean reconf_config_lookup(ReconfConfig *config, const char *path, const char *format_string, ...)
{
        g_autoptr(GVariant) variant = NULL;
        va_list arguments;

        g_return_val_if_fail(format_string && !strchr(format_string, '&'), FALSE);

        variant = reconf_config_get_variant(config, path);
        if (!variant || !g_variant_check_format_string(variant, format_string, TRUE))
                return FALSE;
        va_start(arguments, format_string);
        g_variant_get_va(variant, format_string, NULL, &arguments);
        va_end(arguments);
        return TRUE;
}
