/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of configs
 *
 * What can be read is one pointer (current). Whatever brings new versions, be it the service, files or the
 * program itself, calls config_publish(), and nothing else replaces it. All that is told is told by
 * listeners; the signal `changed` is the first of them.
 */
#pragma once

#include "client/lib/change-private.h"
#include "client/lib/current.h"
#include "client/lib/listener.h"
#include "client/lib/reconf/client.h"

typedef struct ConfigBus ConfigBus;
typedef struct ConfigFiles ConfigFiles;
typedef struct Moving Moving;

struct _ReconfConfig {
        GObject parent;
        Current current;
        GMainContext *context; /* where signals are emitted */

        GArray *blocked; /* handlers of `changed` that are kept from hearing a version twice; in context */

        /* See config-publish.c. */
        GMutex publishing;   /* guards what follows; held while current is replaced */
        GCond published;     /* n_published has gone up */
        GQueue coming;       /* versions that are not published yet */
        guint64 n_brought;   /* how many ever came */
        guint64 n_published; /* how many of those are done with */
        GThread *publisher;  /* who is at it, or NULL */

        GMutex lock; /* guards what follows */
        ReconfStatus status;
        GError *error;
        Listener *signals;
        GHashTable *listeners; /* handle to Listener, those of watch() */
        guint last_handle;
        GVariant *details; /* of the version details_version; or NULL */
        guint64 details_version;
        guint64 held_version;    /* the last that the program reports on by itself; 0 none */
        ReconfSnapshot *applied; /* what the program has applied as an instance; NULL where it is none */

        /* Where its versions come from; all NULL for data. Files that gave way to the service are stopped.
         */
        ConfigFiles *files;
        ConfigBus *bus;       /* set once: see config_get_bus() */
        ReconfClient *client; /* the way to the service, or NULL */

        char *name;        /* set anew once */
        char *former_name; /* which somebody may still hold, or NULL */

        /* Of the context: what may take the place of the files. */
        Moving *moving;
        ConfigBus *joining;
};

/* A config of nothing, with version 0. */
ReconfConfig *config_new(const char *name);

/* The service's side, or NULL where it does without, perhaps until later. From any thread. */
ConfigBus *config_get_bus(ReconfConfig *config);
/* It goes over to the service, under another name. Takes bus. In the config's context. */
void config_set_bus(ReconfConfig *config, ConfigBus *bus, const char *name);

/* A reference of the caller's own. */
ReconfSnapshot *config_dup_current(ReconfConfig *config);
/* Which versions are taken. */
typedef enum PublishHow {
        PUBLISH_NEWER, /* whose number is higher than that of what is current */
        PUBLISH_OTHER, /* that are not what is current: in number, or in what they hold */
        PUBLISH_NEXT, /* that hold something else; such a snapshot, new and nobody else's, gets its number */
} PublishHow;

/*
 * Makes a snapshot the current one, and has it told. details (a{sv}) may be NULL. From any thread; when it
 * returns, the version can be read, unless this is called by a handler of `changing`.
 */
void config_publish(ReconfConfig *config, ReconfSnapshot *snapshot, GVariant *details, PublishHow how);
/* The same in two steps, of which the first calls nobody: to be done under a lock that keeps the order. */
void config_bring(ReconfConfig *config, ReconfSnapshot *snapshot, GVariant *details, PublishHow how);
void config_publish_brought(ReconfConfig *config);
/* The first version, which nobody is told of. */
void config_publish_first(ReconfConfig *config, ReconfSnapshot *snapshot);
/* The details of a version, where they are known; a new reference, or NULL. */
GVariant *config_dup_details(ReconfConfig *config, guint64 version);

/* Details of what is current by now, unless they are known or the version is another. */
void config_add_details(ReconfConfig *config, guint64 version, GVariant *details);

/* The last version that the program reports on by itself; 0 for none. */
guint64 config_get_held_version(ReconfConfig *config);

/* What the program has applied as a whole; NULL where it is no instance any longer. */
void config_set_applied(ReconfConfig *config, ReconfSnapshot *snapshot);
/* Has an instance hear once more of what it has not applied: the step from what it has. */
void config_tell_again(ReconfConfig *config);

/* In the config's context: something failed, and the active version stays. problems is a(suus). */
void config_emit_reload_failed(ReconfConfig *config, const char *stage, GVariant *problems);
/* In the config's context. Takes a copy of the error, which may be NULL. */
void config_set_status(ReconfConfig *config, ReconfStatus status, const GError *error);

/* Adds a listener under a new handle. */
guint config_add_listener(ReconfConfig *config, Listener *listener);
