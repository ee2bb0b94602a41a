/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors of reconfctl, and what it exits with
 *
 * The code of an error is the status to exit with, so that a script learns from it what a person reads in
 * the message. A message says what is wrong and, where something can be done about it, what.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

/* These numbers are in the help text and the manual: scripts rely on them. */
typedef enum CtlExit {
        CTL_EXIT_SUCCESS = 0,
        CTL_EXIT_FAILURE = 1,
        CTL_EXIT_USAGE = 2,
        CTL_EXIT_NOT_FOUND = 3,
        CTL_EXIT_ACCESS_DENIED = 4,
        CTL_EXIT_BAD_FILE = 5,
        CTL_EXIT_UNREACHABLE = 6,
        CTL_EXIT_WENT_BACK = 7,
} CtlExit;

#define CTL_ERROR (ctl_error_quark())
GQuark ctl_error_quark(void);

/* Sets an error from what a call was answered with, or from a negative errno where it was not. subject may
 * be NULL. */
void ctl_error_set_bus(GError **error, const char *subject, const sd_bus_error *bus_error, int r);
/* True if r is not negative; sets an error that the service's answer cannot be understood otherwise. */
bool ctl_error_check_answer(int r, GError **error);
/* Likewise where a message to the service cannot be put together. */
bool ctl_error_check_request(int r, GError **error);
/* Writes the message to standard error and returns the status. Takes the error. */
int ctl_error_report(GError *error);
