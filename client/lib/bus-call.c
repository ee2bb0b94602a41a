/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/bus-call.h"

#include "client/lib/reconf/error.h"
#include "introspection/names.h"

#include <gio/gunixfdlist.h>

/* Longer than whatever the service waits for. */
#define TIMEOUT_MSEC 25000
#define PROPERTIES "org.freedesktop.DBus.Properties"

bool bus_call_is_away(const GError *error)
{
        return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
               g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
               g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
               g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static GVariantType *tuple_type(GDBusArgInfo **arguments)
{
        g_autoptr(GString) text = g_string_new("(");

        for (; arguments && *arguments; arguments++)
                g_string_append(text, (*arguments)->signature);
        g_string_append_c(text, ')');
        return g_variant_type_new(text->str);
}

/* What the method gives; ends the program where it does not take that. */
static GVariantType *check_call(const GDBusInterfaceInfo *interface, const char *method, GVariant *arguments)
{
        const GDBusMethodInfo *info =
                        g_dbus_interface_info_lookup_method((GDBusInterfaceInfo *) interface, method);
        g_autoptr(GVariantType) taken = NULL;

        g_assert(info);
        taken = tuple_type(info->in_args);
        g_assert(arguments ? g_variant_is_of_type(arguments, taken)
                           : g_variant_type_equal(taken, G_VARIANT_TYPE_UNIT));
        /* So that errors of the service get the library's codes. */
        (void) reconf_error_quark();
        return tuple_type(info->out_args);
}

static GVariant *finish(GVariant *reply, GError **error)
{
        if (!reply && error)
                g_dbus_error_strip_remote_error(*error);
        return reply;
}

static GVariant *call_sync(GDBusConnection *connection, const GDBusInterfaceInfo *interface,
                           const char *object, const char *method, GVariant *arguments, GUnixFDList **fds,
                           GDBusCallFlags flags, GCancellable *cancellable, GError **error)
{
        g_autoptr(GVariantType) given = check_call(interface, method, arguments);

        return finish(g_dbus_connection_call_with_unix_fd_list_sync(
                                      connection, RECONF_BUS_NAME, object, interface->name, method,
                                      arguments, given, flags, TIMEOUT_MSEC, NULL, fds, cancellable, error),
                      error);
}

GVariant *bus_call_sync(GDBusConnection *connection, const GDBusInterfaceInfo *interface, const char *object,
                        const char *method, GVariant *arguments, GUnixFDList **fds,
                        GCancellable *cancellable, GError **error)
{
        return call_sync(connection, interface, object, method, arguments, fds, G_DBUS_CALL_FLAGS_NONE,
                         cancellable, error);
}

/* Where nobody was there to answer, that is the error. */
static void set_away(GError **error)
{
        if (!error || !bus_call_is_away(*error))
                return;
        g_clear_error(error);
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The service is away");
}

GVariant *bus_call_running_sync(GDBusConnection *connection, const GDBusInterfaceInfo *interface,
                                const char *object, const char *method, GVariant *arguments,
                                GCancellable *cancellable, GError **error)
{
        GVariant *reply = call_sync(connection, interface, object, method, arguments, NULL,
                                    G_DBUS_CALL_FLAGS_NO_AUTO_START, cancellable, error);

        if (!reply)
                set_away(error);
        return reply;
}

static void call(GDBusConnection *connection, const GDBusInterfaceInfo *interface, const char *object,
                 const char *method, GVariant *arguments, GDBusCallFlags flags, GCancellable *cancellable,
                 GAsyncReadyCallback callback, void *data)
{
        g_autoptr(GVariantType) given = check_call(interface, method, arguments);

        g_dbus_connection_call_with_unix_fd_list(connection, RECONF_BUS_NAME, object, interface->name,
                                                 method, arguments, given, flags, TIMEOUT_MSEC, NULL,
                                                 cancellable, callback, data);
}

void bus_call(GDBusConnection *connection, const GDBusInterfaceInfo *interface, const char *object,
              const char *method, GVariant *arguments, GCancellable *cancellable,
              GAsyncReadyCallback callback, void *data)
{
        call(connection, interface, object, method, arguments, G_DBUS_CALL_FLAGS_NONE, cancellable, callback,
             data);
}

void bus_call_running(GDBusConnection *connection, const GDBusInterfaceInfo *interface, const char *object,
                      const char *method, GVariant *arguments, GCancellable *cancellable,
                      GAsyncReadyCallback callback, void *data)
{
        call(connection, interface, object, method, arguments, G_DBUS_CALL_FLAGS_NO_AUTO_START, cancellable,
             callback, data);
}

GVariant *bus_call_finish(GDBusConnection *connection, GAsyncResult *result, GUnixFDList **fds,
                          GError **error)
{
        return finish(g_dbus_connection_call_with_unix_fd_list_finish(connection, fds, result, error),
                      error);
}

/* Takes the reply, or else the error. */
static void return_reply(GTask *task, GVariant *reply, GError *error)
{
        if (reply)
                g_task_return_pointer(task, reply, (GDestroyNotify) g_variant_unref);
        else
                g_task_return_error(task, error);
}

void bus_call_return(GObject *connection, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        GError *error = NULL;
        GVariant *reply = bus_call_finish(G_DBUS_CONNECTION(connection), result, NULL, &error);

        return_reply(task, reply, error);
}

void bus_call_return_running(GObject *connection, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        GError *error = NULL;
        GVariant *reply = bus_call_finish(G_DBUS_CONNECTION(connection), result, NULL, &error);

        set_away(&error);
        return_reply(task, reply, error);
}

GVariant *bus_call_get_all_sync(GDBusConnection *connection, const char *object,
                                const GDBusInterfaceInfo *interface, GCancellable *cancellable,
                                GError **error)
{
        (void) reconf_error_quark();
        return finish(g_dbus_connection_call_sync(connection, RECONF_BUS_NAME, object, PROPERTIES, "GetAll",
                                                  g_variant_new("(s)", interface->name),
                                                  G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NONE,
                                                  TIMEOUT_MSEC, cancellable, error),
                      error);
}

void bus_call_get_all(GDBusConnection *connection, const char *object, const GDBusInterfaceInfo *interface,
                      GCancellable *cancellable, GAsyncReadyCallback callback, void *data)
{
        (void) reconf_error_quark();
        g_dbus_connection_call_with_unix_fd_list(connection, RECONF_BUS_NAME, object, PROPERTIES, "GetAll",
                                                 g_variant_new("(s)", interface->name),
                                                 G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NONE,
                                                 TIMEOUT_MSEC, NULL, cancellable, callback, data);
}

GVariant *bus_call_take_value(GVariant *reply)
{
        G_GNUC_UNUSED g_autoptr(GVariant) owned = reply;

        return reply ? g_variant_get_child_value(reply, 0) : NULL;
}

gboolean bus_call_take_number(GVariant *reply, guint64 *ret)
{
        G_GNUC_UNUSED g_autoptr(GVariant) owned = reply;

        if (reply && ret)
                g_variant_get(reply, "(t)", ret);
        return reply != NULL;
}

gboolean bus_call_take_nothing(GVariant *reply)
{
        return bus_call_take_number(reply, NULL);
}
