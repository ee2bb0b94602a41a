/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching: the inside of reconfctl watch
 *
 * Watching is the whole: which service is listened to, and all configs. Watched is one of them: what version
 * was heard last, and what to make of what is heard next.
 */
#pragma once

#include "client/ctl/context.h"
#include "client/ctl/listener.h"
#include "client/ctl/marks.h"
#include "client/ctl/watch-report.h"

typedef struct Watching {
        Context *context;
        char **names;        /* those to watch; empty: all */
        GHashTable *configs; /* name to Watched */
        Listener *listener;
} Watching;

typedef struct Watched {
        Watching *watching;
        char *name;
        uint64_t version; /* heard last; 0 none yet */
        uint64_t since;   /* what the subscription under way asked for */
        sd_bus_slot *subscribing;
        Marks *marks; /* of its schema when something was heard last; NULL before */
} Watched;

Watched *watched_new(Watching *watching, const char *name);
Watched *watched_free(Watched *watched);
/* Asks for all signals from now on, and for what was missed since the version heard last. */
void watched_subscribe(Watched *watched);
/* What to do with either signal; the message is at its first argument. */
void watched_hear_changed(Watched *watched, sd_bus_message *m);
void watched_hear_failed(Watched *watched, sd_bus_message *m);

/* To standard output, at once. */
void watching_print(Watching *watching, const WatchReport *report);
/* To standard error, unless told to be quiet. */
void watching_note(const Watching *watching, const char *name, const char *text);
