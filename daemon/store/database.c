/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Database: one SQLite file in write-ahead mode, for one process, and one thread at a time
 *
 * Full durability is a switch of `synchronous` around the transaction: with FULL, SQLite syncs the log after
 * the commit, and with it every commit before that one. SQLite refuses the switch inside a transaction, so
 * it is done before and after.
 *
 * The log is written back by database_run_checkpoint() only: SQLite's own way does it inside whichever
 * commit passes the limit. Our hook, which takes its place, just notes how long the log is. The connection
 * is used without SQLite's own locks: asking for a statement, as every use begins, is what waits for a
 * checkpoint.
 */
#include "daemon/store/database-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

static int note_log(void *userdata, sqlite3 *connection, const char *name, int pages)
{
        Database *database = userdata;

        database->log_pages = pages;
        return SQLITE_OK;
}

int database_prepare(Database *database)
{
        for (size_t i = 0; i < N_STATEMENTS; i++) {
                int r;

                r = sqlite3_prepare_v3(database->connection, schema_statement(i), -1,
                                       SQLITE_PREPARE_PERSISTENT, &database->statements[i], NULL);
                if (r != SQLITE_OK)
                        return r;
        }
        (void) sqlite3_wal_hook(database->connection, note_log, database);
        return SQLITE_OK;
}

Database *database_close(Database *database)
{
        if (!database)
                return NULL;

        for (size_t i = 0; i < N_STATEMENTS; i++)
                (void) sqlite3_finalize(database->statements[i]);
        /* Writes the log back and removes it, unless that is switched off. */
        (void) sqlite3_close(database->connection);
        g_mutex_clear(&database->lock);
        g_cond_clear(&database->written_back);
        g_free(database->path);
        g_free(database);
        return NULL;
}

Statement *database_statement(Database *database, StatementId id)
{
        g_mutex_lock(&database->lock);
        while (database->writing_back)
                g_cond_wait(&database->written_back, &database->lock);
        g_mutex_unlock(&database->lock);
        return database->statements[id];
}

void statement_release(Statement *statement)
{
        (void) sqlite3_reset(statement);
        (void) sqlite3_clear_bindings(statement);
}

void statement_bind_text(Statement *statement, int index, const char *text)
{
        (void) sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

int statement_run(Statement *statement)
{
        int r;

        r = sqlite3_step(statement);
        return r == SQLITE_DONE ? SQLITE_OK : r;
}

int statement_read_text(Statement *statement, int column, char **ret)
{
        const char *text;
        int length;

        *ret = NULL;
        if (sqlite3_column_type(statement, column) == SQLITE_NULL)
                return SQLITE_OK;

        text = (const char *) sqlite3_column_text(statement, column);
        length = sqlite3_column_bytes(statement, column);
        /* Refuses a NUL inside, too. */
        if (!text || !g_utf8_validate_len(text, length, NULL))
                return SQLITE_CORRUPT;

        *ret = g_strndup(text, length);
        return SQLITE_OK;
}

int64_t database_last_id(const Database *database)
{
        return sqlite3_last_insert_rowid(database->connection);
}

int database_changed(const Database *database)
{
        return sqlite3_changes(database->connection);
}

static int set_durability(Database *database, Durability durability)
{
        static const char *const pragmas[] = {
                [DURABILITY_NORMAL] = "PRAGMA synchronous = NORMAL",
                [DURABILITY_FULL] = "PRAGMA synchronous = FULL",
        };
        int r;

        if (database->durability == durability)
                return SQLITE_OK;

        r = sqlite3_exec(database->connection, pragmas[durability], NULL, NULL, NULL);
        if (r == SQLITE_OK)
                database->durability = durability;
        return r;
}

int database_begin(Database *database, Durability durability)
{
        g_autoptr(Statement) begin = database_statement(database, STATEMENT_BEGIN);
        int r;

        r = set_durability(database, durability);
        return r == SQLITE_OK ? statement_run(begin) : r;
}

int database_end(Database *database, int result)
{
        if (result == SQLITE_OK) {
                g_autoptr(Statement) commit = database_statement(database, STATEMENT_COMMIT);

                result = statement_run(commit);
        }

        /* Some errors undo the transaction by themselves. */
        if (result != SQLITE_OK && !sqlite3_get_autocommit(database->connection)) {
                g_autoptr(Statement) rollback = database_statement(database, STATEMENT_ROLLBACK);

                (void) statement_run(rollback);
        }

        /* Back at once, so that the next ordinary version need not wait for it. */
        (void) set_durability(database, DURABILITY_NORMAL);
        return result;
}

bool database_begin_checkpoint(Database *database)
{
        if (database->log_pages < DATABASE_CHECKPOINT_PAGES)
                return false;

        g_mutex_lock(&database->lock);
        database->writing_back = true;
        g_mutex_unlock(&database->lock);
        return true;
}

static int write_back(Database *database)
{
        g_autoptr(Statement) count = database->statements[STATEMENT_COUNT_CHECKPOINT];
        int r, pages, written;

        r = sqlite3_wal_checkpoint_v2(database->connection, "main", SQLITE_CHECKPOINT_PASSIVE, &pages,
                                      &written);
        if (r != SQLITE_OK)
                return r;

        /* The first to write after this begins the log anew and syncs its header: not the next version. */
        return statement_run(count);
}

int database_run_checkpoint(Database *database)
{
        int r = write_back(database);

        g_mutex_lock(&database->lock);
        database->writing_back = false;
        g_cond_signal(&database->written_back);
        g_mutex_unlock(&database->lock);
        return r;
}

bool result_is_damage(int result)
{
        return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
}

char *database_damage_mark(const char *path)
{
        return g_strconcat(path, ".damaged", NULL);
}

bool database_is_damaged(const Database *database)
{
        return database->damaged;
}

static void remember_damage(Database *database)
{
        g_autofree char *mark = database_damage_mark(database->path);
        int fd;

        database->damaged = true;

        /* What else could be done if this fails? The next to read the place will try again. */
        fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
        if (fd >= 0)
                (void) close(fd);
}

char *database_describe(sqlite3 *connection, int result)
{
        int number = connection ? sqlite3_system_errno(connection) : 0;

        switch (result & 0xff) {
        case SQLITE_FULL:
                return g_strdup("the disk is full; free some space");
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
                if (number != 0)
                        return g_strdup_printf("%s (%s)", sqlite3_errstr(result & 0xff), g_strerror(number));
                break;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return g_strdup("it is damaged, and will be set aside at the next start of reconfd");
        default:
                break;
        }
        return g_strdup(sqlite3_errstr(result & 0xff));
}

static Failure *new_failure(Database *database, FailureCode code, int result, const char *what,
                            const char *verb)
{
        g_autofree char *why = database_describe(database->connection, result);

        if (result_is_damage(result))
                remember_damage(database);
        return failure_new(code, "%s could not be %s the state database %s: %s", what, verb, database->path,
                           why);
}

Failure *database_write_failure(Database *database, int result, const char *format, ...)
{
        g_autofree char *what = NULL;
        va_list arguments;

        va_start(arguments, format);
        what = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return new_failure(database, FAILURE_WRITE_FAILED, result, what, "recorded in");
}

Failure *database_read_failure(Database *database, int result, const char *format, ...)
{
        g_autofree char *what = NULL;
        va_list arguments;

        va_start(arguments, format);
        what = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return new_failure(database, FAILURE_FILE_UNREADABLE, result, what, "read from");
}
