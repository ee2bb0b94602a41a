/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/config-call.h"

#include "client/lib/bus-call.h"
#include "client/lib/client-private.h"
#include "client/lib/interfaces.h"

static GDBusConnection *get_connection(ReconfConfig *config, GError **error)
{
        if (config->bus)
                return client_get_connection(config_bus_client(config->bus), error);
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                            "This config does without the service, which alone can do this");
        return NULL;
}

GVariant *config_call_sync(ReconfConfig *config, const char *method, GVariant *arguments,
                           GCancellable *cancellable, GError **error)
{
        g_autoptr(GVariant) owned = arguments ? g_variant_ref_sink(arguments) : NULL;
        g_autoptr(GDBusConnection) connection = get_connection(config, error);

        if (!connection)
                return NULL;
        return bus_call_sync(connection, &org_reconf_reconf1_config_interface,
                             config_bus_object(config->bus), method, owned, NULL, cancellable, error);
}

void config_call_with(ReconfConfig *config, const char *method, GVariant *arguments, GTask *task,
                      GAsyncReadyCallback on_reply)
{
        G_GNUC_UNUSED g_autoptr(GTask) owned_task = task;
        g_autoptr(GVariant) owned = arguments ? g_variant_ref_sink(arguments) : NULL;
        GError *error = NULL;
        g_autoptr(GDBusConnection) connection = get_connection(config, &error);

        if (connection)
                bus_call(connection, &org_reconf_reconf1_config_interface, config_bus_object(config->bus),
                         method, owned, g_task_get_cancellable(task), on_reply, g_object_ref(task));
        else
                g_task_return_error(task, error);
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

void config_call(ReconfConfig *config, const char *method, GVariant *arguments, void *tag,
                 GCancellable *cancellable, GAsyncReadyCallback callback, void *user_data)
{
        GTask *task = g_task_new(config, cancellable, callback, user_data);

        g_task_set_source_tag(task, tag);
        config_call_with(config, method, arguments, task, on_called);
}

GVariant *config_call_finish(ReconfConfig *config, GAsyncResult *result, void *tag, GError **error)
{
        g_return_val_if_fail(g_task_is_valid(result, config), NULL);
        g_return_val_if_fail(g_async_result_is_tagged(result, tag), NULL);

        return g_task_propagate_pointer(G_TASK(result), error);
}

GVariant *config_call_take_value(GVariant *reply)
{
        G_GNUC_UNUSED g_autoptr(GVariant) owned = reply;

        return reply ? g_variant_get_child_value(reply, 0) : NULL;
}

gboolean config_call_take_number(GVariant *reply, guint64 *ret)
{
        G_GNUC_UNUSED g_autoptr(GVariant) owned = reply;

        if (reply && ret)
                g_variant_get(reply, "(t)", ret);
        return reply != NULL;
}

gboolean config_call_take_nothing(GVariant *reply)
{
        return config_call_take_number(reply, NULL);
}
