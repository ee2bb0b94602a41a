/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of clients, and what configs need of theirs
 */
#pragma once

#include "client/lib/config-bus.h"
#include "client/lib/connecting.h"

struct _ReconfClient {
        GObject parent;
        GMainContext *context;
        GBusType bus_type;
        char *address; /* NULL: that of bus_type */

        /* Of the context. */
        guint name_watch;
        gulong closed_handler;
        GSource *timer;
        GCancellable *cancellable; /* of an attempt that is under way, or NULL */

        GMutex lock; /* guards what follows */
        GDBusConnection *connection;
        char *owner;
        ReconfStatus status;
        GError *error;
        guint attempts;
        guint max_attempts; /* 0: no limit */
        guint delay_msec;
        gboolean auto_reconnect;
        GPtrArray *configs; /* of ConfigBus */
};

/* How it stands; all is the caller's own. */
typedef struct ClientState {
        GDBusConnection *connection; /* or NULL */
        char *owner;                 /* the service's unique name, or NULL */
        ReconfStatus status;
        GError *error;
} ClientState;

void client_state_clear(ClientState *state);
void client_get_state(ReconfClient *client, ClientState *ret);
/* A connection to call through; sets G_IO_ERROR_NOT_CONNECTED where there is none. */
GDBusConnection *client_get_connection(ReconfClient *client, GError **error);

/* The config is told of changes of the state. */
void client_add_config(ReconfClient *client, ConfigBus *bus);
void client_remove_config(ReconfClient *client, ConfigBus *bus);
/* True if another config of the client's is the same object's. */
bool client_shares_object(ReconfClient *client, const ConfigBus *bus);

/* A client that has no connection yet, and tries to get one, in the thread-default context. */
ReconfClient *client_new_trying(GBusType bus_type);

/* Takes up a connection; in the context, which is the thread's default. */
void client_adopt(ReconfClient *client, const Connected *connected);
/* Tries once to have the service there, over the connection that there is or a new one; in the context. */
void client_attempt(ReconfClient *client);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ClientState, client_state_clear)
