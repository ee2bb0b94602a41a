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

#include "daemon/caller.h"
#include "daemon/kept-call.h"

/* Calls of one connection that may wait. */
#define TURNS_MAX_CALLS_PER_CONNECTION 4096U

typedef struct Turns Turns;

/*
 * handler serves a call as one of a method does; it gets the userdata. Where callers are remembered, no call
 * of one who is being found out is served. All must outlive it.
 */
int turns_new(sd_bus *bus, sd_event *event, Callers *callers, KeptCalls *kept,
              sd_bus_message_handler_t handler, void *userdata, Turns **ret);
/* What waits is never answered. */
Turns *turns_free(Turns *turns);

/* A method's handler: has the call served, now or in its turn; FAILURE_LIMIT_EXCEEDED where too many wait.
 */
int turns_take(Turns *turns, sd_bus_message *call, sd_bus_error *error);
/*
 * The caller was found out, or could not be: his calls may be served.
 */
void turns_resume(Turns *turns, const char *name);
/*
 * Counts a call that cannot wait, since it is not us who serve it. False where the connection makes too many
 * while we do not keep up.
 */
bool turns_count(Turns *turns, sd_bus_message *call);
/* True while calls wait. */
bool turns_is_busy(const Turns *turns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Turns, turns_free)
