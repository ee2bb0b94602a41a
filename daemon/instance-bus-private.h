/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the Instance interface, for the files that it is spread over
 */
#pragma once

#include "daemon/bus.h"
#include "daemon/caller.h"
#include "introspection/names.h"

typedef struct InstancePath {
        char text[sizeof RECONF_INSTANCE_PATH_PREFIX + 1 + INSTANCE_ID_LENGTH];
} InstancePath;

void instance_bus_path(const Instance *instance, InstancePath *ret);

/* Whether somebody may know what is said about a config. */
bool instance_bus_may_read(const Bus *bus, const Credentials *credentials, const Config *config);
/* Answers with those of a config, or of all where it is NULL. */
int instance_bus_reply_list(Bus *bus, const Config *config, const Caller *caller, sd_bus_message *call,
                            sd_bus_error *error);
/* Of the manager. */
int instance_bus_method_register(sd_bus_message *m, void *userdata, sd_bus_error *error);
