/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls to the service
 *
 * What a method takes and gives comes from introspection/: arguments are held to it, and replies are asked
 * to be of it. GDBusProxy is not used: each one would watch the name's owner, and hear all of its object's
 * signals, which is for the client and the config to decide.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* The reply's values, a tuple; fds may be NULL. Takes floating arguments. */
GVariant *bus_call_sync(GDBusConnection *connection, const GDBusInterfaceInfo *interface, const char *object,
                        const char *method, GVariant *arguments, GUnixFDList **fds,
                        GCancellable *cancellable, GError **error);
void bus_call(GDBusConnection *connection, const GDBusInterfaceInfo *interface, const char *object,
              const char *method, GVariant *arguments, GCancellable *cancellable,
              GAsyncReadyCallback callback, void *data);
/*
 * The same to a service that runs: it is not started for this. So for whatever the program has not asked
 * for, and for what another service than the one that was spoken to before knows nothing of. Where nobody
 * is there to answer, the error of the synchronous one is G_IO_ERROR_NOT_CONNECTED.
 */
GVariant *bus_call_running_sync(GDBusConnection *connection, const GDBusInterfaceInfo *interface,
                                const char *object, const char *method, GVariant *arguments,
                                GCancellable *cancellable, GError **error);
void bus_call_running(GDBusConnection *connection, const GDBusInterfaceInfo *interface, const char *object,
                      const char *method, GVariant *arguments, GCancellable *cancellable,
                      GAsyncReadyCallback callback, void *data);
GVariant *bus_call_finish(GDBusConnection *connection, GAsyncResult *result, GUnixFDList **fds,
                          GError **error);
/* A callback for bus_call(), whose data is a task, which is taken: it returns the reply. */
void bus_call_return(GObject *connection, GAsyncResult *result, void *task);
/* The same for bus_call_running(): G_IO_ERROR_NOT_CONNECTED where nobody was there to answer. */
void bus_call_return_running(GObject *connection, GAsyncResult *result, void *task);
/* True if nobody was there to answer, or who was left before: the client hears of that by itself. */
bool bus_call_is_away(const GError *error);

/* All properties of an object of the service's: a tuple that holds one a{sv}. */
GVariant *bus_call_get_all_sync(GDBusConnection *connection, const char *object,
                                const GDBusInterfaceInfo *interface, GCancellable *cancellable,
                                GError **error);
/* The same; to be ended with bus_call_finish(). */
void bus_call_get_all(GDBusConnection *connection, const char *object, const GDBusInterfaceInfo *interface,
                      GCancellable *cancellable, GAsyncReadyCallback callback, void *data);

/* What a reply, which is taken and may be NULL, holds: its only value; that where it is a number, for ret,
 * which may be NULL; whether there is one at all. */
GVariant *bus_call_take_value(GVariant *reply);
gboolean bus_call_take_number(GVariant *reply, guint64 *ret);
gboolean bus_call_take_nothing(GVariant *reply);
