/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: opening and closing
 *
 * What stands in each of its tables is described in schema.c. Registrations, versions, numbers, intents, and
 * what can wait, each have a file of their own: store-registrations.c, store-versions.c, store-numbers.c,
 * store-intents.c, store-tidy.c.
 */
#include "daemon/store/database-files.h"
#include "daemon/store/store-internal.h"
#include "daemon/store/version-row.h"
#include "daemon/store/volatile.h"

#include <errno.h>
#include <string.h>

#define EPOCH_LENGTH 32

bool store_text_is_valid(const char *text)
{
        return !text || g_utf8_validate(text, -1, NULL);
}

static Failure *load_epoch(Store *store)
{
        g_autoptr(Statement) load = database_statement(store->database, STATEMENT_LOAD_EPOCH);
        int r;

        r = sqlite3_step(load);
        if (r == SQLITE_ROW)
                r = statement_read_text(load, 0, &store->epoch);
        else if (r == SQLITE_DONE)
                r = SQLITE_CORRUPT;
        if (r == SQLITE_OK && (!store->epoch || strlen(store->epoch) != EPOCH_LENGTH ||
                               strspn(store->epoch, "0123456789abcdef") != EPOCH_LENGTH)) {
                g_clear_pointer(&store->epoch, g_free);
                r = SQLITE_CORRUPT;
        }
        return r == SQLITE_OK ? NULL : database_read_failure(store->database, r, "The epoch");
}

/* One more thing to say. */
static void tell(char **told, const char *more)
{
        char *both = *told ? g_strconcat(*told, ". ", more, NULL) : g_strdup(more);

        g_free(*told);
        *told = both;
}

/* What a start rests on must be readable now; once the daemon has begun with it, it is too late for a new
 * one. */
static Failure *check_content(Store *store)
{
        g_autoptr(GPtrArray) registrations = NULL;
        Failure *failure;

        failure = load_epoch(store);
        return failure ?: store_list_registrations(store, &registrations);
}

static Failure *open_in(Store *store, const char *directory, char **told)
{
        g_autofree char *set_aside = NULL, *renewed = NULL;
        Failure *failure;

        failure = database_open(directory, &store->database, &set_aside);
        if (failure)
                return failure;
        if (set_aside)
                tell(told, set_aside);

        failure = check_content(store);
        if (failure && database_is_damaged(store->database)) {
                failure = failure_free(failure);
                g_clear_pointer(&store->epoch, g_free);
                failure = database_renew(&store->database, "is damaged (in its content)", &renewed);
                if (failure)
                        return failure;
                tell(told, renewed);
                failure = check_content(store);
        }
        return failure;
}

static Failure *open_volatile(Store *store, const char *directory, const char *reason, char **told)
{
        g_autofree char *path = g_build_filename(directory, DATABASE_FILE, NULL);
        g_autofree char *loss = NULL, *text = NULL;
        Failure *failure;
        bool copied;
        int r;

        r = volatile_new(path, &store->volatile_directory, &copied, &loss);
        if (r == -EBUSY)
                return database_files_busy(path);
        if (r < 0)
                return failure_new(FAILURE_WRITE_FAILED, "There is no other place for it: %s",
                                   g_strerror(-r));

        text = g_strdup_printf("%s. What is registered and recorded from now on is kept only until reconfd "
                               "ends, in %s, with a new epoch; it begins with %s%s%s",
                               reason, store->volatile_directory,
                               copied ? "a copy of what there was" : "nothing",
                               loss ? ", for the database " : "", loss ?: "");
        tell(told, text);
        failure = open_in(store, store->volatile_directory, told);
        if (failure || !copied)
                return failure;

        failure = database_renew_epoch(store->database);
        g_clear_pointer(&store->epoch, g_free);
        return failure ?: load_epoch(store);
}

/* Where the state directory does not do. Takes the failure that says so. */
static Failure *fall_back(Store *store, const char *directory, Failure *failure, char **told)
{
        g_autofree char *reason = failure_format(failure);
        g_autofree char *why = NULL;

        failure_free(failure);
        g_clear_pointer(&store->epoch, g_free);
        store->database = database_close(store->database);

        failure = open_volatile(store, directory, reason, told);
        if (!failure || failure->code == FAILURE_BUSY)
                return failure;

        why = failure_format(failure);
        failure_free(failure);
        return failure_new(FAILURE_WRITE_FAILED, "%s. %s", reason, why);
}

Failure *store_open_in_boot(const char *directory, sd_id128_t boot, Store **ret, char **ret_set_aside)
{
        g_autoptr(Store) store = g_new0(Store, 1);
        g_autofree char *told = NULL;
        Failure *failure;

        store->boot = boot;
        failure = open_in(store, directory, &told);
        if (failure && failure->code != FAILURE_BUSY)
                failure = fall_back(store, directory, failure, &told);
        if (failure)
                return failure;

        /* One sync for all configs, or else one for each, before its first version. */
        if (database_begin(store->database, DURABILITY_FULL) == SQLITE_OK)
                (void) database_end(store->database, numbers_reserve_all(store));

        *ret = g_steal_pointer(&store);
        if (ret_set_aside)
                *ret_set_aside = g_steal_pointer(&told);
        return NULL;
}

Failure *store_open(const char *directory, Store **ret, char **ret_set_aside)
{
        sd_id128_t boot;

        /* Where it is not to be had, every start is taken for one after another boot. */
        if (sd_id128_get_boot(&boot) < 0 && sd_id128_randomize(&boot) < 0)
                return failure_new(FAILURE_WRITE_FAILED,
                                   "The state in %s cannot be used: the kernel gives neither the id of this "
                                   "boot "
                                   "nor random bytes",
                                   directory);
        return store_open_in_boot(directory, boot, ret, ret_set_aside);
}

Failure *store_open_existing(const char *directory, Store **ret)
{
        g_autoptr(Store) store = g_new0(Store, 1);
        Failure *failure;

        *ret = NULL;
        failure = database_open_existing(directory, &store->database);
        if (!failure && store->database)
                failure = check_content(store);
        if (!failure && store->database)
                *ret = g_steal_pointer(&store);
        return failure;
}

Store *store_close(Store *store)
{
        if (!store)
                return NULL;

        if (store->database) {
                /* Where it cannot be done, numbers have a gap after the next boot; no harm. */
                if (database_begin(store->database, DURABILITY_FULL) == SQLITE_OK)
                        (void) database_end(store->database, numbers_give_back(store));
                database_close(store->database);
        }
        volatile_free(store->volatile_directory);
        g_free(store->epoch);
        g_free(store);
        return NULL;
}

const char *store_epoch(const Store *store)
{
        return store->epoch;
}
