/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words of the command line, to values
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A version's number; "0" and "active" are 0. False where the word is none of these. */
bool parse_version(const char *text, uint64_t *ret);
/*
 * The absolute path of a file as it was given. Links stay, since they are watched, too; ".." goes the way
 * that the kernel would go.
 */
char *parse_file(const char *text, GError **error);
/* The same for a file of another machine, where nothing is known but what is said. */
char *parse_remote_file(const char *text, GError **error);
