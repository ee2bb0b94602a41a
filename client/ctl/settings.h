/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings: the options of a registration, from the command line to the bus
 *
 * Only names and types are known here; what values are allowed, the service decides.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Names in order; NULL behind the last. */
const char *settings_name(size_t index);

/* "on", "yes", "true", "1", and their opposites; false for anything else. */
bool settings_parse_boolean(const char *text, bool *ret);

/* Checks one "KEY=VALUE". */
bool settings_check(const char *setting, GError **error);
/* Appends an a{sv} of checked "KEY=VALUE"; of one key given several times, the last counts. */
int settings_append(sd_bus_message *m, const GPtrArray *settings);
