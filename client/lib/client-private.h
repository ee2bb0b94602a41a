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
        GThread *thread; /* where it was made, and the context runs */
        GBusType bus_type;
        char *address; /* NULL: that of bus_type */

        /* Of the context. */
        guint name_watch;
        gulong closed_handler;
        GSource *timer;
        GCancellable *cancellable; /* of an attempt that is under way, or NULL */
        bool starting;             /* that attempt starts the service */
        bool asked;                /* the program has asked for an attempt, which has not been made yet */

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
        guint n_waiting;
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
/* Calls the function if that is false; whoever is added meanwhile waits for that. */
void client_unless_shared(ReconfClient *client, const ConfigBus *bus, void (*func)(const ConfigBus *bus));

/* A client that has no connection yet, and tries to get one, in the thread-default context. */
ReconfClient *client_new_trying(GBusType bus_type);

/* One more, or one less, that waits for the service without having a config of its yet. */
void client_add_waiting(ReconfClient *client);
void client_remove_waiting(ReconfClient *client);
/* True if somebody waits, or there is a config of the client's that the service is to be there for. */
bool client_needs_service(ReconfClient *client);

/* Says how it stands; a copy is taken of the error, which may be NULL. In the context, as all that follows.
 */
void client_set_status(ReconfClient *client, ReconfStatus status, const GError *error, guint attempts);
void client_notify_connection(ReconfClient *client);
/* Takes up a connection; in the context, which is the thread's default. */
void client_adopt(ReconfClient *client, const Connected *connected);
/* Tries once to have the service there, since the program has asked for that. */
void client_attempt(ReconfClient *client);
/* Does by settings that have changed. */
void client_review(ReconfClient *client);
/* Lets go of the connection; for the client's end. */
void client_stop_keeping(ReconfClient *client);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ClientState, client_state_clear)
