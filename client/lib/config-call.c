/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/config-call.h"

#include "client/lib/bus-call.h"
#include "client/lib/client-private.h"
#include "client/lib/interfaces.h"

static GDBusConnection *get_connection(ReconfConfig *config, GError **error)
{
        if (config_get_bus(config))
                return client_get_connection(config->client, error);
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

void config_call(ReconfConfig *config, const char *method, GVariant *arguments, void *tag,
                 GCancellable *cancellable, GAsyncReadyCallback callback, void *user_data)
{
        GTask *task = g_task_new(config, cancellable, callback, user_data);

        g_task_set_source_tag(task, tag);
        config_call_with(config, method, arguments, task, bus_call_return);
}

GVariant *config_call_get_all_sync(ReconfConfig *config, GCancellable *cancellable, GError **error)
{
        g_autoptr(GDBusConnection) connection = get_connection(config, error);

        if (!connection)
                return NULL;
        return bus_call_get_all_sync(connection, config_bus_object(config->bus),
                                     &org_reconf_reconf1_config_interface, cancellable, error);
}

void config_call_get_all(ReconfConfig *config, void *tag, GCancellable *cancellable,
                         GAsyncReadyCallback callback, void *user_data)
{
        g_autoptr(GTask) task = g_task_new(config, cancellable, callback, user_data);
        GError *error = NULL;
        g_autoptr(GDBusConnection) connection = get_connection(config, &error);

        g_task_set_source_tag(task, tag);
        if (connection)
                bus_call_get_all(connection, config_bus_object(config->bus),
                                 &org_reconf_reconf1_config_interface, cancellable, bus_call_return,
                                 g_object_ref(task));
        else
                g_task_return_error(task, error);
}

GVariant *config_call_finish(ReconfConfig *config, GAsyncResult *result, void *tag, GError **error)
{
        g_return_val_if_fail(g_task_is_valid(result, config), NULL);
        g_return_val_if_fail(g_async_result_is_tagged(result, tag), NULL);

        return g_task_propagate_pointer(G_TASK(result), error);
}
