/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: who did what
 *
 * What made a version is recorded in the transaction that records the version, so neither is there without
 * the other. The rest has a transaction of its own, of normal durability: a power cut may take the newest
 * entries, and what they are about may be taken with them.
 *
 * Entries outlast the configs that they are about, and go when there are too many. Those of what failed or
 * was denied are counted by themselves, and users share that room: what one could fill it with pushes out
 * his own.
 */
#include "daemon/store/store-internal.h"
#include "daemon/store/version-row.h"

/* The first parameter has index 1, and is whether it failed or was denied. */
static int parameter(AuditColumn column)
{
        return 2 + (int) column;
}

static bool is_refused(const AuditEntry *entry)
{
        return entry->outcome != AUDIT_OK;
}

int audit_add(Store *store, const AuditEntry *entry)
{
        g_autoptr(Statement) add = database_statement(store->database, STATEMENT_ADD_AUDIT);

        (void) sqlite3_bind_int(add, 1, is_refused(entry));
        (void) sqlite3_bind_int64(add, parameter(AUDIT_COLUMN_TIME), (int64_t) entry->time);
        statement_bind_text(add, parameter(AUDIT_COLUMN_ACTION), audit_action_to_string(entry->action));
        statement_bind_text(add, parameter(AUDIT_COLUMN_OUTCOME), audit_outcome_to_string(entry->outcome));
        statement_bind_text(add, parameter(AUDIT_COLUMN_CONFIG), entry->config);
        (void) sqlite3_bind_int64(add, parameter(AUDIT_COLUMN_VERSION), (int64_t) entry->version);
        statement_bind_author(add, parameter(AUDIT_COLUMN_UID), &entry->author);
        statement_bind_text(add, parameter(AUDIT_COLUMN_MESSAGE), entry->message);
        statement_bind_text(add, parameter(AUDIT_COLUMN_ERROR), entry->error);
        return statement_run(add);
}

int audit_prune(Store *store)
{
        g_autoptr(Statement) prune = database_statement(store->database, STATEMENT_PRUNE_AUDIT);

        (void) sqlite3_bind_int(prune, 1, false);
        (void) sqlite3_bind_int64(prune, 2, STORE_MAX_AUDIT);
        return statement_run(prune);
}

static int prune_refused(Store *store)
{
        g_autoptr(Statement) prune = database_statement(store->database, STATEMENT_PRUNE_REFUSED);

        (void) sqlite3_bind_int64(prune, 1, STORE_MAX_AUDIT_REFUSED);
        return statement_run(prune);
}

/* In a transaction. */
static int add_and_prune(Store *store, const AuditEntry *entry)
{
        int r = audit_add(store, entry);

        if (r != SQLITE_OK)
                return r;
        return is_refused(entry) ? prune_refused(store) : audit_prune(store);
}

Failure *store_add_audit(Store *store, const AuditEntry *entry)
{
        int r;

        if (!store_text_is_valid(entry->config) || !store_text_is_valid(entry->author.unit) ||
            !store_text_is_valid(entry->message))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "Name, unit and message of what is recorded must be UTF-8");
        r = database_begin(store->database, DURABILITY_NORMAL);
        if (r == SQLITE_OK)
                r = database_end(store->database, add_and_prune(store, entry));
        return r == SQLITE_OK ? NULL
                              : database_write_failure(store->database, r, "What was done to config '%s'",
                                                       entry->config);
}

static int read_names(Statement *list, AuditEntry *entry)
{
        g_autofree char *action = NULL, *outcome = NULL;
        int r;

        r = statement_read_text(list, AUDIT_COLUMN_ACTION, &action);
        if (r == SQLITE_OK)
                r = statement_read_text(list, AUDIT_COLUMN_OUTCOME, &outcome);
        if (r != SQLITE_OK)
                return r;
        return action && audit_action_from_string(action, &entry->action) && outcome &&
                                               audit_outcome_from_string(outcome, &entry->outcome)
                               ? SQLITE_OK
                               : SQLITE_CORRUPT;
}

/* What was read before an error belongs to the entry all the same. */
static int read_entry(Statement *list, AuditEntry *entry)
{
        int r;

        r = statement_read_count(list, AUDIT_COLUMN_TIME, &entry->time);
        if (r == SQLITE_OK)
                r = statement_read_count(list, AUDIT_COLUMN_VERSION, &entry->version);
        if (r == SQLITE_OK)
                r = read_names(list, entry);
        if (r == SQLITE_OK)
                r = statement_read_text(list, AUDIT_COLUMN_CONFIG, &entry->config);
        if (r == SQLITE_OK && !entry->config)
                r = SQLITE_CORRUPT;
        if (r == SQLITE_OK)
                r = statement_read_author(list, AUDIT_COLUMN_UID, &entry->author);
        if (r == SQLITE_OK)
                r = statement_read_text(list, AUDIT_COLUMN_MESSAGE, &entry->message);
        if (r == SQLITE_OK)
                r = statement_read_text(list, AUDIT_COLUMN_ERROR, &entry->error);
        return r;
}

static void release_entry(void *entry)
{
        audit_entry_free(entry);
}

Failure *store_list_audit(Store *store, const char *config, uint64_t since, unsigned most, GPtrArray **ret)
{
        g_autoptr(Statement) list = database_statement(store->database, STATEMENT_LIST_AUDIT);
        g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(release_entry);
        int r;

        statement_bind_text(list, 1, config);
        (void) sqlite3_bind_int64(list, 2, (int64_t) MIN(since, (uint64_t) INT64_MAX));
        (void) sqlite3_bind_int64(list, 3, most);
        while ((r = sqlite3_step(list)) == SQLITE_ROW) {
                AuditEntry *entry = audit_entry_new();

                g_ptr_array_add(entries, entry);
                r = read_entry(list, entry);
                if (r != SQLITE_OK)
                        break;
        }
        if (r != SQLITE_DONE)
                return database_read_failure(store->database, r, "What was done");
        *ret = g_steal_pointer(&entries);
        return NULL;
}
