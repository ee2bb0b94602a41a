/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Database: what its parts (using it, opening it, replacing it) share
 */
#pragma once

#include "daemon/store/database.h"

/* What the mark of damage says, to follow "the database". */
#define DATABASE_WAS_DAMAGED "was found damaged when it was last used"

struct Database {
        sqlite3 *connection;
        char *path;
        Durability durability; /* as `synchronous` stands */
        bool damaged;          /* a failure told so */
        int log_pages;         /* in the log, not yet written back */
        sqlite3_stmt *statements[N_STATEMENTS];

        GMutex lock; /* guards what is below */
        GCond written_back;
        bool writing_back; /* whoever does it has the connection for himself */
};

/* Opens it as it is. Without a failure, either *ret is set or *ret_fault, which follows "the database". */
Failure *database_try_open(const char *path, Database **ret, char **ret_fault);
/* Closes, leaving nothing of its own in a file that is about to be set aside. */
Database *database_abandon(Database *database);

/* Prepares all statements; fails where the tables are not those that they are for. */
int database_prepare(Database *database);

/* True for results that tell of a file that is not what it should be, rather than of one out of reach. */
bool result_is_damage(int result);
/* The name of the file that remembers damage. */
char *database_damage_mark(const char *path);
/* A result in words, with what to do about it. connection may be NULL. */
char *database_describe(sqlite3 *connection, int result);
