/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a config's side of the service
 */
#pragma once

#include "client/lib/client-private.h"

#include <stdint.h>

struct ConfigBus {
        gatomicrefcount references;
        GWeakRef config;
        ReconfClient *client;
        GMainContext *context;
        char *name;
        char *object;
        GVariant *options;
        char **paths; /* NULL: all of it */

        GMutex lock;  /* guards what follows */
        char **files; /* NULL: somebody else registers it */

        /* What follows is of the context. */
        GDBusConnection *connection; /* what is listened to, or NULL */
        char *owner;                 /* who may send, or NULL */
        GArray *subscriptions;
        GCancellable *cancellable; /* of all calls since it is listened to */
        GTask *starting;           /* until there is a first snapshot */
        uint64_t heard;            /* the version of the last signal */
        GVariant *details;         /* of that */
        bool joining;              /* the config has files, which it goes by until starting is over */
        bool fetching;
        bool again;    /* there is more to fetch than what is under way */
        bool resuming; /* whatever comes is current, also if its number is lower: the service's state was
                          lost */
        GSource *cancelling; /* as long as it is starting; or NULL */
        bool is_narrow;      /* it is subscribed to for its paths only */
        bool unregistered;   /* by somebody who asked for that: it is for others to register it again */
        bool ended;

        gint needs_service; /* atomic; false where the service does not have it any more */
};

/* In the thread-default context. All is copied; files may be NULL, and paths. */
ConfigBus *config_bus_new(ReconfClient *client, const char *name, const char *object, char *const *files,
                          GVariant *options, char *const *paths);
/* Subscribes, and takes the first snapshot. The config, which has taken a reference to bus. */
ReconfConfig *config_bus_start_sync(ConfigBus *bus, GCancellable *cancellable, GError **error);
/* The same; the task returns the config. Does not take it. */
void config_bus_start(ConfigBus *bus, GTask *task);

/* Hears all signals about it from now on; in its context, which is the thread's default. */
void config_bus_listen(ConfigBus *bus, GDBusConnection *connection, const char *owner);
/* Ends that, and all calls that are under way. */
void config_bus_stop_listening(ConfigBus *bus);
/* Tells the service that it listens, and takes the snapshot that is there then. */
void config_bus_subscribe(ConfigBus *bus);
/* Takes the snapshot that is there, once more where that is under way. */
void config_bus_refresh(ConfigBus *bus);
/* The service does not have it any more. */
void config_bus_set_gone(ConfigBus *bus);
/*
 * The snapshot that a reply to GetSnapshot brought; that of version 0, with nothing in it, where the
 * config's files were never good. Where there is no reply, *error says why, and still does if that is all.
 */
ReconfSnapshot *config_bus_read_snapshot(GVariant *reply, GUnixFDList *fds, GError **error);
ReconfSnapshot *config_bus_get_snapshot_sync(const ConfigBus *bus, GDBusConnection *connection,
                                             GCancellable *cancellable, GError **error);
/* Says how it stands, if there still is a config. */
void config_bus_set_status(ConfigBus *bus, ReconfStatus status, const GError *error);

/*
 * The same for a config of files, which goes over when there is a first snapshot that is of a version. Until
 * then it is not told of anything. In its context.
 */
void config_bus_join(ConfigBus *bus, ReconfConfig *config, GTask *task);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigBus, config_bus_unref)
