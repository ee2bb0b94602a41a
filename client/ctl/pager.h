/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pager: standard output, a screen at a time
 *
 * Takes standard output's place where that is a terminal: $RECONF_PAGER, $SYSTEMD_PAGER, $PAGER, or less.
 * Where somebody has this program run with more rights than his own (sudo, pkexec), only less is used, told
 * to let nobody out of it.
 */
#pragma once

#include <stdbool.h>

/* Starts one. True if output goes through it from now on. */
bool pager_open(void);
/* Ends standard output and waits for the reader to leave. False where none was opened. */
bool pager_close(void);
