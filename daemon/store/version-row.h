/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows: versions and layers as they stand in the tables
 *
 * Everything read back is checked, since the file may have been written by anyone who could: numbers within
 * their range, names that this release knows, text that can go on the bus.
 */
#pragma once

#include "daemon/store/database.h"
#include "daemon/store/version.h"

/* A column that holds a number of a version, a time or a size; SQLITE_CORRUPT for anything else. */
int statement_read_count(Statement *statement, int column, uint64_t *ret);
/* A user, (uid_t) -1 for NULL. */
int statement_read_uid(Statement *statement, int column, uid_t *ret);
void statement_bind_uid(Statement *statement, int index, uid_t uid);
/* Three columns, or parameters from index on, that follow each other: uid, pid, unit. Text is borrowed. */
int statement_read_author(Statement *statement, int column, Author *author);
void statement_bind_author(Statement *statement, int index, const Author *author);

/* Columns are those of VersionColumn. What was read before an error belongs to the version all the same. */
int version_row_read(Statement *statement, Version *version);
/*
 * Binds the columns of STATEMENT_ADD_VERSION but for config, number, size and layers; as active, whatever
 * its state. Text is borrowed.
 */
void version_row_bind(Statement *statement, const Version *version);
/* The parameter of STATEMENT_ADD_VERSION that a column is bound to. */
int version_row_parameter(VersionColumn column);

/* Columns are file, format, bytes. *ret is a layer of its own. */
int layer_row_read(Statement *statement, Layer **ret);
int layer_row_bind(Statement *statement, const Layer *layer);

/* False where there is text that would not be read back. */
bool version_row_is_valid(const Version *version);
bool layer_row_is_valid(const Layer *layer);
