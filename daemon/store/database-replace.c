/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Database: opening it, or another in its place
 */
#include "daemon/store/database-files.h"
#include "daemon/store/database-internal.h"
#include "daemon/store/set-aside.h"

#include <errno.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What keeps us from using a database whose content may be good; NULL where nothing does. */
static char *find_obstacle(const char *path)
{
        struct stat st;

        if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
                return NULL;

        for (size_t i = 0; database_suffixes[i]; i++) {
                g_autofree char *file = g_strconcat(path, database_suffixes[i], NULL);

                if (euidaccess(file, R_OK) < 0 && errno != ENOENT)
                        return g_strdup_printf("cannot be read (%s)", g_strerror(errno));
                if (euidaccess(file, W_OK) < 0 && errno != ENOENT)
                        return g_strdup_printf("is read-only (%s)", g_strerror(errno));
        }
        if ((st.st_mode & 077) != 0 && chmod(path, 0600) < 0)
                return g_strdup_printf("can be read by others, and its mode not changed (%s)",
                                       g_strerror(errno));
        return NULL;
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

        failure = database_try_open(path, ret, &new_fault);
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

Failure *database_renew_epoch(Database *database)
{
        g_autoptr(Statement) renew = database_statement(database, STATEMENT_RENEW_EPOCH);
        int r;

        r = database_begin(database, DURABILITY_FULL);
        if (r == SQLITE_OK)
                r = database_end(database, statement_run(renew));
        return r == SQLITE_OK ? NULL : database_write_failure(database, r, "A new epoch");
}

/*
 * A copy takes the place of a file that is not ours to write. It is made before anything is moved: a kill in
 * between leaves the original where it was.
 */
static Failure *replace_by_copy(const char *path, const char *obstacle, Database **ret, char **ret_set_aside)
{
        g_autofree char *copy = g_strconcat(path, ".copy", NULL);
        g_autofree char *name = NULL, *loss = NULL, *fault = NULL, *more = NULL;
        g_autoptr(Database) database = NULL;
        Failure *failure;
        bool copied;
        int r;

        r = database_files_copy(path, copy, &copied, &loss);
        if (r == -EBUSY)
                return database_files_busy(path);
        if (r >= 0 && !copied)
                return replace(path, loss ?: obstacle, ret, ret_set_aside);

        if (r >= 0)
                r = set_aside(path, &name);
        if (name) {
                r = database_files_move(copy, path);
                if (r < 0)
                        (void) database_files_move(name, path);
        }
        if (r < 0) {
                database_files_remove(copy);
                return failure_new(FAILURE_WRITE_FAILED,
                                   "The state database %s %s, and cannot be replaced by a copy: %s", path,
                                   obstacle, g_strerror(-r));
        }

        failure = database_try_open(path, &database, &fault);
        if (!failure)
                failure = fault ? replace(path, fault, &database, &more) : database_renew_epoch(database);
        if (failure)
                return failure;

        *ret = g_steal_pointer(&database);
        *ret_set_aside =
                        g_strdup_printf("The state database %s %s; it was set aside as %s, and a copy taken "
                                        "into use, with a new epoch%s%s",
                                        path, obstacle, name, more ? ". " : "", more ?: "");
        return NULL;
}

Failure *database_open(const char *directory, Database **ret, char **ret_set_aside)
{
        g_autofree char *path = g_build_filename(directory, DATABASE_FILE, NULL);
        g_autofree char *fault = NULL, *obstacle = NULL;
        Failure *failure;

        *ret_set_aside = NULL;
        if (g_mkdir_with_parents(directory, 0700) < 0)
                return failure_new(FAILURE_WRITE_FAILED, "The state directory %s cannot be created: %s",
                                   directory, g_strerror(errno));

        obstacle = find_obstacle(path);
        if (obstacle)
                return replace_by_copy(path, obstacle, ret, ret_set_aside);

        failure = database_try_open(path, ret, &fault);
        if (failure)
                return failure;
        return fault ? replace(path, fault, ret, ret_set_aside) : NULL;
}

Failure *database_open_existing(const char *directory, Database **ret)
{
        g_autofree char *path = g_build_filename(directory, DATABASE_FILE, NULL);
        g_autofree char *fault = NULL;
        Failure *failure = NULL;
        struct stat st;

        *ret = NULL;
        if (stat(path, &st) < 0 ? errno == ENOENT : st.st_size == 0)
                return NULL;

        fault = find_obstacle(path);
        if (!fault)
                failure = database_try_open(path, ret, &fault);
        if (!failure && fault)
                failure = failure_new(FAILURE_FILE_UNREADABLE, "The state database %s %s", path, fault);
        return failure;
}

Failure *database_renew(Database **database, const char *reason, char **ret_set_aside)
{
        g_autofree char *path = g_strdup((*database)->path);

        *database = database_abandon(*database);
        return replace(path, reason, database, ret_set_aside);
}
