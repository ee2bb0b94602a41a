/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schema: the tables of the state database, and every statement that is run on them
 *
 * All SQL of the store stands in schema.c, so that what a new release may not change is seen at one place.
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

/* In the header of the file: whose it is ("Rcnf") and in which form. */
#define SCHEMA_APPLICATION_ID 0x52636e66
#define SCHEMA_VERSION 2

typedef enum StatementId {
        STATEMENT_BEGIN,
        STATEMENT_COMMIT,
        STATEMENT_ROLLBACK,
        STATEMENT_COUNT_CHECKPOINT,
        STATEMENT_FIND_NUMBERS,
        STATEMENT_ADD_CONFIG,
        STATEMENT_RESERVE,
        STATEMENT_RESERVE_ALL,
        STATEMENT_KEEP_NEXT,
        STATEMENT_GIVE_BACK,
        STATEMENT_ADD_LAYER,
        STATEMENT_ADD_VERSION,
        STATEMENT_DEPOSE_ACTIVE,
        STATEMENT_REPLACE_CONTENT,
        STATEMENT_SET_DIGEST,
        STATEMENT_DELETE_LAYERS,
        STATEMENT_DELETE_VERSION,
        STATEMENT_LIST_VERSIONS,
        STATEMENT_LOAD_VERSION,
        STATEMENT_LOAD_LAYERS,
        STATEMENT_LIST_FILES,
        STATEMENT_FIND_ACTIVE,
        STATEMENT_WEIGH_VERSIONS,
        STATEMENT_LIST_LABELLED,
        STATEMENT_SET_LABEL,
        STATEMENT_SAVE_INTENT,
        STATEMENT_DELETE_INTENT,
        STATEMENT_LOAD_INTENT,
        STATEMENT_LOAD_INTENT_AUTHOR,
        STATEMENT_LIST_INTENTS,
        STATEMENT_SAVE_SUSPENDED,
        STATEMENT_LOAD_SUSPENDED,
        STATEMENT_SAVE_REGISTRATION,
        STATEMENT_DELETE_REGISTRATION,
        STATEMENT_LIST_REGISTRATIONS,
        STATEMENT_ADD_AUDIT,
        STATEMENT_PRUNE_AUDIT,
        STATEMENT_PRUNE_REFUSED,
        STATEMENT_LIST_AUDIT,
        STATEMENT_LOAD_EPOCH,
        STATEMENT_RENEW_EPOCH,
        N_STATEMENTS,
} StatementId;

/* Columns of STATEMENT_LIST_VERSIONS and STATEMENT_LOAD_VERSION. */
typedef enum VersionColumn {
        VERSION_COLUMN_NUMBER,
        VERSION_COLUMN_TIME,
        VERSION_COLUMN_ORIGIN,
        VERSION_COLUMN_STATE,
        VERSION_COLUMN_PUBLIC,
        VERSION_COLUMN_UID,
        VERSION_COLUMN_PID,
        VERSION_COLUMN_UNIT,
        VERSION_COLUMN_MESSAGE,
        VERSION_COLUMN_LABEL,
        VERSION_COLUMN_FROM,
        VERSION_COLUMN_SIZE,
        VERSION_COLUMN_DIGEST,
        VERSION_COLUMN_MERGE,
        VERSION_COLUMN_SEPARATOR,
        VERSION_COLUMN_FIRST_LAYER,
        VERSION_COLUMN_LAYERS,
} VersionColumn;

/* Columns of STATEMENT_LIST_AUDIT; its parameters of STATEMENT_ADD_AUDIT follow that of the row's kind. */
typedef enum AuditColumn {
        AUDIT_COLUMN_TIME,
        AUDIT_COLUMN_ACTION,
        AUDIT_COLUMN_OUTCOME,
        AUDIT_COLUMN_CONFIG,
        AUDIT_COLUMN_VERSION,
        AUDIT_COLUMN_UID,
        AUDIT_COLUMN_PID,
        AUDIT_COLUMN_UNIT,
        AUDIT_COLUMN_MESSAGE,
        AUDIT_COLUMN_ERROR,
} AuditColumn;

/* The text of a statement, with its parameters described beside it. */
const char *schema_statement(StatementId id);

/*
 * Finds out whether the database is one that this release can use, writing nothing. SQLITE_OK with
 * *ret_fault NULL: it is, in that form; 0: there is nothing in it yet. SQLITE_OK with *ret_fault set: it is
 * not, and why, to follow "the database". Any other result is an error of reading.
 */
int schema_examine(sqlite3 *connection, int64_t *ret_version, char **ret_fault);

/* Makes the tables and a new epoch, in one transaction. */
int schema_create(sqlite3 *connection);
/* Brings the tables from an earlier form to this release's, in one transaction. */
int schema_upgrade(sqlite3 *connection, int64_t version);
