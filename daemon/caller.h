/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Callers: who is at the other end of a call
 *
 * The bus is asked, without waiting; what it says was true when the caller connected and cannot be forged.
 * Where it does not say in which groups he was, the user database does, which is asked on another thread.
 * The caller's unit is looked up under its pid and only ever shown.
 *
 * On the system bus, where many calls depend on it, what was found is kept until the caller leaves.
 */
#pragma once

#include "daemon/credentials.h"
#include "daemon/model/failure.h"
#include "daemon/peer.h"
#include "daemon/reach.h"
#include "daemon/store/version.h"

#include <systemd/sd-bus.h>

typedef struct Bus Bus;

typedef struct Caller {
        const char *name; /* unique name on the bus */
        Author author;
        /* For questions to access.h. Of our own user, as on a session bus, the groups need not be there.
         * NULL where nobody asked. */
        const Credentials *credentials;
        /* Of a call that was let in: how far he reaches into the config that it is about, and whether that
         * is because polkit says so. */
        Reach reach;
        bool is_granted;
} Caller;

/* Handles a call whose caller is known, with the bus; as sd_bus_message_handler_t in all else. */
typedef int (*CallerHandler)(sd_bus_message *m, const Caller *caller, void *bus, sd_bus_error *error);

typedef struct Callers Callers;

/* Nothing is being found out any longer about this connection. */
typedef void (*CallersAsked)(const char *name, void *userdata);

/* Those who call, whom it may remember while they are on the bus; peers must outlive it. */
Callers *callers_new(Peers *peers, bool remembers, CallersAsked asked, void *userdata);
/* What is being found out is given up. */
Callers *callers_free(Callers *callers);

/* Of a connection that is remembered; (uid_t) -1 where it is not. Ourselves where none are. */
uid_t callers_find_uid(const Callers *callers, const char *name);
/* True where callers are remembered, and this one is just being found out. */
bool callers_is_asking(const Callers *callers, const char *name);

/* Has a call handled, or refuses it (takes the failure), and answers it where that is not done yet. */
int caller_answer(sd_bus_message *call, const Caller *caller, CallerHandler handler, Bus *bus);
int caller_refuse(sd_bus_message *call, const Author *author, Bus *bus, Failure *failure);

/*
 * Finds out who made the call, then has it handled. Returns at once, as a method's handler does; what the
 * handler later returns or sets as error becomes the answer. There is none where the daemon ends meanwhile.
 */
int caller_identify(sd_bus_message *m, CallerHandler handler, Bus *bus, sd_bus_error *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Callers, callers_free)
