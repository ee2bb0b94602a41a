/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Having the service make another version, or leave that
 *
 * Who calls something that makes a version can read that version when the call has returned: its snapshot is
 * fetched before, if the signal has not had it fetched already.
 */
#include "client/lib/config-call.h"

#include "client/lib/bus-call.h"
#include "client/lib/config-bus.h"
#include "client/lib/config-files.h"
#include "client/lib/error-private.h"

/* What a task that sets files keeps, until they are set. */
#define FILES_KEY "reconf-files"

/* Without the service there is nothing to ask but the files. */
static bool reload_local(ReconfConfig *config, GError **error)
{
        Failure *failure = config->files ? config_files_reload(config->files, config) : NULL;

        if (failure)
                error_take_failure(error, failure);
        return !failure;
}

/* The version of a reply, once it can be read. */
static bool take_version_sync(ReconfConfig *config, GVariant *reply, guint64 *ret, GCancellable *cancellable,
                              GError **error)
{
        guint64 version;

        g_variant_get(reply, "(t)", &version);
        if (ret)
                *ret = version;
        return config_bus_fetch_sync(config->bus, config, version, cancellable, error);
}

static void return_version(GTask *task, guint64 version)
{
        g_task_return_pointer(task, g_memdup2(&version, sizeof version), g_free);
}

static void on_fetched(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        ReconfConfig *config = g_task_get_source_object(task);
        const guint64 *version = g_task_get_task_data(task);
        GError *error = NULL;

        if (config_bus_fetch_finish(config, result, &error))
                return_version(task, *version);
        else
                g_task_return_error(task, error);
}

static void on_version(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        ReconfConfig *config = g_task_get_source_object(task);
        GError *error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);
        g_auto(GStrv) files = g_object_steal_data(G_OBJECT(task), FILES_KEY);
        guint64 version;

        if (!reply) {
                g_task_return_error(task, error);
                return;
        }
        if (files)
                config_bus_set_files(config->bus, files);
        g_variant_get(reply, "(t)", &version);
        if (reconf_config_get_version(config) >= version) {
                return_version(task, version);
                return;
        }
        g_task_set_task_data(task, g_memdup2(&version, sizeof version), g_free);
        config_bus_fetch(config->bus, G_DBUS_CONNECTION(source), g_task_get_cancellable(task), on_fetched,
                         g_object_ref(task));
}

static gboolean version_finish(ReconfConfig *config, GAsyncResult *result, guint64 *ret, GError **error)
{
        g_autofree guint64 *version = NULL;

        g_return_val_if_fail(g_task_is_valid(result, config), FALSE);

        version = g_task_propagate_pointer(G_TASK(result), error);
        if (version && ret)
                *ret = *version;
        return version != NULL;
}

static GVariant *no_options(void)
{
        return g_variant_new("a{sv}", NULL);
}

static bool take_reply_sync(ReconfConfig *config, GVariant *reply, guint64 *ret, GCancellable *cancellable,
                            GError **error)
{
        G_GNUC_UNUSED g_autoptr(GVariant) owned = reply;

        return reply && take_version_sync(config, reply, ret, cancellable, error);
}

/**
 * reconf_config_reload:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Has the files read now. When it is done, what they hold can be read; what kept it from that is the error.
 * Without the service, the program reads them itself.
 *
 * Errors: %RECONF_ERROR_FILE_NOT_FOUND, %RECONF_ERROR_FILE_UNREADABLE, %RECONF_ERROR_TOO_LARGE,
 * %RECONF_ERROR_TOO_DEEP, %RECONF_ERROR_PARSE_FAILED and %RECONF_ERROR_VALIDATION_FAILED.
 */
void reconf_config_reload(ReconfConfig *config, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
        GTask *task;
        GError *error = NULL;

        g_return_if_fail(RECONF_IS_CONFIG(config));

        if (config_get_bus(config)) {
                reconf_config_reload_with_options(config, NULL, cancellable, callback, user_data);
                return;
        }
        task = g_task_new(config, cancellable, callback, user_data);
        if (reload_local(config, &error))
                return_version(task, reconf_config_get_version(config));
        else
                g_task_return_error(task, error);
        g_object_unref(task);
}

/**
 * reconf_config_reload_finish:
 * @config: a config
 * @result: what the callback got
 * @version: (out) (optional): return location for the version that is active now
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.reload].
 *
 * Returns: whether it was done
 */
gboolean reconf_config_reload_finish(ReconfConfig *config, GAsyncResult *result, guint64 *version,
                                     GError **error)
{
        return version_finish(config, result, version, error);
}

/**
 * reconf_config_reload_sync:
 * @config: a config
 * @version: (out) (optional): return location for the version that is active now
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.reload], but waits. Signals follow when the main context runs.
 *
 * Returns: whether it was done
 */
gboolean reconf_config_reload_sync(ReconfConfig *config, guint64 *version, GCancellable *cancellable,
                                   GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        if (config_get_bus(config))
                return reconf_config_reload_with_options_sync(config, NULL, version, cancellable, error);
        if (!reload_local(config, error))
                return FALSE;
        if (version)
                *version = reconf_config_get_version(config);
        return TRUE;
}

/**
 * reconf_config_reload_with_options:
 * @config: a config
 * @options: (nullable): an `a{sv}` of the options of `Reload`: `confirm-ms` (`u`), how long a new version
 *   waits to be confirmed before it goes back by itself, in milliseconds; 0 for not at all
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * As [method@Reconf.Config.reload], by the service only: to try a change out, and keep it with
 * [method@Reconf.Config.confirm].
 *
 * Errors: as for that, %RECONF_ERROR_INVALID_ARGUMENT for options, and %G_IO_ERROR_NOT_SUPPORTED without the
 * service.
 */
void reconf_config_reload_with_options(ReconfConfig *config, GVariant *options, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call_with(config, "Reload", g_variant_new("(@a{sv})", options ?: no_options()),
                         g_task_new(config, cancellable, callback, user_data), on_version);
}

/**
 * reconf_config_reload_with_options_finish:
 * @config: a config
 * @result: what the callback got
 * @version: (out) (optional): return location for the version that is active now
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.reload_with_options].
 *
 * Returns: whether it was done
 */
gboolean reconf_config_reload_with_options_finish(ReconfConfig *config, GAsyncResult *result,
                                                  guint64 *version, GError **error)
{
        return version_finish(config, result, version, error);
}

/**
 * reconf_config_reload_with_options_sync:
 * @config: a config
 * @options: (nullable): as for [method@Reconf.Config.reload_with_options]
 * @version: (out) (optional): return location for the version that is active now
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.reload_with_options], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_config_reload_with_options_sync(ReconfConfig *config, GVariant *options, guint64 *version,
                                                GCancellable *cancellable, GError **error)
{
        GVariant *reply;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        reply = config_call_sync(config, "Reload", g_variant_new("(@a{sv})", options ?: no_options()),
                                 cancellable, error);
        return take_reply_sync(config, reply, version, cancellable, error);
}

/**
 * reconf_config_rollback:
 * @config: a config
 * @version: what to go back to; 0 for the newest before the active that differs from it
 * @options: (nullable): an `a{sv}` of the options of `Rollback`: `message` (`s`), `confirm-ms` (`u`)
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Has a version's bytes written back to the files, as a new version, which can be read when it is done.
 *
 * Errors: %RECONF_ERROR_NO_SUCH_VERSION, %RECONF_ERROR_WRITE_FAILED, %RECONF_ERROR_VERSION_CONFLICT, and
 * %G_IO_ERROR_NOT_SUPPORTED without the service.
 */
void reconf_config_rollback(ReconfConfig *config, guint64 version, GVariant *options,
                            GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call_with(config, "Rollback", g_variant_new("(t@a{sv})", version, options ?: no_options()),
                         g_task_new(config, cancellable, callback, user_data), on_version);
}

/**
 * reconf_config_rollback_finish:
 * @config: a config
 * @result: what the callback got
 * @new_version: (out) (optional): return location for the version that is active now
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.rollback].
 *
 * Returns: whether it was done
 */
gboolean reconf_config_rollback_finish(ReconfConfig *config, GAsyncResult *result, guint64 *new_version,
                                       GError **error)
{
        return version_finish(config, result, new_version, error);
}

/**
 * reconf_config_rollback_sync:
 * @config: a config
 * @version: what to go back to; 0 for the newest before the active that differs from it
 * @options: (nullable): as for [method@Reconf.Config.rollback]
 * @new_version: (out) (optional): return location for the version that is active now
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.rollback], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_config_rollback_sync(ReconfConfig *config, guint64 version, GVariant *options,
                                     guint64 *new_version, GCancellable *cancellable, GError **error)
{
        GVariant *reply;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        reply = config_call_sync(config, "Rollback",
                                 g_variant_new("(t@a{sv})", version, options ?: no_options()), cancellable,
                                 error);
        return take_reply_sync(config, reply, new_version, cancellable, error);
}

/* Absolute, or the service would not know where they begin. */
static char **absolute(const char *const *files)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

        for (; *files; files++) {
                g_autofree char *path = g_canonicalize_filename(*files, NULL);

                g_strv_builder_add(builder, path);
        }
        return g_strv_builder_end(builder);
}

/**
 * reconf_config_set_files:
 * @config: a config
 * @files: (array zero-terminated=1): paths: the base, then layers over it
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Puts another set of files under the config, such as those of another profile. When it is done, what they
 * hold can be read; the history goes on. What kept it from that is the error, and the old set stays.
 *
 * Errors: those of reading the files, %RECONF_ERROR_INVALID_ARGUMENT for a config that is declared by a
 * drop-in or belongs to a directory, %RECONF_ERROR_LIMIT_EXCEEDED for more than 16 files,
 * %G_DBUS_ERROR_ACCESS_DENIED, and %G_IO_ERROR_NOT_SUPPORTED without the service.
 */
void reconf_config_set_files(ReconfConfig *config, const char *const *files, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
        g_auto(GStrv) paths = NULL;
        GTask *task;

        g_return_if_fail(RECONF_IS_CONFIG(config) && files && *files);

        paths = absolute(files);
        task = g_task_new(config, cancellable, callback, user_data);
        g_object_set_data_full(G_OBJECT(task), FILES_KEY, g_strdupv(paths), (GDestroyNotify) g_strfreev);
        config_call_with(config, "SetFiles", g_variant_new("(^as)", paths), task, on_version);
}

/**
 * reconf_config_set_files_finish:
 * @config: a config
 * @result: what the callback got
 * @version: (out) (optional): return location for the version that is active now
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.set_files].
 *
 * Returns: whether it was done
 */
gboolean reconf_config_set_files_finish(ReconfConfig *config, GAsyncResult *result, guint64 *version,
                                        GError **error)
{
        return version_finish(config, result, version, error);
}

/**
 * reconf_config_set_files_sync:
 * @config: a config
 * @files: (array zero-terminated=1): paths: the base, then layers over it
 * @version: (out) (optional): return location for the version that is active now
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.set_files], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_config_set_files_sync(ReconfConfig *config, const char *const *files, guint64 *version,
                                      GCancellable *cancellable, GError **error)
{
        g_auto(GStrv) paths = NULL;
        GVariant *reply;

        g_return_val_if_fail(RECONF_IS_CONFIG(config) && files && *files, FALSE);

        paths = absolute(files);
        reply = config_call_sync(config, "SetFiles", g_variant_new("(^as)", paths), cancellable, error);
        if (reply)
                config_bus_set_files(config->bus, paths);
        return take_reply_sync(config, reply, version, cancellable, error);
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
        return bus_call_take_nothing(
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

        return bus_call_take_nothing(config_call_sync(config, "SetHotReload", g_variant_new("(b)", enabled),
                                                      cancellable, error));
}
