/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the Instance interface, for the files that it is spread over
 */
#pragma once

#include "daemon/method.h"
#include "introspection/names.h"

typedef struct InstancePath {
        char text[sizeof RECONF_INSTANCE_PATH_PREFIX + 1 + INSTANCE_ID_LENGTH];
} InstancePath;

void instance_bus_path(const Instance *instance, InstancePath *ret);

/* True if the call is an instance's own, about itself. */
bool instance_bus_is_own(sd_bus_message *call, const Bus *bus);

/*
 * Answers with those of a config, or of all where it is NULL; with what they said where the caller reaches
 * the config.
 */
int instance_bus_reply_list(Bus *bus, const Config *config, const Caller *caller, sd_bus_message *call,
                            sd_bus_error *error);

/* Handlers, for the table of methods; the first is the manager's. */
MethodHandler instance_bus_method_register, instance_bus_method_renotify, instance_bus_method_report_applied,
                instance_bus_method_unregister;
