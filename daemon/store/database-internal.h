/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Database: what its two halves (using it, opening it) share
 */
#pragma once

#include "daemon/store/database.h"

struct Database {
        sqlite3 *connection;
        char *path;
        Durability durability; /* as `synchronous` stands */
        bool damaged;          /* a failure told so */
        int log_pages;         /* in the log, not yet written back */
        sqlite3_stmt *statements[N_STATEMENTS];
};

/* Prepares all statements; fails where the tables are not those that they are for. */
int database_prepare(Database *database);

/* True for results that tell of a file that is not what it should be, rather than of one out of reach. */
bool result_is_damage(int result);
/* The name of the file that remembers damage. */
char *database_damage_mark(const char *path);
/* A result in words, with what to do about it. connection may be NULL. */
char *database_describe(sqlite3 *connection, int result);
