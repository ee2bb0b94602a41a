/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the Config interface, for the files that it is spread over
 */
#pragma once

#include "daemon/bus.h"

#define CONFIG_BUS_MAX_REPLY_SIZE (16U * 1024 * 1024)

/* The config of an object path, or NULL. */
Config *config_bus_find(const Bus *bus, const char *path);

/* That of a call whose caller is known by now; it may have gone while he was asked about. */
Failure *config_bus_find_called(sd_bus_message *m, const Bus *bus, Config **ret);

Failure *config_bus_check_loaded(const Config *config);
/* As node_size() counts. */
Failure *config_bus_check_size(uint64_t size);

/* Methods about all versions that are kept. */
int config_bus_method_get_version_history(sd_bus_message *m, void *userdata, sd_bus_error *error);
int config_bus_method_label(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* Methods that compare versions. */
int config_bus_method_diff(sd_bus_message *m, void *userdata, sd_bus_error *error);
int config_bus_method_subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error);
int config_bus_method_unsubscribe(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* Methods about a version that waits to be confirmed. */
int config_bus_method_confirm(sd_bus_message *m, void *userdata, sd_bus_error *error);
int config_bus_method_extend_confirm(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* Methods about what may become a version. */
int config_bus_method_validate(sd_bus_message *m, void *userdata, sd_bus_error *error);
int config_bus_method_add_validator(sd_bus_message *m, void *userdata, sd_bus_error *error);
int config_bus_method_remove_validator(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* FAILURE_BUSY for a validator that would change the config that it is being asked about. */
Failure *config_bus_check_not_asked(const Bus *bus, const Config *config, sd_bus_message *call);
