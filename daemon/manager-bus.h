/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handlers of org.reconf.Reconf1.Manager, for the table of methods
 */
#pragma once

#include "daemon/method.h"

MethodHandler manager_bus_method_get_config, manager_bus_method_get_config_by_file,
                manager_bus_method_get_statistics, manager_bus_method_get_version_history,
                manager_bus_method_list_configs, manager_bus_method_list_instances,
                manager_bus_method_register_config, manager_bus_method_register_directory,
                manager_bus_method_reload, manager_bus_method_rollback, manager_bus_method_set_hot_reload,
                manager_bus_method_unregister_config;
