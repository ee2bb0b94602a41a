/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Problems: what is wrong with a config's files
 *
 * The bus tells line and column, and names the file only where there are several; with a single file its
 * name is put before them, so that an editor finds the place.
 */
#pragma once

#include "client/ctl/json.h"

#include <systemd/sd-bus.h>

typedef struct ConfigProblem {
        char *path;
        uint32_t line, column;
        char *message;
} ConfigProblem;

/* Reads an a(suus); of ConfigProblem. */
int problems_read(sd_bus_message *m, GPtrArray **ret);
/* One problem on a line: "FILE:3:5: message". file may be NULL. Escaped. */
char *problem_format(const ConfigProblem *problem, const char *file);
void problems_append_json(Json *json, const GPtrArray *problems);
