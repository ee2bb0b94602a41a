/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failures on the bus: errors by name, and lists of problems
 */
#pragma once

#include "daemon/model/failure.h"

#include <systemd/sd-bus.h>

/* Sets the error that the failure is; returns a negative errno, as a method's handler does on errors. */
int failure_bus_set_error(sd_bus_error *error, const Failure *failure);
/* The same for a handler that owns the failure: frees it. */
int failure_bus_take_error(sd_bus_error *error, Failure *failure);
/* Answers a call with it. */
int failure_bus_reply(sd_bus_message *call, const Failure *failure);
/* Answers a call with what its handler returned and set as error, as sd-bus does; frees the error. */
int failure_bus_finish(sd_bus_message *call, sd_bus_error *error, int r);
/* Appends a(suus); NULL is an empty list. */
int failure_bus_append_problems(sd_bus_message *m, const Failure *failure);
