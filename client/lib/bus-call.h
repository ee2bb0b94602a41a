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

/* The reply's values, a tuple; fds may be NULL. Takes floating arguments. */
GVariant *bus_call_sync(GDBusConnection *connection, const GDBusInterfaceInfo *interface, const char *object,
                        const char *method, GVariant *arguments, GUnixFDList **fds,
                        GCancellable *cancellable, GError **error);
void bus_call(GDBusConnection *connection, const GDBusInterfaceInfo *interface, const char *object,
              const char *method, GVariant *arguments, GCancellable *cancellable,
              GAsyncReadyCallback callback, void *data);
GVariant *bus_call_finish(GDBusConnection *connection, GAsyncResult *result, GUnixFDList **fds,
                          GError **error);
