/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What configs ask about their files, and who runs on them
 */
#include "client/lib/config-call.h"

#include "client/lib/bus-call.h"

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
        return bus_call_take_value(config_call_finish(config, result, reconf_config_validate, error));
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

        return bus_call_take_value(config_call_sync(config, "Validate",
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
        return bus_call_take_value(config_call_finish(config, result, reconf_config_get_problems, error));
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

        return bus_call_take_value(config_call_sync(config, "GetProblems", NULL, cancellable, error));
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
        return bus_call_take_value(config_call_finish(config, result, reconf_config_list_instances, error));
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

        return bus_call_take_value(config_call_sync(config, "ListInstances", NULL, cancellable, error));
}

/**
 * reconf_config_get_statistics:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks what the service has done with the config since it started, as [method@Reconf.Client.get_statistics].
 *
 * Errors: %G_IO_ERROR_NOT_SUPPORTED without the service.
 */
void reconf_config_get_statistics(ReconfConfig *config, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call(config, "GetStatistics", NULL, reconf_config_get_statistics, cancellable, callback,
                    user_data);
}

/**
 * reconf_config_get_statistics_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.get_statistics].
 *
 * Returns: (transfer full): an `a{sv}`
 */
GVariant *reconf_config_get_statistics_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return bus_call_take_value(config_call_finish(config, result, reconf_config_get_statistics, error));
}

/**
 * reconf_config_get_statistics_sync:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.get_statistics], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Config.get_statistics_finish]
 */
GVariant *reconf_config_get_statistics_sync(ReconfConfig *config, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        return bus_call_take_value(config_call_sync(config, "GetStatistics", NULL, cancellable, error));
}

/**
 * reconf_config_get_info:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks how the config stands with the service: `Name` (`s`), `Files` (`as`, the base, then layers over it),
 * `Format` (`s`), `Schema` (`s`), `State` (`s`: `active`, `invalid`, `missing`, `unconfirmed`, `suspended`
 * or `diverged`), `Version` (`t`), `Public` (`b`), `HotReload` (`b`), `Pending` (`b`, whether the files
 * differ from the active version), `LastReload` (`t`, µs since 1970), `ConfirmDeadline` (`t`, µs since 1970;
 * 0 where no version waits to be confirmed) and `Options` (`a{sv}`).
 *
 * Errors: %G_IO_ERROR_NOT_SUPPORTED without the service.
 */
void reconf_config_get_info(ReconfConfig *config, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call_get_all(config, reconf_config_get_info, cancellable, callback, user_data);
}

/**
 * reconf_config_get_info_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.get_info].
 *
 * Returns: (transfer full): an `a{sv}`
 */
GVariant *reconf_config_get_info_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return bus_call_take_value(config_call_finish(config, result, reconf_config_get_info, error));
}

/**
 * reconf_config_get_info_sync:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.get_info], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Config.get_info_finish]
 */
GVariant *reconf_config_get_info_sync(ReconfConfig *config, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        return bus_call_take_value(config_call_get_all_sync(config, cancellable, error));
}
