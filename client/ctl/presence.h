/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Presence: being an instance of a config on the bus
 *
 * Registers as an instance that reports, hears of each new version, and does so again, by itself, whenever
 * the service or the whole bus went and came back. What Subscribe answers counts, signals are hints: so
 * nothing that changed meanwhile is missed, and numbers that begin anew are understood. Only what the
 * service's present owner sends is believed.
 */
#pragma once

#include "client/ctl/context.h"

#include <systemd/sd-event.h>

typedef struct Presence Presence;

typedef struct PresenceHandlers {
        /* The version that is active: the first, each other, and one that the service tells of once more. */
        void (*version)(void *userdata, uint64_t version);
        /* The service cannot be reached or does not want us, the first time that it is asked. Takes the
         * error. */
        void (*refused)(void *userdata, GError *error);
        void *userdata;
} PresenceHandlers;

/* Name is what the instance calls itself. The strings and the context are borrowed, the handlers copied. */
Presence *presence_new(Context *context, sd_event *event, const char *config, const char *name,
                       const PresenceHandlers *handlers);
/* Leaves the bus to the context, without the event loop. */
Presence *presence_free(Presence *presence);

/* Connects and asks; either handler is called from the loop. Only what the bus itself refuses is an error.
 */
bool presence_begin(Presence *presence, GError **error);
/* Failure is NULL for a version that was applied. Said as soon as the service is there, and again where it
 * comes back, unless there is another version by then. */
void presence_report(Presence *presence, uint64_t version, const char *failure);
/* Waits, for 5 s at most, until the service has heard the last report. To be called outside the loop. */
void presence_finish(Presence *presence);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Presence, presence_free)
