/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings: what the daemon itself is told at its start
 *
 * reconf.conf is a key file; the first that exists counts: for the system /etc/reconf, /run/reconf and
 * /usr/lib/reconf, for a user $XDG_CONFIG_HOME/reconf and /etc/xdg/reconf.
 */
#pragma once

#include "daemon/model/failure.h"

#include <stdbool.h>

typedef enum Scope {
        SCOPE_SYSTEM, /* on the system bus, for all users */
        SCOPE_USER,   /* on the session bus, for the user it runs as */
} Scope;

typedef struct Settings {
        Scope scope;
        char *state_directory;
        char **directories; /* where reconf.conf and configs.d/ are looked for, most important first */
        char *environment;  /* "" where none is set */
        bool hot_reload;
        unsigned suspend_after;       /* so many returns by itself … */
        uint64_t suspend_within_usec; /* … within this time suspend a config */
        uint64_t idle_usec;           /* how long to stay when nothing needs the daemon */
} Settings;

/* Defaults, what reconf.conf says over them, and the environment variable over both. */
Failure *settings_load(Scope scope, Settings **ret);
Settings *settings_free(Settings *settings);

/* The environment for %e, and a percent sign for %%. */
Failure *settings_expand(const Settings *settings, const char *text, char **ret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)
