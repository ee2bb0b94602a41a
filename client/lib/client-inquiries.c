/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clients ask about the service and all its configs
 */
#include "client/lib/client-call.h"

#include "client/lib/bus-call.h"
#include "client/lib/client-private.h"
#include "client/lib/interfaces.h"
#include "introspection/names.h"

static GVariant *file_arguments(const char *file)
{
        g_autofree char *absolute = g_canonicalize_filename(file, NULL);

        return g_variant_new("(s)", absolute);
}

static GVariant *audit_arguments(const char *name, GVariant *options)
{
        return g_variant_new("(s@a{sv})", name ?: "", options ?: g_variant_new("a{sv}", NULL));
}

/**
 * reconf_client_list_configs:
 * @client: a client
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Lists all configs of the service.
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED while the bus is away.
 */
void reconf_client_list_configs(ReconfClient *client, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client));

        client_call(client, "ListConfigs", NULL, reconf_client_list_configs, cancellable, callback,
                    user_data);
}

/**
 * reconf_client_list_configs_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.list_configs].
 *
 * Returns: (transfer full): an `a(sossta{sv})`, in order of names: for each config its name, object, first
 *   file, state, version and details
 */
GVariant *reconf_client_list_configs_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return bus_call_take_value(client_call_finish(client, result, reconf_client_list_configs, error));
}

/**
 * reconf_client_list_configs_sync:
 * @client: a client
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.list_configs], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Client.list_configs_finish]
 */
GVariant *reconf_client_list_configs_sync(ReconfClient *client, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CLIENT(client), NULL);

        return bus_call_take_value(client_call_sync(client, "ListConfigs", NULL, cancellable, error));
}

/**
 * reconf_client_find_configs:
 * @client: a client
 * @file: (type filename): a file
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Finds the configs that have a file as their base or as a layer. Paths are compared as they were
 * registered; links are not followed.
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED while the bus is away.
 */
void reconf_client_find_configs(ReconfClient *client, const char *file, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client) && file);

        client_call(client, "GetConfigByFile", file_arguments(file), reconf_client_find_configs, cancellable,
                    callback, user_data);
}

/**
 * reconf_client_find_configs_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.find_configs].
 *
 * Returns: (transfer full) (array zero-terminated=1): their names; empty where there is none
 */
char **reconf_client_find_configs_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return client_call_take_names(client_call_finish(client, result, reconf_client_find_configs, error));
}

/**
 * reconf_client_find_configs_sync:
 * @client: a client
 * @file: (type filename): a file
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.find_configs], but waits.
 *
 * Returns: (transfer full) (array zero-terminated=1): as [method@Reconf.Client.find_configs_finish]
 */
char **reconf_client_find_configs_sync(ReconfClient *client, const char *file, GCancellable *cancellable,
                                       GError **error)
{
        g_return_val_if_fail(RECONF_IS_CLIENT(client) && file, NULL);

        return client_call_take_names(client_call_sync(client, "GetConfigByFile", file_arguments(file),
                                                       cancellable, error));
}

/**
 * reconf_client_list_instances:
 * @client: a client
 * @name: (nullable): what the config is called; %NULL for all configs
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks which programs run on a config, or on any, and on which version.
 *
 * Errors: %RECONF_ERROR_NO_SUCH_CONFIG, %RECONF_ERROR_TOO_LARGE where the reply would pass 16 MiB, and
 * %G_IO_ERROR_NOT_CONNECTED while the bus is away.
 */
void reconf_client_list_instances(ReconfClient *client, const char *name, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client));

        client_call(client, "ListInstances", g_variant_new("(s)", name ?: ""), reconf_client_list_instances,
                    cancellable, callback, user_data);
}

/**
 * reconf_client_list_instances_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.list_instances].
 *
 * Returns: (transfer full): an `a(osuststa{sv})`: for each instance its object, config, process,
 *   program, start time (µs since 1970), state, version and details
 */
GVariant *reconf_client_list_instances_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return bus_call_take_value(client_call_finish(client, result, reconf_client_list_instances, error));
}

/**
 * reconf_client_list_instances_sync:
 * @client: a client
 * @name: (nullable): what the config is called; %NULL for all configs
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.list_instances], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Client.list_instances_finish]
 */
GVariant *reconf_client_list_instances_sync(ReconfClient *client, const char *name,
                                            GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CLIENT(client), NULL);

        return bus_call_take_value(client_call_sync(client, "ListInstances",
                                                    g_variant_new("(s)", name ?: ""), cancellable, error));
}

/**
 * reconf_client_get_audit:
 * @client: a client
 * @name: (nullable): what the config is called, or was; %NULL for all
 * @options: (nullable): an `a{sv}`: `since` (`t`, µs since 1970; nothing older is told), `limit` (`u`, 1 to
 * 10000; 1000 where it is left out)
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks who did what to configs, and who was not allowed to.
 *
 * Errors: %RECONF_ERROR_INVALID_ARGUMENT for options, %G_DBUS_ERROR_ACCESS_DENIED (on the system bus this is
 * for root), and %G_IO_ERROR_NOT_CONNECTED while the bus is away.
 */
void reconf_client_get_audit(ReconfClient *client, const char *name, GVariant *options,
                             GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client));

        client_call(client, "GetAudit", audit_arguments(name, options), reconf_client_get_audit, cancellable,
                    callback, user_data);
}

/**
 * reconf_client_get_audit_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.get_audit].
 *
 * Returns: (transfer full): an `a(tsstuusa{sv})`, newest first: for each deed its time (µs since 1970),
 *   action, config, version, user, process, outcome and details
 */
GVariant *reconf_client_get_audit_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return bus_call_take_value(client_call_finish(client, result, reconf_client_get_audit, error));
}

/**
 * reconf_client_get_audit_sync:
 * @client: a client
 * @name: (nullable): what the config is called, or was; %NULL for all
 * @options: (nullable): an `a{sv}`: `since` (`t`, µs since 1970; nothing older is told), `limit` (`u`, 1 to
 * 10000; 1000 where it is left out)
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.get_audit], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Client.get_audit_finish]
 */
GVariant *reconf_client_get_audit_sync(ReconfClient *client, const char *name, GVariant *options,
                                       GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CLIENT(client), NULL);

        return bus_call_take_value(client_call_sync(client, "GetAudit", audit_arguments(name, options),
                                                    cancellable, error));
}

/**
 * reconf_client_get_statistics:
 * @client: a client
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks what the service has done since it started: `uptime-us`, `configs`, `instances`, `subscribers`,
 * `file-events`, `reloads`, `unchanged`, `rollbacks`, `signals` and `denials` (all `t`), `failures`
 * (`a{st}`, by stage), and `latency-us` (`a{sd}`: `p50`, `p90`, `p99` and `max` of the time from a save to
 * the signal, in µs).
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED while the bus is away.
 */
void reconf_client_get_statistics(ReconfClient *client, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client));

        client_call(client, "GetStatistics", NULL, reconf_client_get_statistics, cancellable, callback,
                    user_data);
}

/**
 * reconf_client_get_statistics_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.get_statistics].
 *
 * Returns: (transfer full): an `a{sv}`
 */
GVariant *reconf_client_get_statistics_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return bus_call_take_value(client_call_finish(client, result, reconf_client_get_statistics, error));
}

/**
 * reconf_client_get_statistics_sync:
 * @client: a client
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.get_statistics], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Client.get_statistics_finish]
 */
GVariant *reconf_client_get_statistics_sync(ReconfClient *client, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CLIENT(client), NULL);

        return bus_call_take_value(client_call_sync(client, "GetStatistics", NULL, cancellable, error));
}

/**
 * reconf_client_get_info:
 * @client: a client
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks what the service says of itself: `Version` (`s`), that of the program; `Epoch` (`s`), the name of the
 * state that numbers of versions belong to, another one where that state was lost; `Environment` (`s`); and
 * `HotReload` (`b`), whether changes of files apply by themselves where a config does not say otherwise.
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED while the bus is away.
 */
void reconf_client_get_info(ReconfClient *client, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
        g_autoptr(GDBusConnection) connection = NULL;
        g_autoptr(GTask) task = NULL;
        GError *error = NULL;

        g_return_if_fail(RECONF_IS_CLIENT(client));

        task = g_task_new(client, cancellable, callback, user_data);
        g_task_set_source_tag(task, reconf_client_get_info);
        connection = client_get_connection(client, &error);
        if (connection)
                bus_call_get_all(connection, RECONF_MANAGER_PATH, &org_reconf_reconf1_manager_interface,
                                 cancellable, bus_call_return, g_object_ref(task));
        else
                g_task_return_error(task, error);
}

/**
 * reconf_client_get_info_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.get_info].
 *
 * Returns: (transfer full): an `a{sv}`
 */
GVariant *reconf_client_get_info_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return bus_call_take_value(client_call_finish(client, result, reconf_client_get_info, error));
}

/**
 * reconf_client_get_info_sync:
 * @client: a client
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.get_info], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Client.get_info_finish]
 */
GVariant *reconf_client_get_info_sync(ReconfClient *client, GCancellable *cancellable, GError **error)
{
        g_autoptr(GDBusConnection) connection = NULL;

        g_return_val_if_fail(RECONF_IS_CLIENT(client), NULL);

        connection = client_get_connection(client, error);
        if (!connection)
                return NULL;
        return bus_call_take_value(bus_call_get_all_sync(connection, RECONF_MANAGER_PATH,
                                                         &org_reconf_reconf1_manager_interface, cancellable,
                                                         error));
}
