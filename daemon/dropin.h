/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drop-ins: configs that files name
 *
 * configs.d/NAME.conf names one config, or a directory of configs. Directories rank as those of systemd's
 * units do: of two files of one name the one in the more important directory counts alone, and one that is
 * empty or a link to /dev/null masks the others.
 */
#pragma once

#include "daemon/config-commands.h"
#include "daemon/options.h"
#include "daemon/settings.h"

typedef struct Dropin {
        char *name;
        char *path;      /* of the drop-in itself */
        char **files;    /* empty for a directory */
        char *directory; /* or NULL */
        char *pattern;
        Options *options;
        ConfigCommands *commands; /* or NULL */
        Failure *failure;         /* why it is no good; then what it would set is not to be looked at */
} Dropin;

Dropin *dropin_free(Dropin *dropin);
/* The directories to watch, most important first; NULL-terminated. */
char **dropin_directories(const Settings *settings);
/* All that count, of Dropin, sorted by name. Masked ones are left out. */
GPtrArray *dropin_list(const Settings *settings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dropin, dropin_free)
