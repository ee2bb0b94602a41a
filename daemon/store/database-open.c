/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Database: opening it where it is
 *
 * Nothing is changed before it is known whose the file is. The file is made here, not by SQLite, so that its
 * mode does not depend on the umask; SQLite gives the log the same.
 *
 * A database that is there opens on a disk that is full, too: what was kept can still be read.
 */
#include "daemon/store/database-files.h"
#include "daemon/store/database-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long to wait for a daemon that is about to leave; SQLite would wait for some of its locks only. */
#define BUSY_MSEC 3000
#define BUSY_STEP_USEC 5000

/*
 * A transaction larger than the cache keeps its pages in memory until it ends: written early, they would all
 * be read back, since the sums of the log's frames build on each other and the first page changes last.
 */
static const char settings_to_read[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                       "PRAGMA temp_store = MEMORY;"
                                       "PRAGMA mmap_size = 0;"
                                       "PRAGMA cache_size = -256;" /* KiB */
                                       "PRAGMA cache_spill = OFF;"
                                       "PRAGMA cell_size_check = ON;"
                                       "PRAGMA trusted_schema = OFF;";

/*
 * The first transaction, which may make the tables, is synced. Overwrites what is deleted where that takes
 * no extra writes; leaves no long log behind after a large version.
 */
static const char settings_to_write[] = "PRAGMA journal_mode = WAL;"
                                        "PRAGMA synchronous = FULL;"
                                        "PRAGMA secure_delete = FAST;"
                                        "PRAGMA journal_size_limit = 4194304;";

/* *ret_fault is set where something is in the way that is no database. */
static Failure *ensure_file(const char *path, char **ret_fault)
{
        struct stat st;
        int fd;

        if (stat(path, &st) < 0) {
                fd = errno == ENOENT ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600)
                                     : -1;
                if (fd < 0)
                        return failure_new(FAILURE_WRITE_FAILED,
                                           "The state database %s cannot be created: %s", path,
                                           g_strerror(errno));
                (void) close(fd);
                return NULL;
        }

        if (!S_ISREG(st.st_mode))
                *ret_fault = g_strdup("is not a regular file");
        return NULL;
}

Database *database_abandon(Database *database)
{
        (void) sqlite3_db_config(database->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return database_close(database);
}

static int connect_to(Database *database, char **ret_fault)
{
        g_autofree char *mark = database_damage_mark(database->path);
        int64_t version = 0;
        int r;

        r = sqlite3_open_v2(database->path, &database->connection,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        if (r != SQLITE_OK)
                return r;
        if (sqlite3_db_readonly(database->connection, "main") == 1)
                return SQLITE_READONLY;

        (void) sqlite3_extended_result_codes(database->connection, 1);
        (void) sqlite3_db_config(database->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void) sqlite3_db_config(database->connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        (void) sqlite3_db_config(database->connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);

        r = sqlite3_exec(database->connection, settings_to_read, NULL, NULL, NULL);
        if (r == SQLITE_OK)
                r = schema_examine(database->connection, &version, ret_fault);
        if (r != SQLITE_OK || *ret_fault)
                return r;
        /* The mark on a fresh one is that of its predecessor, left by a kill between renaming and removing.
         */
        if (version == 0) {
                (void) unlink(mark);
        } else if (access(mark, F_OK) == 0) {
                *ret_fault = g_strdup(DATABASE_WAS_DAMAGED);
                return SQLITE_OK;
        }

        r = sqlite3_exec(database->connection, settings_to_write, NULL, NULL, NULL);
        database->durability = DURABILITY_FULL;
        if (r == SQLITE_OK && version == 0)
                r = schema_create(database->connection);
        else if (r == SQLITE_OK)
                r = schema_upgrade(database->connection, version);
        if ((r & 0xff) == SQLITE_ERROR && version > 0) {
                *ret_fault = g_strdup("is damaged (its tables are not of the form that it says)");
                return SQLITE_OK;
        }
        if (r != SQLITE_OK)
                return r;

        r = database_prepare(database);
        if ((r & 0xff) == SQLITE_ERROR) {
                *ret_fault = g_strdup_printf("is damaged (%s)", sqlite3_errmsg(database->connection));
                return SQLITE_OK;
        }
        return r;
}

static Failure *describe_failure(const Database *database, int result)
{
        g_autofree char *why = NULL;

        switch (result & 0xff) {
        case SQLITE_BUSY:
                return database_files_busy(database->path);
        case SQLITE_READONLY:
                return failure_new(
                                FAILURE_WRITE_FAILED,
                                "The state database %s is read-only; it must be writable to keep versions",
                                database->path);
        default:
                why = database_describe(database->connection, result);
                return failure_new(FAILURE_WRITE_FAILED, "The state database %s cannot be opened: %s",
                                   database->path, why);
        }
}

static Database *new_database(const char *path)
{
        Database *database = g_new0(Database, 1);

        database->path = g_strdup(path);
        g_mutex_init(&database->lock);
        g_cond_init(&database->written_back);
        return database;
}

Failure *database_try_open(const char *path, Database **ret, char **ret_fault)
{
        gint64 until = g_get_monotonic_time() + BUSY_MSEC * 1000;
        Database *database;
        Failure *failure;
        int r;

        failure = ensure_file(path, ret_fault);
        if (failure || *ret_fault)
                return failure;

        database = new_database(path);
        while (((r = connect_to(database, ret_fault)) & 0xff) == SQLITE_BUSY &&
               g_get_monotonic_time() < until) {
                database_abandon(database);
                g_usleep(BUSY_STEP_USEC);
                database = new_database(path);
        }
        if (result_is_damage(r)) {
                *ret_fault = g_strdup_printf("is damaged (%s)", sqlite3_errstr(r & 0xff));
                r = SQLITE_OK;
        }
        if (r == SQLITE_OK && !*ret_fault) {
                *ret = database;
                return NULL;
        }

        if (r != SQLITE_OK)
                failure = describe_failure(database, r);
        database_abandon(database);
        return failure;
}
