/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Database: one SQLite file in write-ahead mode, for one process, and one thread at a time
 *
 * Opens it, setting aside what cannot be used; keeps every statement prepared; runs transactions in one of
 * two durabilities; turns SQLite's results into failures. Results are SQLite's, SQLITE_OK being success.
 *
 * The lock is held from opening to closing, so there is one daemon a database, no shared-memory file, and no
 * system call for locking in a transaction.
 *
 * Damage that shows only while in use cannot be mended there: what is in memory rests on numbers of this
 * database. It is remembered in a file beside it (NAME.damaged), and the next opening sets the database
 * aside.
 */
#pragma once

#include "daemon/model/failure.h"
#include "daemon/store/schema.h"

#include <stdbool.h>

#define DATABASE_FILE "state.db"

/* Pages of 4 KiB in the log from which on database_checkpoint() writes it back. */
#define DATABASE_CHECKPOINT_PAGES 512

typedef enum Durability {
        DURABILITY_NORMAL, /* holds over the death of the process; a power cut may undo it, newest first */
        DURABILITY_FULL,   /* on disk, with all that came before it, once it is committed */
} Durability;

typedef struct Database Database;

/* A prepared statement, borrowed: leaving its scope makes it ready for the next use. */
typedef sqlite3_stmt Statement;

/* As store_open(), but looks at no table that is not checked, and knows no other place than this directory.
 */
Failure *database_open(const char *directory, Database **ret, char **ret_set_aside);
/*
 * Only where there is one that can be used as it is: none is made, and none set aside. *ret is NULL where
 * there is none, or nothing in it yet.
 */
Failure *database_open_existing(const char *directory, Database **ret);
/*
 * Sets the database aside for a reason ("is damaged") that follows its name, and puts an empty one in its
 * place. On failure *database is NULL.
 */
Failure *database_renew(Database **database, const char *reason, char **ret_set_aside);
Database *database_close(Database *database);
/* For a copy, whose numbers may come to differ from those of the other one. */
Failure *database_renew_epoch(Database *database);

Statement *database_statement(Database *database, StatementId id);
void statement_release(Statement *statement);
/* Text is borrowed until the statement is released; NULL stands for none. */
void statement_bind_text(Statement *statement, int index, const char *text);
/* Runs a statement that has no rows. */
int statement_run(Statement *statement);
/* Text that is UTF-8 and has no NUL in it, or NULL for none; anything else is SQLITE_CORRUPT. */
int statement_read_text(Statement *statement, int column, char **ret);

/* Of the statement that was run last: the id of the row it added, the number of rows it changed. */
int64_t database_last_id(const Database *database);
int database_changed(const Database *database);

/* Transactions do not nest. */
int database_begin(Database *database, Durability durability);
/* Commits if the result of what was done is SQLITE_OK, else undoes it. Returns what became of it. */
int database_end(Database *database, int result);

/*
 * Writes the log back into the database, which waits for the disk up to three times: true where the log has
 * grown to DATABASE_CHECKPOINT_PAGES, and then database_run_checkpoint() is to follow, on any thread. Until
 * that is done every other use of the database waits for it.
 */
bool database_begin_checkpoint(Database *database);
int database_run_checkpoint(Database *database);

/* What could not be recorded or read, as the beginning of a sentence: "The intent of config 'x'". */
Failure *database_write_failure(Database *database, int result, const char *format, ...) G_GNUC_PRINTF(3, 4);
Failure *database_read_failure(Database *database, int result, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* True once a failure told of damage. */
bool database_is_damaged(const Database *database);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Database, database_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Statement, statement_release)
