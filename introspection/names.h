/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names that cross a process boundary
 *
 * Every bus name, object path, interface, error name, environment variable and message id that another
 * program may come to rely on stands here and nowhere else, so that what is promised can be read in one
 * place.
 */
#pragma once

#define RECONF_BUS_NAME "org.reconf.Reconf1"

#define RECONF_MANAGER_PATH "/org/reconf/Reconf1"
/* A config's object is this prefix, a slash, and its name as sd_bus_path_encode() writes it. */
#define RECONF_CONFIG_PATH_PREFIX "/org/reconf/Reconf1/config"

/* An instance's object is this prefix, a slash, and its id. */
#define RECONF_INSTANCE_PATH_PREFIX "/org/reconf/Reconf1/instance"

#define RECONF_MANAGER_INTERFACE "org.reconf.Reconf1.Manager"
#define RECONF_CONFIG_INTERFACE "org.reconf.Reconf1.Config"
#define RECONF_INSTANCE_INTERFACE "org.reconf.Reconf1.Instance"
#define RECONF_INSTANCE_INTERFACE "org.reconf.Reconf1.Instance"
#define RECONF_VALIDATOR_INTERFACE "org.reconf.Reconf1.Validator" /* exported by clients */

#define RECONF_ERROR_PREFIX "org.reconf.Reconf1.Error."

/* Overrides [Reconf] Environment= of reconf.conf. */
#define RECONF_ENV_ENVIRONMENT "RECONF_ENVIRONMENT"

/* What "reconfctl run" tells its program: the config, and the version active when it was started. */
#define RECONF_ENV_CONFIG "RECONF_CONFIG"
#define RECONF_ENV_VERSION "RECONF_VERSION"

/* What the GSettings backend reads: configs, and the paths of the keys that they hold. */
#define RECONF_ENV_GSETTINGS "RECONF_GSETTINGS"
