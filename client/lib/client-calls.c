/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clients ask of the service
 */
#include "client/lib/client-private.h"

#include "client/lib/bus-call.h"
#include "client/lib/interfaces.h"
#include "introspection/names.h"

static void open_config(ReconfClient *client, const Registration *registration, const char *const *paths,
                        GCancellable *cancellable, GAsyncReadyCallback callback, void *user_data)
{
        GTask *task = g_task_new(client, cancellable, callback, user_data);

        g_task_set_source_tag(task, open_config);
        config_bus_open(client, registration, paths, task);
}

static ReconfConfig *open_config_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        g_return_val_if_fail(g_task_is_valid(result, client), NULL);
        g_return_val_if_fail(g_async_result_is_tagged(result, open_config), NULL);

        return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * reconf_client_get_config:
 * @client: a client
 * @name: what the config is called
 * @paths: (nullable) (array zero-terminated=1): dotted paths; only changes that touch these are heard
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Takes a config that the service has, and hears its changes in the caller's thread-default main context.
 *
 * With @paths, the bus wakes the program for those only. What can be read then is the config as it was when
 * one of them last changed, so other places may be out of date.
 *
 * Errors: %RECONF_ERROR_NO_SUCH_CONFIG, %G_DBUS_ERROR_ACCESS_DENIED, %RECONF_ERROR_LIMIT_EXCEEDED, and
 * %G_IO_ERROR_NOT_CONNECTED while the service is away.
 */
void reconf_client_get_config(ReconfClient *client, const char *name, const char *const *paths,
                              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
        const Registration registration = { .name = name };

        g_return_if_fail(RECONF_IS_CLIENT(client) && name);

        open_config(client, &registration, paths, cancellable, callback, user_data);
}

/**
 * reconf_client_get_config_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.get_config].
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_client_get_config_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return open_config_finish(client, result, error);
}

/**
 * reconf_client_get_config_sync:
 * @client: a client
 * @name: what the config is called
 * @paths: (nullable) (array zero-terminated=1): dotted paths; only changes that touch these are heard
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.get_config], but waits.
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_client_get_config_sync(ReconfClient *client, const char *name, const char *const *paths,
                                            GCancellable *cancellable, GError **error)
{
        const Registration registration = { .name = name };

        g_return_val_if_fail(RECONF_IS_CLIENT(client) && name, NULL);

        return config_bus_open_sync(client, &registration, paths, cancellable, error);
}

/**
 * reconf_client_register:
 * @client: a client
 * @name: what the config is to be called
 * @files: (array zero-terminated=1): absolute paths: the base, then layers over it
 * @options: (nullable): an `a{sv}` of the options of `RegisterConfig`
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Has the service watch files, unless it does already, and takes the config as
 * [method@Reconf.Client.get_config] does. Should the service forget it, it is registered again.
 *
 * Errors: those of reading the files, %RECONF_ERROR_ALREADY_REGISTERED where other files have the name, and
 * %RECONF_ERROR_INVALID_ARGUMENT for options.
 */
void reconf_client_register(ReconfClient *client, const char *name, const char *const *files,
                            GVariant *options, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
        const Registration registration = { .name = name, .files = files, .options = options };

        g_return_if_fail(RECONF_IS_CLIENT(client) && name && files && *files);

        open_config(client, &registration, NULL, cancellable, callback, user_data);
}

/**
 * reconf_client_register_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.register].
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_client_register_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return open_config_finish(client, result, error);
}

/**
 * reconf_client_register_sync:
 * @client: a client
 * @name: what the config is to be called
 * @files: (array zero-terminated=1): absolute paths: the base, then layers over it
 * @options: (nullable): an `a{sv}` of the options of `RegisterConfig`
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.register], but waits.
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_client_register_sync(ReconfClient *client, const char *name, const char *const *files,
                                          GVariant *options, GCancellable *cancellable, GError **error)
{
        const Registration registration = { .name = name, .files = files, .options = options };

        g_return_val_if_fail(RECONF_IS_CLIENT(client) && name && files && *files, NULL);

        return config_bus_open_sync(client, &registration, NULL, cancellable, error);
}

/* Absolute, or the service would not know where it begins. */
static char *absolute(const char *file)
{
        return g_canonicalize_filename(file, NULL);
}

/**
 * reconf_client_watch_file:
 * @client: a client
 * @file: (type filename): a file
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Takes the config of a file: the first that the service has with this file in it, or else a new one, which
 * is called as the file is. See [method@Reconf.Client.register] for errors.
 */
void reconf_client_watch_file(ReconfClient *client, const char *file, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
        g_autofree char *path = absolute(file);
        const char *const files[] = { path, NULL };
        const Registration registration = { .files = files };

        g_return_if_fail(RECONF_IS_CLIENT(client) && file);

        open_config(client, &registration, NULL, cancellable, callback, user_data);
}

/**
 * reconf_client_watch_file_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.watch_file].
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_client_watch_file_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return open_config_finish(client, result, error);
}

/**
 * reconf_client_watch_file_sync:
 * @client: a client
 * @file: (type filename): a file
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.watch_file], but waits.
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_client_watch_file_sync(ReconfClient *client, const char *file,
                                            GCancellable *cancellable, GError **error)
{
        g_autofree char *path = absolute(file);
        const char *const files[] = { path, NULL };
        const Registration registration = { .files = files };

        g_return_val_if_fail(RECONF_IS_CLIENT(client) && file, NULL);

        return config_bus_open_sync(client, &registration, NULL, cancellable, error);
}

static void on_called(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        GError *error = NULL;
        GVariant *reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);

        if (reply)
                g_task_return_pointer(task, reply, (GDestroyNotify) g_variant_unref);
        else
                g_task_return_error(task, error);
}

static void call_manager(ReconfClient *client, const char *method, GVariant *arguments,
                         GCancellable *cancellable, GAsyncReadyCallback callback, void *user_data)
{
        g_autoptr(GTask) task = g_task_new(client, cancellable, callback, user_data);
        g_autoptr(GVariant) owned = arguments ? g_variant_ref_sink(arguments) : NULL;
        GError *error = NULL;
        g_autoptr(GDBusConnection) connection = client_get_connection(client, &error);

        g_task_set_source_tag(task, call_manager);
        if (connection)
                bus_call(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH, method,
                         owned, cancellable, on_called, g_object_ref(task));
        else
                g_task_return_error(task, error);
}

static GVariant *call_manager_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        g_return_val_if_fail(g_task_is_valid(result, client), NULL);
        g_return_val_if_fail(g_async_result_is_tagged(result, call_manager), NULL);

        return g_task_propagate_pointer(G_TASK(result), error);
}

static GVariant *call_manager_sync(ReconfClient *client, const char *method, GVariant *arguments,
                                   GCancellable *cancellable, GError **error)
{
        g_autoptr(GVariant) owned = arguments ? g_variant_ref_sink(arguments) : NULL;
        g_autoptr(GDBusConnection) connection = client_get_connection(client, error);

        if (!connection)
                return NULL;
        return bus_call_sync(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH, method,
                             owned, NULL, cancellable, error);
}

/**
 * reconf_client_unregister:
 * @client: a client
 * @name: what the config is called
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Has the service stop watching a config. Its history goes.
 */
void reconf_client_unregister(ReconfClient *client, const char *name, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client) && name);

        call_manager(client, "UnregisterConfig", g_variant_new("(s)", name), cancellable, callback,
                     user_data);
}

/**
 * reconf_client_unregister_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.unregister].
 *
 * Returns: whether it was done
 */
gboolean reconf_client_unregister_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        g_autoptr(GVariant) reply = call_manager_finish(client, result, error);

        return reply != NULL;
}

/**
 * reconf_client_unregister_sync:
 * @client: a client
 * @name: what the config is called
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.unregister], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_client_unregister_sync(ReconfClient *client, const char *name, GCancellable *cancellable,
                                       GError **error)
{
        g_autoptr(GVariant) reply = NULL;

        g_return_val_if_fail(RECONF_IS_CLIENT(client) && name, FALSE);

        reply = call_manager_sync(client, "UnregisterConfig", g_variant_new("(s)", name), cancellable,
                                  error);
        return reply != NULL;
}

/**
 * reconf_client_list_configs:
 * @client: a client
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Lists all configs of the service.
 */
void reconf_client_list_configs(ReconfClient *client, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client));

        call_manager(client, "ListConfigs", NULL, cancellable, callback, user_data);
}

/**
 * reconf_client_list_configs_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.list_configs].
 *
 * Returns: (transfer full): an `a(sossta{sv})`: for each config its name, object, first file, state, version
 *   and details
 */
GVariant *reconf_client_list_configs_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        g_autoptr(GVariant) reply = call_manager_finish(client, result, error);

        return reply ? g_variant_get_child_value(reply, 0) : NULL;
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
        g_autoptr(GVariant) reply = NULL;

        g_return_val_if_fail(RECONF_IS_CLIENT(client), NULL);

        reply = call_manager_sync(client, "ListConfigs", NULL, cancellable, error);
        return reply ? g_variant_get_child_value(reply, 0) : NULL;
}
