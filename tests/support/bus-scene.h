/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bus scene: the daemon's objects over a socket pair, without a bus
 *
 * The daemon's end runs in a thread of its own, with a real manager on real files. The test holds the other
 * end and is the bus and all its clients: it answers what the daemon asks the bus (who is calling, who is
 * still there), calls in the name of any client, and sees each message with its destination, which on a real
 * bus nobody does.
 */
#pragma once

#include "daemon/bus-cleanup.h"

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

typedef struct BusScene {
        char *directory;
        sd_bus *peer;
        GThread *daemon;
        int daemon_fd;
        GString *heard; /* signals and replies in order, as "ConfigChanged ", "ConfigChanged>:1.7 ", "= " */
        GHashTable *gone;            /* clients that left */
        bool is_met;                 /* the daemon has said hello */
        bool names_nobody;           /* the bus does not say who calls */
        bool names_no_groups;        /* nor in which groups he is; else these are 4711 and 4712 */
        uint32_t uid;                /* who it says he is */
        unsigned n_identified;       /* how often it was asked */
        uint32_t other_pid;          /* what it says of a process when asked once more, if not 0 */
        const sd_bus_vtable *vtable; /* of the test's own object in the daemon, or NULL */
} BusScene;

/* Where that is. Its handlers run in the daemon's thread, with the Bus. */
#define BUS_SCENE_TEST_PATH "/test"
#define BUS_SCENE_TEST_INTERFACE "org.reconf.Test"

/* A call whose answer is awaited. */
typedef struct BusCall {
        BusScene *scene;
        sd_bus_message *reply;
} BusCall;

void bus_scene_add(const char *path, void (*test)(BusScene *, const void *));
void bus_scene_add_with(const char *path, void (*test)(BusScene *, const void *),
                        const sd_bus_vtable *vtable);

char *bus_scene_path(const BusScene *scene, const char *name);
void bus_scene_save(const BusScene *scene, const char *name, const char *content, unsigned mode);

/* A call of a client, as ":1.7", to be filled in and sent. */
sd_bus_message *call_new(BusScene *scene, const char *client, const char *path, const char *interface,
                         const char *member);
/* Takes the message. */
BusCall *call_send(BusScene *scene, sd_bus_message *m);
/* Takes the call; its answer, with which the arguments can be read. */
sd_bus_message *call_await(BusCall *call);
/* Takes the message; sends it and awaits the answer. */
sd_bus_message *call_run(BusScene *scene, sd_bus_message *m);
/* Takes the answer. name is what stands behind the prefix of the daemon's own errors, or a whole name. */
void assert_error(sd_bus_message *reply, const char *name);
/* Takes the answer. */
void assert_returned(sd_bus_message *reply);

/* The client leaves the bus. */
void bus_scene_leave(BusScene *scene, const char *client);
/* Somebody, who need not be the bus, says that it has. */
void bus_scene_claim_left(BusScene *scene, const char *sender, const char *client);
/* What was heard since the last time is that; waits for it. */
void assert_heard(BusScene *scene, const char *expected);
