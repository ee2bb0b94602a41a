/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Having the service make another version
 *
 * Who calls something that makes a version can read that version when the call has returned: its snapshot is
 * fetched before, if the signal has not had it fetched already.
 */
#include "client/lib/config-call.h"

#include "client/lib/bus-call.h"
#include "client/lib/config-bus.h"
#include "client/lib/config-files.h"
#include "client/lib/error-private.h"

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
        guint64 version;

        if (!reply) {
                g_task_return_error(task, error);
                return;
        }
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

/**
 * reconf_config_reload:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Has the files read now. When it is done, what they hold can be read; what kept it from that is the error.
 * Without the service, the program reads them itself.
 */
void reconf_config_reload(ReconfConfig *config, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
        GTask *task;
        GError *error = NULL;

        g_return_if_fail(RECONF_IS_CONFIG(config));

        task = g_task_new(config, cancellable, callback, user_data);
        if (config->bus) {
                config_call_with(config, "Reload", g_variant_new("(@a{sv})", no_options()), task,
                                 on_version);
                return;
        }
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
        g_autoptr(GVariant) reply = NULL;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        if (!config->bus) {
                gboolean done = reload_local(config, error);

                if (done && version)
                        *version = reconf_config_get_version(config);
                return done;
        }
        reply = config_call_sync(config, "Reload", g_variant_new("(@a{sv})", no_options()), cancellable,
                                 error);
        return reply && take_version_sync(config, reply, version, cancellable, error);
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
        g_autoptr(GVariant) reply = NULL;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        reply = config_call_sync(config, "Rollback",
                                 g_variant_new("(t@a{sv})", version, options ?: no_options()), cancellable,
                                 error);
        return reply && take_version_sync(config, reply, new_version, cancellable, error);
}
