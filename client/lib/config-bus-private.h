/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a config's side of the service
 */
#pragma once

#include "client/lib/client-private.h"

/* In the thread-default context. All is copied; files may be NULL, and paths. */
ConfigBus *config_bus_new(ReconfClient *client, const char *name, const char *object, char *const *files,
                          GVariant *options, char *const *paths);
/* Subscribes, and takes the first snapshot. The config, which has taken a reference to bus. */
ReconfConfig *config_bus_start_sync(ConfigBus *bus, GCancellable *cancellable, GError **error);
/* The same; the task returns the config. Does not take it. */
void config_bus_start(ConfigBus *bus, GTask *task);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigBus, config_bus_unref)
