/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Database: opening it, or another in its place
 *
 * Nothing is changed before it is known whose the file is. The file is made here, not by SQLite, so that its
 * mode does not depend on the umask; SQLite gives the log the same.
 *
 * A database that is there opens on a disk that is full, too: what was kept can still be read.
 */
#include "daemon/store/database-internal.h"
#include "daemon/store/set-aside.h"

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

        if (!S_ISREG(st.st_mode)) {
                *ret_fault = g_strdup("is not a regular file");
                return NULL;
        }
        if ((st.st_mode & 077) != 0 && chmod(path, 0600) < 0)
                return failure_new(
                                FAILURE_WRITE_FAILED,
                                "The state database %s can be read by others, and its mode not changed: %s",
                                path, g_strerror(errno));
        return NULL;
}

/* Leaves nothing of its own in a file that is about to be set aside. */
static Database *abandon(Database *database)
{
        (void) sqlite3_db_config(database->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return database_close(database);
}

static int connect_to(Database *database, char **ret_fault)
{
        g_autofree char *mark = database_damage_mark(database->path);
        bool fresh = false;
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
                r = schema_examine(database->connection, &fresh, ret_fault);
        if (r != SQLITE_OK || *ret_fault)
                return r;
        /* The mark on a fresh one is that of its predecessor, left by a kill between renaming and removing.
         */
        if (fresh) {
                (void) unlink(mark);
        } else if (access(mark, F_OK) == 0) {
                *ret_fault = g_strdup("was found damaged when it was last used");
                return SQLITE_OK;
        }

        r = sqlite3_exec(database->connection, settings_to_write, NULL, NULL, NULL);
        database->durability = DURABILITY_FULL;
        if (r == SQLITE_OK && fresh)
                r = schema_create(database->connection);
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
                return failure_new(FAILURE_WRITE_FAILED,
                                   "The state database %s is in use by another process; is another reconfd "
                                   "running?",
                                   database->path);
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
        return database;
}

/* Either *ret is set, or *ret_fault. */
static Failure *try_open(const char *path, Database **ret, char **ret_fault)
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
                abandon(database);
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
        abandon(database);
        return failure;
}

/* Sets aside what is at path, and makes a new one there. */
static Failure *replace(const char *path, const char *fault, Database **ret, char **ret_set_aside)
{
        g_autofree char *mark = database_damage_mark(path);
        g_autofree char *name = NULL, *new_fault = NULL, *why = NULL;
        g_autoptr(Failure) failure = NULL;
        int r;

        r = set_aside(path, &name);
        if (r < 0)
                return failure_new(FAILURE_WRITE_FAILED,
                                   "The state database %s %s, and cannot be set aside: %s", path, fault,
                                   g_strerror(-r));
        (void) unlink(mark);

        failure = try_open(path, ret, &new_fault);
        if (failure)
                why = failure_format(failure);
        if (failure || new_fault)
                return failure_new(FAILURE_WRITE_FAILED,
                                   "The state database %s %s and was set aside as %s; a new one could not "
                                   "be made: %s",
                                   path, fault, name, why ?: new_fault);

        *ret_set_aside = g_strdup_printf(
                        "The state database %s %s; it was set aside as %s, and a new one begun, "
                        "with a new epoch and no history",
                        path, fault, name);
        return NULL;
}

Failure *database_open(const char *directory, Database **ret, char **ret_set_aside)
{
        g_autofree char *path = g_build_filename(directory, DATABASE_FILE, NULL);
        g_autofree char *fault = NULL;
        Failure *failure;

        *ret_set_aside = NULL;
        if (g_mkdir_with_parents(directory, 0700) < 0)
                return failure_new(FAILURE_WRITE_FAILED, "The state directory %s cannot be created: %s",
                                   directory, g_strerror(errno));

        failure = try_open(path, ret, &fault);
        if (failure)
                return failure;
        return fault ? replace(path, fault, ret, ret_set_aside) : NULL;
}

Failure *database_renew(Database **database, const char *reason, char **ret_set_aside)
{
        g_autofree char *path = g_strdup((*database)->path);

        *database = abandon(*database);
        return replace(path, reason, database, ret_set_aside);
}
