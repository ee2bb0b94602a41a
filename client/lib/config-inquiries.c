/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What configs ask about their files, and who runs on them
 */
#include "client/lib/config-call.h"

/**
 * reconf_config_validate:
 * @config: a config
 * @content: what might become the config's base file
 * @format: (nullable): `yaml`, `json`, `env` or `ini`; %NULL for that of the base file
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks what would be wrong with a file, before it is one. Nothing changes.
 *
 * Errors: %RECONF_ERROR_INVALID_ARGUMENT, %RECONF_ERROR_TOO_LARGE, and %G_IO_ERROR_NOT_SUPPORTED without
 * the service.
 */
void reconf_config_validate(ReconfConfig *config, const char *content, const char *format,
                            GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config) && content);

        config_call(config, "Validate", g_variant_new("(ss)", content, format ?: ""), reconf_config_validate,
                    cancellable, callback, user_data);
}

/**
 * reconf_config_validate_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.validate].
 *
 * Returns: (transfer full): an `a(suus)`: for each problem its dotted path, line, column and message;
 *   empty where there is none
 */
GVariant *reconf_config_validate_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return config_call_take_value(config_call_finish(config, result, reconf_config_validate, error));
}

/**
 * reconf_config_validate_sync:
 * @config: a config
 * @content: what might become the config's base file
 * @format: (nullable): `yaml`, `json`, `env` or `ini`; %NULL for that of the base file
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.validate], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Config.validate_finish]
 */
GVariant *reconf_config_validate_sync(ReconfConfig *config, const char *content, const char *format,
                                      GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config) && content, NULL);

        return config_call_take_value(config_call_sync(config, "Validate",
                                                       g_variant_new("(ss)", content, format ?: ""),
                                                       cancellable, error));
}

/**
 * reconf_config_get_problems:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks why the files could not be taken the last time.
 *
 * Errors: %G_IO_ERROR_NOT_SUPPORTED without the service.
 */
void reconf_config_get_problems(ReconfConfig *config, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call(config, "GetProblems", NULL, reconf_config_get_problems, cancellable, callback,
                    user_data);
}

/**
 * reconf_config_get_problems_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.get_problems].
 *
 * Returns: (transfer full): an `a(suus)`: for each problem its dotted path, line, column and message;
 *   empty where the files hold what is active
 */
GVariant *reconf_config_get_problems_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return config_call_take_value(config_call_finish(config, result, reconf_config_get_problems, error));
}

/**
 * reconf_config_get_problems_sync:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.get_problems], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Config.get_problems_finish]
 */
GVariant *reconf_config_get_problems_sync(ReconfConfig *config, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        return config_call_take_value(config_call_sync(config, "GetProblems", NULL, cancellable, error));
}

/**
 * reconf_config_list_instances:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks which programs run on the config, and on which version.
 *
 * Errors: %G_IO_ERROR_NOT_SUPPORTED without the service.
 */
void reconf_config_list_instances(ReconfConfig *config, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call(config, "ListInstances", NULL, reconf_config_list_instances, cancellable, callback,
                    user_data);
}

/**
 * reconf_config_list_instances_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.list_instances].
 *
 * Returns: (transfer full): an `a(osuststa{sv})`: for each instance its object, config, process,
 *   program, start time (µs since 1970), state, version and details
 */
GVariant *reconf_config_list_instances_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return config_call_take_value(
                        config_call_finish(config, result, reconf_config_list_instances, error));
}

/**
 * reconf_config_list_instances_sync:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.list_instances], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Config.list_instances_finish]
 */
GVariant *reconf_config_list_instances_sync(ReconfConfig *config, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        return config_call_take_value(config_call_sync(config, "ListInstances", NULL, cancellable, error));
}

/**
 * reconf_config_set_hot_reload:
 * @config: a config
 * @enabled: whether changes of the files apply by themselves
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Switches on, which applies what is pending, or off.
 *
 * Errors: %G_DBUS_ERROR_ACCESS_DENIED, and %G_IO_ERROR_NOT_SUPPORTED without the service.
 */
void reconf_config_set_hot_reload(ReconfConfig *config, gboolean enabled, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call(config, "SetHotReload", g_variant_new("(b)", enabled), reconf_config_set_hot_reload,
                    cancellable, callback, user_data);
}

/**
 * reconf_config_set_hot_reload_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.set_hot_reload].
 *
 * Returns: whether it was done
 */
gboolean reconf_config_set_hot_reload_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return config_call_take_nothing(
                        config_call_finish(config, result, reconf_config_set_hot_reload, error));
}

/**
 * reconf_config_set_hot_reload_sync:
 * @config: a config
 * @enabled: whether changes of the files apply by themselves
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.set_hot_reload], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_config_set_hot_reload_sync(ReconfConfig *config, gboolean enabled, GCancellable *cancellable,
                                           GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        return config_call_take_nothing(config_call_sync(config, "SetHotReload",
                                                         g_variant_new("(b)", enabled), cancellable, error));
}
