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
#define RECONF_VALIDATOR_INTERFACE "org.reconf.Reconf1.Validator" /* exported by clients */

#define RECONF_ERROR_PREFIX "org.reconf.Reconf1.Error."

/* polkit's actions; data/system/org.reconf.Reconf1.policy explains them. */
#define RECONF_ACTION_READ "org.reconf.Reconf1.read"
#define RECONF_ACTION_EDIT "org.reconf.Reconf1.edit"
#define RECONF_ACTION_REGISTER "org.reconf.Reconf1.register"

/* Overrides [Reconf] Environment= of reconf.conf. */
#define RECONF_ENV_ENVIRONMENT "RECONF_ENVIRONMENT"

/* What "reconfctl run" tells its program: the config, and the version active when it was started. */
#define RECONF_ENV_CONFIG "RECONF_CONFIG"
#define RECONF_ENV_VERSION "RECONF_VERSION"

/* What the GSettings backend reads: configs, and the paths of the keys that they hold. */
#define RECONF_ENV_GSETTINGS "RECONF_GSETTINGS"

/* MESSAGE_ID in the journal, of what was done; data/system/reconf.catalog explains them. */
#define RECONF_MESSAGE_CHANGED "ffb52a3bc56a47a580c0c89f12d96826"
#define RECONF_MESSAGE_RELOADED "c4d58ee41e154a8dbfcfbb12353fdf4e"
#define RECONF_MESSAGE_APPLIED "b306ae6352d249778e9f392b9fbdb23a"
#define RECONF_MESSAGE_ROLLED_BACK "23f1e01241de4173ab4cf91056b280e3"
#define RECONF_MESSAGE_RETURNED "8788c251604d46b792f47696fccdb218"
#define RECONF_MESSAGE_REVERTED "996d24e8ce1e49b4b30165fba3b7553f"
#define RECONF_MESSAGE_CONFIRMED "c46765e183f34110adc83551a662058d"
#define RECONF_MESSAGE_EXTENDED "be2991fc0fc04a07a7c936a576fa493b"
#define RECONF_MESSAGE_LABELLED "2fb04962468640b1a7151ec340e78d3f"
#define RECONF_MESSAGE_REGISTERED "961d2f468e2f45d28a542fe17feaf4a3"
#define RECONF_MESSAGE_UNREGISTERED "9cb6ddfb8b3b458ea4ca6df8d22bf03b"
#define RECONF_MESSAGE_FILES_SET "f4f5ba9d4c694bba8d0a6fdb63731995"
#define RECONF_MESSAGE_HOT_RELOAD_SET "b5855ffd6654438ca5fb38e9cf03dac0"
#define RECONF_MESSAGE_FAILED "88a35f2cf8c043da987718ad90a2fce1"
#define RECONF_MESSAGE_DENIED "8ffe0f61b24c4d6183b5bf920777f862"
#define RECONF_MESSAGE_FOLDED "5a7396cfcd6548c68cc9b4d81773222c"
