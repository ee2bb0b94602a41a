/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Database files: a database and what SQLite keeps beside it, as one thing
 *
 * For databases that are not open. The log belongs to its database: alone, either may be damage or loss.
 */
#pragma once

#include "daemon/model/failure.h"

#include <stdbool.h>

/* As SQLite names them, ending with NULL; the database itself comes last. */
extern const char *const database_suffixes[];

bool database_files_exist(const char *path);
/* Negative errno where it cannot; all is where it was, then. */
int database_files_move(const char *from, const char *to);
void database_files_remove(const char *path);

/*
 * Makes a synced copy for us alone; what was there is removed. *ret_copied is false where there is nothing
 * in it. *ret_loss is set where it cannot be read, to follow "the database"; there is no copy then, either.
 * Negative errno where the copy cannot be written; -EBUSY: another process has the database open.
 */
int database_files_copy(const char *from, const char *to, bool *ret_copied, char **ret_loss);

/* That another process has it open. */
Failure *database_files_busy(const char *path);
