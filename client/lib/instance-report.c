/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What instances report
 */
#include "client/lib/instance-private.h"

#include "client/lib/bus-call.h"
#include "client/lib/interfaces.h"

static GVariant *report_arguments(guint64 version, ReconfReport report, const char *message)
{
        static const char *const names[] = {
                [RECONF_REPORT_APPLIED] = "applied",
                [RECONF_REPORT_FAILED] = "failed",
                [RECONF_REPORT_PARTIAL] = "partial",
        };

        return g_variant_new("(tss)", version, names[report], message ?: "");
}

static void set_not_registered(ReconfInstance *instance, GError **error)
{
        if (g_cancellable_is_cancelled(instance->cancellable))
                instance_set_ended(error);
        else
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                                    "The service is away; it is told when it is back");
}

/* Takes the task. */
static void send_report(ReconfInstance *instance, GVariant *arguments, GTask *task)
{
        G_GNUC_UNUSED g_autoptr(GTask) owned_task = task;
        g_autoptr(GVariant) owned = g_variant_ref_sink(arguments);
        g_autofree char *object = instance_dup_object(instance);
        GError *error = NULL;
        g_autoptr(GDBusConnection) connection = NULL;

        if (object)
                connection = instance_get_connection(instance->config, &error);
        else
                set_not_registered(instance, &error);
        if (connection)
                bus_call_running(connection, &org_reconf_reconf1_instance_interface, object, "ReportApplied",
                                 owned, g_task_get_cancellable(task), bus_call_return_running,
                                 g_object_ref(task));
        else
                g_task_return_error(task, error);
}

/* A service that comes back is told again. */
static void keep_report(ReconfInstance *instance, GVariant *arguments)
{
        g_mutex_lock(&instance->lock);
        g_clear_pointer(&instance->reported, g_variant_unref);
        instance->reported = g_variant_ref_sink(arguments);
        g_mutex_unlock(&instance->lock);
}

/* What was applied as a whole is nothing to be told again. */
static void note_applied(ReconfInstance *instance, guint64 version, ReconfReport report)
{
        g_autoptr(ReconfSnapshot) current = config_dup_current(instance->config);

        if (report == RECONF_REPORT_APPLIED && current->version == version)
                config_set_applied(instance->config, current);
}

static GVariant *dup_reported(ReconfInstance *instance, guint64 version)
{
        GVariant *reported = NULL;
        guint64 of = 0;

        g_mutex_lock(&instance->lock);
        if (instance->reported)
                g_variant_get(instance->reported, "(tss)", &of, NULL, NULL);
        if (of == version && instance->reported)
                reported = g_variant_ref(instance->reported);
        g_mutex_unlock(&instance->lock);
        return reported;
}

void instance_report_applied(ReconfInstance *instance, ReconfSnapshot *snapshot)
{
        g_mutex_lock(&instance->lock);
        g_clear_pointer(&instance->reported, g_variant_unref);
        g_mutex_unlock(&instance->lock);
        config_set_applied(instance->config, snapshot);
        send_report(instance, report_arguments(snapshot->version, RECONF_REPORT_APPLIED, NULL),
                    g_task_new(instance, NULL, NULL, NULL));
}

void instance_report_current(ReconfInstance *instance)
{
        g_autoptr(ReconfSnapshot) current = config_dup_current(instance->config);
        g_autoptr(GVariant) reported = dup_reported(instance, current->version);

        if (instance->flags & RECONF_INSTANCE_SILENT)
                return;
        if (reported)
                send_report(instance, reported, g_task_new(instance, NULL, NULL, NULL));
        else if (config_get_held_version(instance->config) != current->version)
                instance_report_applied(instance, current);
}

/**
 * reconf_instance_report:
 * @instance: an instance
 * @version: a version that was told of
 * @report: what became of it
 * @message: (nullable): what to tell people about it
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called when it is done
 * @user_data: for @callback
 *
 * Tells the service what became of a version; for one that was held, or where there is more to say than that
 * it was applied.
 *
 * A service that is away is told when it is back, unless there is another version by then.
 *
 * Errors: %RECONF_ERROR_NO_SUCH_VERSION, and %G_IO_ERROR_NOT_CONNECTED while the service is away.
 */
void reconf_instance_report(ReconfInstance *instance, guint64 version, ReconfReport report,
                            const char *message, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
        GVariant *arguments;

        g_return_if_fail(RECONF_IS_INSTANCE(instance) && report <= RECONF_REPORT_PARTIAL);

        arguments = report_arguments(version, report, message);
        keep_report(instance, arguments);
        note_applied(instance, version, report);
        send_report(instance, arguments, g_task_new(instance, cancellable, callback, user_data));
}

/**
 * reconf_instance_report_finish:
 * @instance: an instance
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Instance.report].
 *
 * Returns: whether it was done
 */
gboolean reconf_instance_report_finish(ReconfInstance *instance, GAsyncResult *result, GError **error)
{
        g_return_val_if_fail(g_task_is_valid(result, instance), FALSE);

        return bus_call_take_nothing(g_task_propagate_pointer(G_TASK(result), error));
}

/**
 * reconf_instance_report_sync:
 * @instance: an instance
 * @version: a version that was told of
 * @report: what became of it
 * @message: (nullable): what to tell people about it
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Instance.report], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_instance_report_sync(ReconfInstance *instance, guint64 version, ReconfReport report,
                                     const char *message, GCancellable *cancellable, GError **error)
{
        g_autoptr(GDBusConnection) connection = NULL;
        g_autoptr(GVariant) arguments = NULL;
        g_autoptr(GVariant) reply = NULL;
        g_autofree char *object = NULL;

        g_return_val_if_fail(RECONF_IS_INSTANCE(instance) && report <= RECONF_REPORT_PARTIAL, FALSE);

        arguments = g_variant_ref_sink(report_arguments(version, report, message));
        keep_report(instance, arguments);
        note_applied(instance, version, report);
        object = instance_dup_object(instance);
        if (!object) {
                set_not_registered(instance, error);
                return FALSE;
        }
        connection = instance_get_connection(instance->config, error);
        if (!connection)
                return FALSE;
        reply = bus_call_running_sync(connection, &org_reconf_reconf1_instance_interface, object,
                                      "ReportApplied", arguments, cancellable, error);
        return reply != NULL;
}
