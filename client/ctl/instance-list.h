/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instance list: the programs that the service knows to run on configs
 *
 * Which process it is and what its program is called, the service has from the kernel; what an instance
 * calls itself is its own word, and is always shown as such.
 */
#pragma once

#include "client/ctl/context.h"
#include "daemon/model/document.h"

typedef struct ListedInstance {
        char *object;
        char *config;
        uint32_t pid;   /* 0 where the bus does not know it */
        char *program;  /* "" where the kernel hides it */
        uint64_t start; /* µs, realtime; 0 where the kernel hides it */
        char *state;
        uint64_t version; /* applied; 0 none yet */
        Document *details;
        /* Out of the details; NULL where there is none. */
        const char *name; /* what it calls itself */
        const char *unit;
        const char *message; /* of its last report, for who may read the config */
} ListedInstance;

/* Those of a config, or NULL for all: of ListedInstance, in order of config, program, pid and object. */
GPtrArray *instance_list_get(Context *context, const char *config, GError **error);
/* The same out of an answer. */
int instance_list_read(sd_bus_message *m, GPtrArray **ret);
/* NULL where it is not among them. */
const ListedInstance *instance_list_find(const GPtrArray *instances, const char *object);

/* What tells it from all others for ever, as the last part of its object. */
const char *listed_instance_id(const ListedInstance *instance);
/* Whether a word of the command line means it: a pid, its object, or its ID. */
bool listed_instance_is(const ListedInstance *instance, const char *word);
/* "reconfctl", "nginx (reconfctl)" where it calls itself nginx, "?" where the kernel hides it. Not escaped.
 */
char *listed_instance_format_program(const ListedInstance *instance);
/* The same with its pid, "reconfctl[4711]", escaped. */
char *listed_instance_format(const ListedInstance *instance);
/* How a state is to be shown. */
Accent instance_state_accent(const char *state);
