/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Context: what every verb has at hand
 *
 * The command line, the bus, and the ways out: tables, JSON, text. The bus is connected to at the first
 * call, so that help needs none.
 */
#pragma once

#include "client/ctl/arguments.h"
#include "client/ctl/ctl-error.h"
#include "client/ctl/style.h"
#include "client/ctl/table.h"

#include <systemd/sd-bus.h>

/* For which calls somebody may be asked for a password, by polkit, where there is somebody. */
typedef enum ContextPrompts {
        CONTEXT_PROMPTS_AWAITED, /* those that are waited for: what was asked for by name */
        CONTEXT_PROMPTS_ALL,     /* also what is sent and answered at any time */
        CONTEXT_PROMPTS_NONE,
} ContextPrompts;

typedef struct Context {
        const Arguments *arguments;
        Style style;
        ContextPrompts prompts; /* to be set before the first call */
        sd_bus *bus;
} Context;

/* A verb returns the status to exit with, having told of every error. */
typedef int (*VerbRun)(Context *context, char **words);

bool context_connect(Context *context, GError **error);

/*
 * Calls of the manager (config NULL) or a config's object. A new message, to be filled and sent; or both in
 * one, the arguments as for sd_bus_message_append(), types being NULL for none. ret_reply may be NULL.
 */
bool context_new_call(Context *context, const char *config, const char *member, sd_bus_message **ret,
                      GError **error);
bool context_send(Context *context, const char *config, sd_bus_message *m, sd_bus_message **ret_reply,
                  GError **error);
bool context_call(Context *context, const char *config, const char *member, sd_bus_message **ret_reply,
                  GError **error, const char *types, ...);
/* All properties of the same objects. */
Document *context_get_properties(Context *context, const char *config, GError **error);
/* The object of a config. */
char *context_config_path(const char *config);
/* The config that an object stands for; NULL where it is none. */
char *context_config_name(const char *object);
/* How this program was called, up to the bus, for advice: "reconfctl", "reconfctl --user", … To be freed. */
char *context_command(const Context *context);

/* What people read at their ease: goes through a pager. Takes the text, or the object. */
void context_show(Context *context, char *text);
void context_show_json(Context *context, Json *json);
/* As either, by mode; the noun is for "3 configs listed.". */
void context_show_table(Context *context, const Table *table, const char *noun);
/* A line on what was done, unless told to be quiet. Takes it, escaped already. */
void context_say(Context *context, char *line);
/* A remark on standard error about a config, unless told to be quiet. */
void context_note(const Context *context, const char *config, const char *text);
/* False where output could not be written. Waits for the pager. */
bool context_finish(Context *context, GError **error);
