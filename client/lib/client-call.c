/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/client-call.h"

#include "client/lib/bus-call.h"
#include "client/lib/client-private.h"
#include "client/lib/interfaces.h"
#include "client/lib/object-path.h"
#include "introspection/names.h"

void client_call(ReconfClient *client, const char *method, GVariant *arguments, void *tag,
                 GCancellable *cancellable, GAsyncReadyCallback callback, void *user_data)
{
        g_autoptr(GTask) task = g_task_new(client, cancellable, callback, user_data);
        g_autoptr(GVariant) owned = arguments ? g_variant_ref_sink(arguments) : NULL;
        GError *error = NULL;
        g_autoptr(GDBusConnection) connection = client_get_connection(client, &error);

        g_task_set_source_tag(task, tag);
        if (connection)
                bus_call(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH, method,
                         owned, cancellable, bus_call_return, g_object_ref(task));
        else
                g_task_return_error(task, error);
}

GVariant *client_call_finish(ReconfClient *client, GAsyncResult *result, void *tag, GError **error)
{
        g_return_val_if_fail(g_task_is_valid(result, client), NULL);
        g_return_val_if_fail(g_async_result_is_tagged(result, tag), NULL);

        return g_task_propagate_pointer(G_TASK(result), error);
}

GVariant *client_call_sync(ReconfClient *client, const char *method, GVariant *arguments,
                           GCancellable *cancellable, GError **error)
{
        g_autoptr(GVariant) owned = arguments ? g_variant_ref_sink(arguments) : NULL;
        g_autoptr(GDBusConnection) connection = client_get_connection(client, error);

        if (!connection)
                return NULL;
        return bus_call_sync(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH, method,
                             owned, NULL, cancellable, error);
}

char **client_call_take_names(GVariant *reply)
{
        g_autoptr(GVariant) objects = bus_call_take_value(reply);
        g_autoptr(GPtrArray) names = NULL;
        const char *object;
        GVariantIter iter;

        if (!objects)
                return NULL;
        names = g_ptr_array_new();
        g_variant_iter_init(&iter, objects);
        while (g_variant_iter_next(&iter, "&o", &object)) {
                char *name = object_path_to_config(object);

                if (name)
                        g_ptr_array_add(names, name);
        }
        g_ptr_array_add(names, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
