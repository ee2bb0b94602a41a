/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Problems: what is wrong with a config's files
 *
 * The bus tells line and column, and names the file in the message, at least where there are several. Here
 * the file comes first, "FILE:3:5: message", so that an editor finds the place.
 */
#pragma once

#include "client/ctl/json.h"

#include <systemd/sd-bus.h>

typedef struct ConfigProblem {
        char *path; /* dotted */
        char *file; /* "" where unknown */
        uint32_t line, column;
        char *message;
} ConfigProblem;

/* Reads an a(suus); of ConfigProblem. files is the list of the config's files, or NULL. */
int problems_read(sd_bus_message *m, const Node *files, GPtrArray **ret);
/* One problem on a line, escaped. */
char *problem_format(const ConfigProblem *problem);
void problems_append_json(Json *json, const GPtrArray *problems);
