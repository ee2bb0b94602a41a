/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options in bus messages
 */
#pragma once

#include "daemon/options.h"

#include <systemd/sd-bus.h>

/*
 * Reads an a{sv} of basic values and lists of strings. A value of any other type is kept as its type's name
 * would be refused: as FAILURE_INVALID_ARGUMENT.
 */
Failure *options_bus_read(sd_bus_message *m, GVariant **ret);
/*
 * The same, where only these are known: pairs of a name and a type, and NULL. Any other is
 * FAILURE_INVALID_ARGUMENT.
 */
Failure *options_bus_read_known(sd_bus_message *m, const char *const *known, GVariant **ret);
/* Appends all that have a value, as an a{sv}. */
int options_bus_append(sd_bus_message *m, const Options *options);
