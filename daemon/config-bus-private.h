/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the Config interface, for the files that it is spread over
 */
#pragma once

#include "daemon/method.h"

#define CONFIG_BUS_MAX_REPLY_SIZE (16U * 1024 * 1024)

/* The config of an object path, or NULL. */
Config *config_bus_find(const Bus *bus, const char *path);

/* That of a call, which may have gone while its caller was asked about; the second: which has a version. */
Failure *config_bus_find_called(sd_bus_message *m, const Bus *bus, Config **ret);
Failure *config_bus_find_loaded(sd_bus_message *m, const Bus *bus, Config **ret);

/* As node_size() counts. */
Failure *config_bus_check_size(uint64_t size);
/* Of a list of configs, about. */
Failure *config_bus_check_list(uint64_t size);

/* What Manager has by name: the history, with digests and messages as far as the caller reaches. */
int config_bus_reply_history(Bus *bus, Config *config, const Caller *caller, sd_bus_message *call,
                             sd_bus_error *error);

/* Handlers, for the table of methods. */
MethodHandler config_bus_method_add_validator, config_bus_method_confirm, config_bus_method_diff,
                config_bus_method_extend_confirm, config_bus_method_get, config_bus_method_get_all,
                config_bus_method_get_problems, config_bus_method_get_snapshot,
                config_bus_method_get_statistics, config_bus_method_get_version_history,
                config_bus_method_label, config_bus_method_list_instances, config_bus_method_reload,
                config_bus_method_remove_validator, config_bus_method_rollback, config_bus_method_set_files,
                config_bus_method_set_hot_reload, config_bus_method_subscribe, config_bus_method_unsubscribe,
                config_bus_method_validate;

/* FAILURE_BUSY for a validator that would change the config that it is being asked about. */
Failure *config_bus_check_not_asked(const Bus *bus, const Config *config, sd_bus_message *call);
