/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing all of it: what write() takes in parts, or after a signal, too
 */
#pragma once

#include <glib.h>
#include <stddef.h>

/* Writes where the descriptor stands; negative errno, after which some of it may have been written. */
int write_all(int fd, const char *data, size_t length);
int write_all_bytes(int fd, GBytes *bytes);
