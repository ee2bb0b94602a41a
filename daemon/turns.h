/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns: calls are served in turn, however many somebody makes
 *
 * The bus has one queue for all that is sent to us. Whoever fills it would have everybody wait behind him,
 * and be refused by the bus in the end. So the bus is read before anything else is done, and calls wait
 * here: each connection has a queue of its own, the connections of a user take turns, and so do users. What
 * comes while nothing waits is served at once, and nothing waits as long as we keep up.
 *
 * The calls of one connection are served in the order that they came in.
 */
#pragma once

#include "daemon/kept-call.h"

#include <stdbool.h>

typedef struct Turns Turns;

typedef struct TurnsHandler {
        /* Serves a call, as a method's handler does. */
        int (*serve)(sd_bus_message *call, void *userdata, sd_bus_error *error);
        /* Whose a connection is; (uid_t) -1 while that is not known. */
        uid_t (*find_user)(const char *name, void *userdata);
        /* Asked when a call was served: whether no other of this connection may be until turns_resume(). */
        bool (*must_stop)(const char *name, void *userdata);
} TurnsHandler;

/* Calls that may wait. Each may bring descriptors, which nobody counts. */
typedef struct TurnsLimits {
        unsigned per_connection;
        unsigned per_user;
} TurnsLimits;

/* All must outlive it; negative errno. */
int turns_new(sd_bus *bus, sd_event *event, const TurnsLimits *limits, const TurnsHandler *handler,
              void *userdata, Turns **ret);
/* What waits is never answered. */
Turns *turns_free(Turns *turns);

/* A method's handler: has the call served, now or in its turn; FAILURE_LIMIT_EXCEEDED where too many wait.
 */
int turns_take(Turns *turns, sd_bus_message *call, sd_bus_error *error);
/* The connection's calls may be served again; it may be known now whose it is. */
void turns_resume(Turns *turns, const char *name);
/*
 * Counts a call that cannot wait, since it is not us who serve it. False where the connection makes too many
 * while we do not keep up.
 */
bool turns_count(Turns *turns, sd_bus_message *call);
/* True while calls wait. */
bool turns_is_busy(const Turns *turns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Turns, turns_free)
