/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service's side of a config
 *
 * A signal is a hint that there is something to fetch, no more: what is read is always a whole snapshot, and
 * what has changed is found by comparing two. So a signal that was lost, one that left changes out, and a
 * service that was away for an hour are all the same case, and the next snapshot mends them. To begin with,
 * and after each pause, the order is: subscribe to signals, tell the service so, take a snapshot.
 *
 * All of it happens in the config's context, but for synchronous calls.
 */
#pragma once

#include "client/lib/reconf/client.h"

#include <stdbool.h>

typedef struct ConfigBus ConfigBus;

/* Where a config comes from; files are NULL where it is to be there already. All is copied. */
typedef struct Registration {
        const char *name; /* NULL: whatever config has this one file */
        const char *const *files;
        GVariant *options; /* a{sv}, or NULL */
        bool is_known;     /* whatever is registered under the name will do */
} Registration;

/*
 * Makes a config of the service's, in the thread-default context. paths, or NULL: only what touches these is
 * heard.
 */
ReconfConfig *config_bus_open_sync(ReconfClient *client, const Registration *registration,
                                   const char *const *paths, GCancellable *cancellable, GError **error);
/* The task returns the config. Takes it. */
void config_bus_open(ReconfClient *client, const Registration *registration, const char *const *paths,
                     GTask *task);
/*
 * Has a config of files go over to the service; in its context. The task returns the config when it has a
 * version of the service's. Until then its files are followed, but for the moment in which that is decided.
 * Takes the task.
 */
void config_bus_take_over(ReconfClient *client, const Registration *registration, ReconfConfig *config,
                          GTask *task);

ConfigBus *config_bus_ref(ConfigBus *bus);
ConfigBus *config_bus_unref(ConfigBus *bus);
/* Ends it: nothing is heard any more. From any thread. */
ConfigBus *config_bus_end(ConfigBus *bus);

/* The client's connection, the service, or their status are other ones. From any thread. */
void config_bus_client_changed(ConfigBus *bus);

/* Its files are other ones now: a service that forgets it is told of these. From any thread. */
void config_bus_set_files(ConfigBus *bus, char *const *files);

/* False where the service does not have it any more, and need not be there for it. From any thread. */
bool config_bus_needs_service(ConfigBus *bus);

ReconfClient *config_bus_client(const ConfigBus *bus);
const char *config_bus_object(const ConfigBus *bus);
/* Takes the snapshot that is there now, unless version is read already. */
bool config_bus_fetch_sync(ConfigBus *bus, ReconfConfig *config, guint64 version, GCancellable *cancellable,
                           GError **error);
/* Takes it in any case, without waiting; from the caller's context. */
void config_bus_fetch(ConfigBus *bus, GDBusConnection *connection, GCancellable *cancellable,
                      GAsyncReadyCallback callback, void *data);
bool config_bus_fetch_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
