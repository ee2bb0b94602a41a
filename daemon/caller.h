/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Callers: who is at the other end of a call
 *
 * The bus is asked, without waiting; what it says was true when the caller connected and cannot be forged.
 * Where it does not say in which groups he was, the user database does, which is asked on another thread.
 * The caller's unit is looked up under its pid and only ever shown.
 */
#pragma once

#include "daemon/bus.h"
#include "daemon/credentials.h"
#include "daemon/store/version.h"

#include <systemd/sd-bus.h>

typedef struct Caller {
        const char *name; /* unique name on the bus */
        Author author;
        /* For questions to access.h. Of our own user, as on a session bus, the groups need not be there. */
        const Credentials *credentials;
} Caller;

/* Handles a call whose caller is known, with the bus; as sd_bus_message_handler_t in all else. */
typedef int (*CallerHandler)(sd_bus_message *m, const Caller *caller, void *bus, sd_bus_error *error);

/*
 * Finds out who made the call, then has it handled. Returns at once, as a method's handler does; what the
 * handler later returns or sets as error becomes the answer. There is none where the daemon ends meanwhile.
 */
int caller_identify(sd_bus_message *m, CallerHandler handler, Bus *bus, sd_bus_error *error);
