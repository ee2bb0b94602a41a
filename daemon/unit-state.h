/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unit states: what systemd knows about a service
 *
 * It is asked for what is needed and no more, property by property: of all that a service has, some is read
 * from the kernel for every answer.
 */
#pragma once

#include "daemon/systemd.h"

typedef struct UnitState {
        char *load;       /* LoadState, as systemd writes it */
        char *active;     /* ActiveState, likewise */
        char *sub;        /* SubState, likewise */
        uint32_t pid;     /* of the main process; 0 where there is none */
        uint64_t started; /* when a main process was last started, µs, realtime; 0 never */
} UnitState;

typedef struct UnitQuery UnitQuery;

/* Either is NULL; both are borrowed. The query is still to be freed, here or later. */
typedef void (*UnitStateDone)(const UnitState *state, const sd_bus_error *error, void *userdata);

/* Asks about the unit of this object path. Done is called once, unless it is freed before; negative errno.
 */
int unit_query_new(Systemd *systemd, const char *path, UnitStateDone done, void *userdata, UnitQuery **ret);
UnitQuery *unit_query_free(UnitQuery *query);

/* Whether it is down, and not about to be started again by itself. */
bool unit_state_is_down(const UnitState *state);
/* Whether it is down for a moment, between two starts by itself. */
bool unit_state_is_between_starts(const UnitState *state);
