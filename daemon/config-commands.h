/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands: the programs that a config's drop-in names
 *
 * [Decode] Command= turns a format that Reconf does not know into JSON, [Validate] Command= looks at a
 * candidate and rejects it by its exit status, [Apply] ReloadUnit= is the unit that a new version is for. No
 * client on the bus can set any of them. A set of commands never changes and may be read from any thread.
 */
#pragma once

#include "daemon/settings.h"

/* What all commands of one load may take together, in seconds. */
#define CONFIG_COMMANDS_MAX_SEC 10U

/* What a unit is asked to do about a new version; of two, the later does what the one before it is for. */
typedef enum ReloadMode {
        RELOAD_MODE_RELOAD,
        RELOAD_MODE_RELOAD_OR_RESTART, /* the second where it cannot do the first */
        RELOAD_MODE_RESTART,
        N_RELOAD_MODES,
} ReloadMode;

typedef struct ConfigCommands {
        Scope scope;         /* whose service manager runs them */
        char **decode;       /* words, the program's absolute path first; NULL where there is none */
        char **validate;     /* likewise */
        unsigned decode_sec; /* for all files together */
        unsigned validate_sec;
        char *unit; /* a service, with %i for the member of a directory; NULL where there is none */
        ReloadMode reload_mode;
} ConfigCommands;

/* None yet; whoever makes it sets the rest, and nobody else does. */
ConfigCommands *config_commands_new(Scope scope);
/* Both take and return NULL. */
ConfigCommands *config_commands_ref(ConfigCommands *commands);
ConfigCommands *config_commands_unref(ConfigCommands *commands);
/* NULL equals NULL only. */
bool config_commands_equal(const ConfigCommands *a, const ConfigCommands *b);

/* The words to run, with path for %f and a percent sign for %%. */
char **config_commands_expand(char *const *words, const char *path);
/* The unit of the config of that name, with what follows the name's '@' for %i; NULL where there is none,
 * or no commands. */
char *config_commands_unit(const ConfigCommands *commands, const char *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigCommands, config_commands_unref)
