/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: what outlasts a crash in the middle of things
 *
 * An intent is about files, which the database cannot change together with itself; that a config is
 * suspended is about events that are yet to come. Both are synced before they are relied on.
 */
#include "daemon/store/store-internal.h"
#include "daemon/store/version-row.h"

int intent_save(Store *store, const char *config, const Intent *intent, bool *ret_found)
{
        g_autoptr(Statement) save = database_statement(store->database, STATEMENT_SAVE_INTENT);
        int r;

        statement_bind_text(save, 1, config);
        (void) sqlite3_bind_int64(save, 2, (int64_t) intent->number);
        (void) sqlite3_bind_int64(save, 3, (int64_t) intent->instead_of);
        statement_bind_text(save, 4, origin_to_string(intent->origin));
        (void) sqlite3_bind_int64(save, 5, (int64_t) intent->deadline);
        if (intent->author)
                statement_bind_author(save, 6, intent->author);
        r = statement_run(save);
        *ret_found = database_changed(store->database) > 0;
        return r;
}

int intent_delete(Store *store, const char *config)
{
        g_autoptr(Statement) delete = database_statement(store->database, STATEMENT_DELETE_INTENT);

        statement_bind_text(delete, 1, config);
        return statement_run(delete);
}

static Failure *no_such_version(const char *config, uint64_t number)
{
        return failure_new(FAILURE_NO_SUCH_VERSION,
                           "There is no version %" G_GUINT64_FORMAT " of config '%s'", number, config);
}

Failure *store_save_intent(Store *store, const char *config, const Intent *intent)
{
        bool found = true;
        int r;

        if (intent && intent->author && !store_text_is_valid(intent->author->unit))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "The unit of whoever asks for a rollback must be UTF-8");
        r = database_begin(store->database, DURABILITY_FULL);
        if (r == SQLITE_OK)
                r = database_end(store->database, intent ? intent_save(store, config, intent, &found)
                                                         : intent_delete(store, config));
        if (r != SQLITE_OK)
                return database_write_failure(store->database, r,
                                              "What the files of config '%s' are to hold", config);
        return found ? NULL : no_such_version(config, intent->number);
}

static int read_intent(Statement *load, Intent *ret)
{
        g_autofree char *origin = NULL;
        int r;

        r = statement_read_count(load, 0, &ret->number);
        if (r == SQLITE_OK)
                r = statement_read_count(load, 1, &ret->instead_of);
        if (r == SQLITE_OK)
                r = statement_read_text(load, 2, &origin);
        if (r == SQLITE_OK && (!origin || !origin_from_string(origin, &ret->origin)))
                r = SQLITE_CORRUPT;
        if (r == SQLITE_OK)
                r = statement_read_count(load, 3, &ret->deadline);
        return r;
}

Failure *store_load_intent(Store *store, const char *config, Intent *ret)
{
        g_autoptr(Statement) load = database_statement(store->database, STATEMENT_LOAD_INTENT);
        Intent intent = { 0 };
        int r;

        statement_bind_text(load, 1, config);
        r = sqlite3_step(load);
        if (r == SQLITE_ROW)
                r = read_intent(load, &intent);
        else if (r == SQLITE_DONE)
                r = SQLITE_OK;
        *ret = r == SQLITE_OK ? intent : (Intent){ 0 };
        return r == SQLITE_OK ? NULL
                              : database_read_failure(store->database, r,
                                                      "What the files of config '%s' are to hold", config);
}

Failure *store_load_intent_author(Store *store, const char *config, Author *ret)
{
        g_autoptr(Statement) load = database_statement(store->database, STATEMENT_LOAD_INTENT_AUTHOR);
        int r;

        *ret = (Author){ .uid = (uid_t) -1 };
        statement_bind_text(load, 1, config);
        r = sqlite3_step(load);
        if (r == SQLITE_ROW)
                r = statement_read_author(load, 0, ret);
        else if (r == SQLITE_DONE)
                r = SQLITE_OK;
        if (r == SQLITE_OK)
                return NULL;
        g_free(ret->unit);
        *ret = (Author){ .uid = (uid_t) -1 };
        return database_read_failure(store->database, r, "Who wanted the files of config '%s' changed",
                                     config);
}

Failure *store_list_intents(Store *store, GPtrArray **ret)
{
        g_autoptr(Statement) list = database_statement(store->database, STATEMENT_LIST_INTENTS);
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        int r;

        while ((r = sqlite3_step(list)) == SQLITE_ROW) {
                char *name = NULL;

                r = statement_read_text(list, 0, &name);
                if (r == SQLITE_OK && !name)
                        r = SQLITE_CORRUPT;
                if (r != SQLITE_OK)
                        break;
                g_ptr_array_add(names, name);
        }
        if (r != SQLITE_DONE)
                return database_read_failure(store->database, r, "What files are to hold");
        *ret = g_steal_pointer(&names);
        return NULL;
}

static void release_layer(void *layer)
{
        layer_free(layer);
}

static void move_layers(GPtrArray *layers, Version *version)
{
        while (version && version->layers->len > 0)
                g_ptr_array_add(layers, g_ptr_array_steal_index_fast(version->layers, 0));
}

Failure *store_load_unwanted(Store *store, const char *config, uint64_t instead_of, GPtrArray **ret)
{
        g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(release_layer);
        g_autoptr(Version) active = NULL, other = NULL;
        Failure *failure;

        failure = store_load_active(store, config, &active);
        if (!failure && instead_of > 0)
                failure = store_load_version(store, config, instead_of, &other);
        if (failure)
                return failure;
        move_layers(layers, active);
        move_layers(layers, other);
        *ret = g_steal_pointer(&layers);
        return NULL;
}

static int save_suspended(Store *store, const char *config, bool suspended)
{
        g_autoptr(Statement) save = database_statement(store->database, STATEMENT_SAVE_SUSPENDED);

        statement_bind_text(save, 1, config);
        (void) sqlite3_bind_int(save, 2, suspended);
        return statement_run(save);
}

Failure *store_save_suspended(Store *store, const char *config, bool suspended)
{
        int r = database_begin(store->database, DURABILITY_FULL);

        if (r == SQLITE_OK)
                r = database_end(store->database, save_suspended(store, config, suspended));
        return r == SQLITE_OK ? NULL
                              : database_write_failure(store->database, r,
                                                       "Whether config '%s' is suspended", config);
}

Failure *store_load_suspended(Store *store, const char *config, bool *ret)
{
        g_autoptr(Statement) load = database_statement(store->database, STATEMENT_LOAD_SUSPENDED);
        int r;

        *ret = false;
        statement_bind_text(load, 1, config);
        r = sqlite3_step(load);
        if (r == SQLITE_ROW) {
                *ret = sqlite3_column_int(load, 0) != 0;
                r = SQLITE_OK;
        } else if (r == SQLITE_DONE) {
                r = SQLITE_OK;
        }
        return r == SQLITE_OK ? NULL
                              : database_read_failure(store->database, r, "Whether config '%s' is suspended",
                                                      config);
}
