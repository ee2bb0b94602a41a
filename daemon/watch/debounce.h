/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Debounce: when to act on signs of change
 *
 * Pure bookkeeping over times that it is handed; no clock, no timer. The rules:
 *  - a finished save of a single file is acted on at once, unless one was acted on within the window
 *    before it;
 *  - such a second one, and every sign of a writer in the middle, waits until the window has passed
 *    in quiet;
 *  - several files of one config wait for 20 ms of quiet (the window, where that is shorter), whatever the
 *    sign;
 *  - a wait that each event prolongs ends after DEBOUNCE_CAP_USEC (or one window, if longer) all the same.
 */
#pragma once

#include "daemon/watch/watcher.h"

#define DEBOUNCE_CAP_USEC (1000 * 1000U)
#define DEBOUNCE_SEVERAL_USEC (20 * 1000U)
#define DEBOUNCE_NEVER UINT64_MAX

typedef struct Debounce {
        uint64_t window; /* µs */
        bool several;    /* several files, saved one after the other */
        uint64_t acted;  /* when it was last acted on; 0 never */
        uint64_t first;  /* first event waiting; 0 none */
        uint64_t last;   /* newest event of all; 0 none */
        uint64_t deadline;
} Debounce;

void debounce_init(Debounce *debounce, uint64_t window, bool several);
/* Takes note of an event. True: act now. False: act at debounce_deadline(). */
bool debounce_event(Debounce *debounce, WatchEvent event, uint64_t now);
/* When to act unless more happens; DEBOUNCE_NEVER where nothing waits. */
uint64_t debounce_deadline(const Debounce *debounce);
/* Acting now: nothing waits any longer. */
void debounce_act(Debounce *debounce, uint64_t now);
/*
 * What was read did not hold together. True: the files have been still for the window, so this is how they
 * are. False: a writer may be in the middle; look again at debounce_deadline().
 */
bool debounce_is_still(Debounce *debounce, uint64_t now);
