/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What instances ask of the service
 */
#include "client/lib/instance-private.h"

#include "client/lib/bus-call.h"
#include "client/lib/interfaces.h"

void instance_set_ended(GError **error)
{
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The instance has been unregistered");
}

static void set_unknown(ReconfInstance *instance, GError **error)
{
        if (g_cancellable_is_cancelled(instance->cancellable))
                instance_set_ended(error);
        else
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The service is away");
}

/* Takes the object, which may be NULL. */
static void call_start(ReconfInstance *instance, const char *method, char *object, void *tag,
                       GCancellable *cancellable, GAsyncReadyCallback callback, void *user_data)
{
        g_autoptr(GTask) task = g_task_new(instance, cancellable, callback, user_data);
        g_autoptr(GDBusConnection) connection = NULL;
        GError *error = NULL;

        g_task_set_source_tag(task, tag);
        if (object)
                connection = instance_get_connection(instance->config, &error);
        else
                set_unknown(instance, &error);
        if (connection)
                bus_call_running(connection, &org_reconf_reconf1_instance_interface, object, method, NULL,
                                 cancellable, bus_call_return_running, g_object_ref(task));
        else
                g_task_return_error(task, error);
        g_free(object);
}

static gboolean call_end(ReconfInstance *instance, GAsyncResult *result, void *tag, GError **error)
{
        g_return_val_if_fail(g_task_is_valid(result, instance), FALSE);
        g_return_val_if_fail(g_async_result_is_tagged(result, tag), FALSE);

        return bus_call_take_nothing(g_task_propagate_pointer(G_TASK(result), error));
}

/* Takes the object, which may be NULL. */
static gboolean call_sync(ReconfInstance *instance, const char *method, char *object,
                          GCancellable *cancellable, GError **error)
{
        G_GNUC_UNUSED g_autofree char *owned = object;
        g_autoptr(GDBusConnection) connection = NULL;

        if (!object) {
                set_unknown(instance, error);
                return FALSE;
        }
        connection = instance_get_connection(instance->config, error);
        if (!connection)
                return FALSE;
        return bus_call_take_nothing(bus_call_running_sync(connection,
                                                           &org_reconf_reconf1_instance_interface, object,
                                                           method, NULL, cancellable, error));
}

/**
 * reconf_instance_renotify:
 * @instance: an instance
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Has the program told once more of what it has not applied: [signal@Reconf.Config::changed] is emitted and
 * watches are called with the step from the version that was last applied as a whole to the active one; from
 * nothing at all with %RECONF_INSTANCE_SILENT. Where that is the active one, nothing happens. What handlers
 * return from is reported as applied, as ever.
 *
 * The signals follow when the config's main context runs.
 *
 * Errors: %G_DBUS_ERROR_ACCESS_DENIED where the program may not read the config any longer,
 * %RECONF_ERROR_NO_SUCH_INSTANCE, %G_IO_ERROR_NOT_CONNECTED while the service is away, and
 * %G_IO_ERROR_CLOSED for an instance that was unregistered.
 */
void reconf_instance_renotify(ReconfInstance *instance, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_INSTANCE(instance));

        call_start(instance, "Renotify", instance_dup_object(instance), reconf_instance_renotify,
                   cancellable, callback, user_data);
}

/**
 * reconf_instance_renotify_finish:
 * @instance: an instance
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Instance.renotify].
 *
 * Returns: whether it was done
 */
gboolean reconf_instance_renotify_finish(ReconfInstance *instance, GAsyncResult *result, GError **error)
{
        return call_end(instance, result, reconf_instance_renotify, error);
}

/**
 * reconf_instance_renotify_sync:
 * @instance: an instance
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Instance.renotify], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_instance_renotify_sync(ReconfInstance *instance, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_INSTANCE(instance), FALSE);

        return call_sync(instance, "Renotify", instance_dup_object(instance), cancellable, error);
}

/**
 * reconf_instance_unregister:
 * @instance: an instance
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: for @callback
 *
 * Ends the instance: nothing is reported any more, and it is not asked about versions. Where a report is
 * waited for, that is as if it had failed. To be called in the config's main context. The last reference
 * does this, too; languages that collect garbage know too little of when that goes.
 *
 * Errors: %G_IO_ERROR_NOT_CONNECTED while the service is away, which does not know of the instance then, and
 * %G_IO_ERROR_CLOSED where this was done before.
 */
void reconf_instance_unregister(ReconfInstance *instance, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_INSTANCE(instance));

        call_start(instance, "Unregister", instance_end(instance), reconf_instance_unregister, cancellable,
                   callback, user_data);
}

/**
 * reconf_instance_unregister_finish:
 * @instance: an instance
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Instance.unregister].
 *
 * Returns: whether it was done
 */
gboolean reconf_instance_unregister_finish(ReconfInstance *instance, GAsyncResult *result, GError **error)
{
        return call_end(instance, result, reconf_instance_unregister, error);
}

/**
 * reconf_instance_unregister_sync:
 * @instance: an instance
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Instance.unregister], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_instance_unregister_sync(ReconfInstance *instance, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_INSTANCE(instance), FALSE);

        return call_sync(instance, "Unregister", instance_end(instance), cancellable, error);
}
