/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clients have the service watch, and stop watching
 *
 * Configs that a program reads are registered in client-calls.c.
 */
#include "client/lib/client-call.h"

#include "client/lib/bus-call.h"

static GVariant *directory_arguments(const char *name, const char *directory, const char *pattern,
                                     GVariant *options)
{
        g_autofree char *absolute = g_canonicalize_filename(directory, NULL);

        return g_variant_new("(sss@a{sv})", name, absolute, pattern,
                             options ?: g_variant_new("a{sv}", NULL));
}

/**
 * reconf_client_register_directory:
 * @client: a client
 * @name: what comes before the `@` in the names of the configs
 * @directory: (type filename): a directory
 * @pattern: which files of it, such as `*.yaml`
 * @options: (nullable): an `a{sv}` of the options of `RegisterConfig`
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Has the service watch each matching file of a directory as a config of its own, called @name, `@` and the
 * file's name without its last suffix: those that are there, and those that come later. For one config a
 * tenant or user.
 *
 * A file that is no good has a config all the same, of version 0. Take those that you need with
 * [method@Reconf.Client.get_config].
 *
 * Errors: %RECONF_ERROR_INVALID_NAME, %RECONF_ERROR_INVALID_PATH, %RECONF_ERROR_INVALID_ARGUMENT for
 * options, %RECONF_ERROR_ALREADY_REGISTERED, %RECONF_ERROR_LIMIT_EXCEEDED, %G_DBUS_ERROR_ACCESS_DENIED, and
 * %G_IO_ERROR_NOT_CONNECTED while the bus is away.
 */
void reconf_client_register_directory(ReconfClient *client, const char *name, const char *directory,
                                      const char *pattern, GVariant *options, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client) && name && directory && pattern);

        client_call(client, "RegisterDirectory", directory_arguments(name, directory, pattern, options),
                    reconf_client_register_directory, cancellable, callback, user_data);
}

/**
 * reconf_client_register_directory_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.register_directory].
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of the configs that there are now
 */
char **reconf_client_register_directory_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return client_call_take_names(
                        client_call_finish(client, result, reconf_client_register_directory, error));
}

/**
 * reconf_client_register_directory_sync:
 * @client: a client
 * @name: what comes before the `@` in the names of the configs
 * @directory: (type filename): a directory
 * @pattern: which files of it, such as `*.yaml`
 * @options: (nullable): an `a{sv}` of the options of `RegisterConfig`
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.register_directory], but waits.
 *
 * Returns: (transfer full) (array zero-terminated=1): as [method@Reconf.Client.register_directory_finish]
 */
char **reconf_client_register_directory_sync(ReconfClient *client, const char *name, const char *directory,
                                             const char *pattern, GVariant *options,
                                             GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CLIENT(client) && name && directory && pattern, NULL);

        return client_call_take_names(client_call_sync(
                        client, "RegisterDirectory", directory_arguments(name, directory, pattern, options),
                        cancellable, error));
}

/**
 * reconf_client_unregister:
 * @client: a client
 * @name: what the config is called, or what a directory was registered as
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Has the service stop watching a config, or a directory with all its configs. The history goes; the files
 * stay.
 *
 * Errors: %RECONF_ERROR_NO_SUCH_CONFIG, %RECONF_ERROR_INVALID_ARGUMENT where a drop-in declares it,
 * %G_DBUS_ERROR_ACCESS_DENIED, and %G_IO_ERROR_NOT_CONNECTED while the bus is away.
 */
void reconf_client_unregister(ReconfClient *client, const char *name, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client) && name);

        client_call(client, "UnregisterConfig", g_variant_new("(s)", name), reconf_client_unregister,
                    cancellable, callback, user_data);
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
        return bus_call_take_nothing(client_call_finish(client, result, reconf_client_unregister, error));
}

/**
 * reconf_client_unregister_sync:
 * @client: a client
 * @name: what the config is called, or what a directory was registered as
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
        g_return_val_if_fail(RECONF_IS_CLIENT(client) && name, FALSE);

        return bus_call_take_nothing(client_call_sync(client, "UnregisterConfig", g_variant_new("(s)", name),
                                                      cancellable, error));
}

/**
 * reconf_client_set_hot_reload:
 * @client: a client
 * @enabled: whether changes of files apply by themselves
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Switches this on, which applies what is pending, or off, for all configs that have no setting of their own
 * ([method@Reconf.Config.set_hot_reload]). It holds until the service ends.
 *
 * Errors: %G_DBUS_ERROR_ACCESS_DENIED, and %G_IO_ERROR_NOT_CONNECTED while the bus is away.
 */
void reconf_client_set_hot_reload(ReconfClient *client, gboolean enabled, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CLIENT(client));

        client_call(client, "SetHotReload", g_variant_new("(b)", enabled), reconf_client_set_hot_reload,
                    cancellable, callback, user_data);
}

/**
 * reconf_client_set_hot_reload_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Client.set_hot_reload].
 *
 * Returns: whether it was done
 */
gboolean reconf_client_set_hot_reload_finish(ReconfClient *client, GAsyncResult *result, GError **error)
{
        return bus_call_take_nothing(
                        client_call_finish(client, result, reconf_client_set_hot_reload, error));
}

/**
 * reconf_client_set_hot_reload_sync:
 * @client: a client
 * @enabled: whether changes of files apply by themselves
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Client.set_hot_reload], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_client_set_hot_reload_sync(ReconfClient *client, gboolean enabled, GCancellable *cancellable,
                                           GError **error)
{
        g_return_val_if_fail(RECONF_IS_CLIENT(client), FALSE);

        return bus_call_take_nothing(client_call_sync(client, "SetHotReload", g_variant_new("(b)", enabled),
                                                      cancellable, error));
}
