/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Debounce: when to act on signs of change
 *
 * Times are µs of one clock that never stands at 0. A window longer than the cap is what somebody asked for,
 * so the cap never cuts a wait below one window.
 */
#include "daemon/watch/debounce.h"

static uint64_t debounce_cap(uint64_t quiet)
{
        return MAX(quiet, (uint64_t) DEBOUNCE_CAP_USEC);
}

static void debounce_wait(Debounce *debounce, uint64_t now, uint64_t quiet)
{
        if (debounce->first == 0)
                debounce->first = now;

        debounce->deadline = MIN(now + quiet, debounce->first + debounce_cap(quiet));
}

void debounce_init(Debounce *debounce, uint64_t window, bool several)
{
        *debounce = (Debounce){ .window = window, .several = several, .deadline = DEBOUNCE_NEVER };
}

bool debounce_event(Debounce *debounce, WatchEvent event, uint64_t now)
{
        bool calm = debounce->acted == 0 || now >= debounce->acted + debounce->window;
        uint64_t quiet = debounce->window;

        debounce->last = now;

        if (event == WATCH_FINISHED && !debounce->several && calm)
                return true;

        if (debounce->several)
                quiet = MIN(quiet, (uint64_t) DEBOUNCE_SEVERAL_USEC);

        debounce_wait(debounce, now, quiet);
        return false;
}

uint64_t debounce_deadline(const Debounce *debounce)
{
        return debounce->deadline;
}

void debounce_act(Debounce *debounce, uint64_t now)
{
        debounce->acted = now;
        debounce->first = 0;
        debounce->deadline = DEBOUNCE_NEVER;
}

bool debounce_is_still(Debounce *debounce, uint64_t now)
{
        if (debounce->last == 0 || now >= debounce->last + debounce->window)
                return true;

        /* The next look comes once the window has passed since the last event; events may put it off
         * further. */
        debounce->first = now;
        debounce->deadline = debounce->last + debounce->window;
        return false;
}
