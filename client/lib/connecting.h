/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connecting: from nothing to a bus with the service on it
 *
 * A connection of its own, the service started if it does not run, and who it is.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

typedef struct Connected {
        GDBusConnection *connection;
        char *owner; /* the service's unique name */
} Connected;

void connected_clear(Connected *connected);

/* address may be NULL: that of the bus. */
bool connecting_sync(GBusType bus_type, const char *address, GCancellable *cancellable, Connected *ret,
                     GError **error);
/* In the thread-default context. Goes by a connection that there is, unless that is NULL. */
void connecting_start(GDBusConnection *connection, GBusType bus_type, const char *address,
                      GCancellable *cancellable, GAsyncReadyCallback callback, void *data);
bool connecting_finish(GAsyncResult *result, Connected *ret, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Connected, connected_clear)
