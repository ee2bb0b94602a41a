/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Config list: what the manager says of all configs
 */
#pragma once

#include "client/ctl/context.h"

typedef struct ListedConfig {
        char *name;
        char *object;
        char *file; /* the first */
        char *state;
        uint64_t version;
} ListedConfig;

/* Of ListedConfig, in order of names. */
GPtrArray *config_list_get(Context *context, GError **error);
/* How a state is to be shown. */
Accent config_state_accent(const char *state);
