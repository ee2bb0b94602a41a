/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Volatile: a place for the state that lasts as long as the process
 *
 * For a state directory that cannot be written. To serve what was kept, and to forget what comes, is better
 * than to leave every program without its configs. A kill leaves the place behind, for the next boot or the
 * cleaning of /tmp to remove.
 */
#pragma once

#include <stdbool.h>

/*
 * Makes a directory for us alone: in $XDG_RUNTIME_DIR, for root else in /run, else in /tmp. It gets a copy
 * of the database at path, as database_files_copy() makes it. Negative errno where there is no place for it.
 */
int volatile_new(const char *path, char **ret, bool *ret_copied, char **ret_loss);
/* Removes it with all that is in it. */
char *volatile_free(char *directory);
