/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connecting: from nothing to a bus with the service on it
 *
 * A connection of its own, the service started if it is to be and does not run, and who it is.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

typedef struct Connected {
        GDBusConnection *connection;
        char *owner; /* the service's unique name; NULL where it does not run, or has left already */
} Connected;

void connected_clear(Connected *connected);

/* address may be NULL: that of the bus. Starts the service. */
bool connecting_sync(GBusType bus_type, const char *address, GCancellable *cancellable, Connected *ret,
                     GError **error);
/*
 * In the thread-default context. Goes by a connection that there is, unless that is NULL. Starts the service
 * only if told to.
 */
void connecting_start(GDBusConnection *connection, GBusType bus_type, const char *address, bool start,
                      GCancellable *cancellable, GAsyncReadyCallback callback, void *data);
bool connecting_finish(GAsyncResult *result, Connected *ret, GError **error);
/* Who the service is now; *ret is NULL where it does not run. */
bool connecting_find_owner_sync(GDBusConnection *connection, GCancellable *cancellable, char **ret,
                                GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Connected, connected_clear)
