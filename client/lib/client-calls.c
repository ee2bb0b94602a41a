/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configs that clients take: those that are there, and those that they have registered
 */
#include "client/lib/client-private.h"

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
 * Errors: those of reading the files (%RECONF_ERROR_FILE_NOT_FOUND, %RECONF_ERROR_FILE_UNREADABLE,
 * %RECONF_ERROR_TOO_LARGE, %RECONF_ERROR_TOO_DEEP, %RECONF_ERROR_PARSE_FAILED,
 * %RECONF_ERROR_VALIDATION_FAILED), %RECONF_ERROR_INVALID_NAME, %RECONF_ERROR_ALREADY_REGISTERED where other
 * files have the name, %RECONF_ERROR_INVALID_ARGUMENT for options, %RECONF_ERROR_LIMIT_EXCEEDED,
 * %G_DBUS_ERROR_ACCESS_DENIED, and %G_IO_ERROR_NOT_CONNECTED while the service is away.
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
 * is called as the file is.
 *
 * Errors: as for [method@Reconf.Client.register].
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
