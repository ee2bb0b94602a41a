/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/connecting.h"

#include "introspection/names.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
/* As long as a bus waits for a service to start. */
#define TIMEOUT_MSEC 25000

static const GDBusConnectionFlags connection_flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                     G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;

void connected_clear(Connected *connected)
{
        g_clear_object(&connected->connection);
        g_clear_pointer(&connected->owner, g_free);
}

static void connected_free(void *data)
{
        connected_clear(data);
        g_free(data);
}

static char *find_address(GBusType bus_type, const char *address, GCancellable *cancellable, GError **error)
{
        return address ? g_strdup(address) : g_dbus_address_get_for_bus_sync(bus_type, cancellable, error);
}

static GVariant *call_bus(GDBusConnection *connection, const char *method, GVariant *arguments,
                          const char *given, GCancellable *cancellable, GError **error)
{
        GVariant *reply = g_dbus_connection_call_sync(
                        connection, BUS_NAME, BUS_PATH, BUS_NAME, method, arguments, G_VARIANT_TYPE(given),
                        G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MSEC, cancellable, error);

        if (!reply && error)
                g_dbus_error_strip_remote_error(*error);
        return reply;
}

/* Who it is; not an error where there is none, then *ret is NULL. Takes the reply and the error. */
static bool take_owner(GVariant *reply, GError *failure, char **ret, GError **error)
{
        G_GNUC_UNUSED g_autoptr(GVariant) owned = reply;
        g_autoptr(GError) owned_failure = failure;

        *ret = NULL;
        if (reply) {
                g_variant_get(reply, "(s)", ret);
        } else if (!g_error_matches(failure, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)) {
                g_dbus_error_strip_remote_error(failure);
                g_propagate_error(error, g_steal_pointer(&owned_failure));
                return false;
        }
        return true;
}

bool connecting_find_owner_sync(GDBusConnection *connection, GCancellable *cancellable, char **ret,
                                GError **error)
{
        GError *failure = NULL;
        GVariant *reply = call_bus(connection, "GetNameOwner", g_variant_new("(s)", RECONF_BUS_NAME), "(s)",
                                   cancellable, &failure);

        return take_owner(reply, failure, ret, error);
}

bool connecting_sync(GBusType bus_type, const char *address, GCancellable *cancellable, Connected *ret,
                     GError **error)
{
        g_autofree char *found = find_address(bus_type, address, cancellable, error);
        g_auto(Connected) connected = { 0 };
        g_autoptr(GVariant) started = NULL;

        if (!found)
                return false;
        connected.connection = g_dbus_connection_new_for_address_sync(found, connection_flags, NULL,
                                                                      cancellable, error);
        if (!connected.connection)
                return false;
        started = call_bus(connected.connection, "StartServiceByName",
                           g_variant_new("(su)", RECONF_BUS_NAME, 0), "(u)", cancellable, error);
        if (!started)
                return false;
        if (!connecting_find_owner_sync(connected.connection, cancellable, &connected.owner, error))
                return false;
        *ret = connected;
        connected = (Connected){ 0 };
        return true;
}

static void on_owner(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        g_auto(Connected) connected = { .connection = G_DBUS_CONNECTION(g_object_ref(source)) };
        GError *failure = NULL, *error = NULL;
        GVariant *reply = g_dbus_connection_call_finish(connected.connection, result, &failure);

        if (take_owner(reply, failure, &connected.owner, &error)) {
                g_task_return_pointer(task, g_memdup2(&connected, sizeof connected), connected_free);
                connected = (Connected){ 0 };
        } else {
                g_task_return_error(task, error);
        }
}

static void find_owner(GTask *task, GDBusConnection *connection)
{
        g_dbus_connection_call(connection, BUS_NAME, BUS_PATH, BUS_NAME, "GetNameOwner",
                               g_variant_new("(s)", RECONF_BUS_NAME), G_VARIANT_TYPE("(s)"),
                               G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MSEC, g_task_get_cancellable(task), on_owner,
                               g_object_ref(task));
}

static void on_started(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        GError *error = NULL;
        g_autoptr(GVariant) reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

        if (reply) {
                find_owner(task, G_DBUS_CONNECTION(source));
        } else {
                g_dbus_error_strip_remote_error(error);
                g_task_return_error(task, error);
        }
}

static void find_service(GTask *task, GDBusConnection *connection)
{
        if (GPOINTER_TO_INT(g_task_get_task_data(task)))
                g_dbus_connection_call(connection, BUS_NAME, BUS_PATH, BUS_NAME, "StartServiceByName",
                                       g_variant_new("(su)", RECONF_BUS_NAME, 0), G_VARIANT_TYPE("(u)"),
                                       G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MSEC, g_task_get_cancellable(task),
                                       on_started, g_object_ref(task));
        else
                find_owner(task, connection);
}

static void on_connection(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        GError *error = NULL;
        g_autoptr(GDBusConnection) connection = g_dbus_connection_new_for_address_finish(result, &error);

        if (connection)
                find_service(task, connection);
        else
                g_task_return_error(task, error);
}

void connecting_start(GDBusConnection *connection, GBusType bus_type, const char *address, bool start,
                      GCancellable *cancellable, GAsyncReadyCallback callback, void *data)
{
        g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);
        g_autofree char *found = NULL;
        GError *error = NULL;

        g_task_set_task_data(task, GINT_TO_POINTER(start), NULL);
        if (connection) {
                find_service(task, connection);
                return;
        }
        found = find_address(bus_type, address, cancellable, &error);
        if (found)
                g_dbus_connection_new_for_address(found, connection_flags, NULL, cancellable, on_connection,
                                                  g_object_ref(task));
        else
                g_task_return_error(task, error);
}

bool connecting_finish(GAsyncResult *result, Connected *ret, GError **error)
{
        Connected *connected = g_task_propagate_pointer(G_TASK(result), error);

        if (!connected)
                return false;
        *ret = *connected;
        g_free(connected);
        return true;
}
