/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Problems: what is wrong with a config's files
 *
 * The bus tells line and column, and names the file in the message, at least where there are several. Here
 * the file comes first, "FILE:3:5: message", so that an editor finds the place, and the line itself below
 * it, where whoever calls could read it anyway.
 */
#pragma once

#include "client/ctl/context.h"
#include "client/ctl/json.h"
#include "client/ctl/sources.h"

#include <systemd/sd-bus.h>

typedef struct ConfigProblem {
        char *path; /* dotted */
        char *file; /* "" where unknown */
        uint32_t line, column;
        char *message;
} ConfigProblem;

/* An empty list of ConfigProblem. */
GPtrArray *problems_new(void);
/*
 * Reads an a(suus). files is the list of the config's files, schema the path of its schema, either of which
 * may be NULL.
 */
int problems_read(sd_bus_message *m, const Node *files, const char *schema, GPtrArray **ret);
/* Adds those of a failure; file is for what names none. */
void problems_add(GPtrArray *problems, const Failure *failure, const char *file);
/* Problems of one file are to be shown as those of another. */
void problems_rename_file(GPtrArray *problems, const char *from, const char *to);
/*
 * False where the files hold what is good again, as when the last good bytes were written back: then their
 * lines tell nothing of the problems.
 */
bool problems_are_there_still(const Document *properties);
/* What the last reload of a config met; NULL where there was none, or it is not for the caller to know. */
GPtrArray *problems_get(Context *context, const char *config, const Document *properties);

/*
 * Writes them to standard error in place of an error that says no more than the first, which is taken.
 * Returns the status to exit with.
 */
int problems_report(const Context *context, const char *config, const GPtrArray *problems, Sources *sources,
                    GError *error);
/* One problem on a line, escaped. */
char *problem_format(const ConfigProblem *problem);
/* All of them, each line with so many spaces before it, with excerpts of the sources unless that is NULL. */
void problems_append(GString *out, const GPtrArray *problems, Sources *sources, const Style *style,
                     unsigned indent);
void problems_append_json(Json *json, const GPtrArray *problems);
