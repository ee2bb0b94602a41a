/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: what goes, and what can wait
 *
 * Pruning weighs the versions of one config from the newest to the oldest. The active one, those with a
 * label, and those that files may be put back to stay whatever their age or size; of the rest, the
 * newest stay as long as there is room. Once one has to go, all older ones go with it: a history has no
 * holes but those left by names.
 *
 * Room that is freed in the database is used again, not given back to the file system.
 */
#include "daemon/store/store-internal.h"
#include "daemon/store/version-row.h"

#include <string.h>

typedef struct Weight {
        uint64_t number;
        uint64_t size;
        bool stays;
        bool active;
        bool undigested;
        bool goes;
} Weight;

static int weigh(Store *store, int64_t config, uint64_t keep, GArray **ret)
{
        g_autoptr(Statement) list = database_statement(store->database, STATEMENT_WEIGH_VERSIONS);
        g_autoptr(GArray) weights = g_array_new(FALSE, FALSE, sizeof(Weight));
        int r;

        (void) sqlite3_bind_int64(list, 1, config);
        (void) sqlite3_bind_int64(list, 2, (int64_t) keep);
        while ((r = sqlite3_step(list)) == SQLITE_ROW) {
                Weight weight = {
                        .stays = sqlite3_column_int(list, 2),
                        .active = sqlite3_column_int(list, 3),
                        .undigested = sqlite3_column_int(list, 4),
                };

                r = statement_read_count(list, 0, &weight.number);
                if (r == SQLITE_OK)
                        r = statement_read_count(list, 1, &weight.size);
                if (r != SQLITE_OK)
                        return r;
                g_array_append_val(weights, weight);
        }
        if (r != SQLITE_DONE)
                return r;

        *ret = g_steal_pointer(&weights);
        return SQLITE_OK;
}

static uint64_t add_sizes(uint64_t a, uint64_t b)
{
        uint64_t sum;

        return g_uint64_checked_add(&sum, a, b) ? sum : UINT64_MAX;
}

static void choose(GArray *weights, unsigned max_versions)
{
        uint64_t bytes = 0, rank = 0;
        bool full = false;

        for (unsigned i = 0; i < weights->len; i++) {
                const Weight *weight = &g_array_index(weights, Weight, i);

                if (weight->stays)
                        bytes = add_sizes(bytes, weight->size);
                /* It has its place even where newer ones exist. */
                if (weight->active)
                        rank = 1;
        }

        for (unsigned i = 0; i < weights->len; i++) {
                Weight *weight = &g_array_index(weights, Weight, i);

                if (!weight->active)
                        rank++;
                if (weight->stays)
                        continue;

                bytes = add_sizes(bytes, weight->size);
                full = full || rank > max_versions || bytes > STORE_MAX_HISTORY_BYTES;
                weight->goes = full;
        }
}

int version_delete_layers(Store *store, int64_t config, uint64_t number)
{
        g_autoptr(Statement) delete = database_statement(store->database, STATEMENT_DELETE_LAYERS);

        (void) sqlite3_bind_int64(delete, 1, config);
        (void) sqlite3_bind_int64(delete, 2, (int64_t) number);
        return statement_run(delete);
}

static int delete_version(Store *store, int64_t config, uint64_t number)
{
        g_autoptr(Statement) delete = database_statement(store->database, STATEMENT_DELETE_VERSION);
        int r;

        r = version_delete_layers(store, config, number);
        if (r != SQLITE_OK)
                return r;

        (void) sqlite3_bind_int64(delete, 1, config);
        (void) sqlite3_bind_int64(delete, 2, (int64_t) number);
        return statement_run(delete);
}

/* In a transaction. */
static int forget(Store *store, const char *config, const Numbers *numbers, const GArray *weights)
{
        g_autoptr(Statement) delete = database_statement(store->database, STATEMENT_DELETE_INTENT);
        int r;

        r = numbers_keep(store, numbers);
        for (unsigned i = 0; r == SQLITE_OK && i < weights->len; i++)
                r = delete_version(store, numbers->config, g_array_index(weights, Weight, i).number);
        if (r != SQLITE_OK)
                return r;

        statement_bind_text(delete, 1, config);
        return statement_run(delete);
}

Failure *store_forget(Store *store, const char *config)
{
        g_autoptr(GArray) weights = NULL;
        Numbers numbers;
        int r;

        r = numbers_load(store, config, &numbers);
        if (r == SQLITE_OK && numbers.config == 0)
                return NULL;

        if (r == SQLITE_OK)
                r = weigh(store, numbers.config, 0, &weights);
        if (r == SQLITE_OK)
                r = database_begin(store->database, DURABILITY_FULL);
        if (r == SQLITE_OK)
                r = database_end(store->database, forget(store, config, &numbers, weights));
        return r == SQLITE_OK ? NULL
                              : database_write_failure(store->database, r,
                                                       "That the history of config '%s' is gone", config);
}

int version_compute_digest(Store *store, const char *config, uint64_t number, char **ret)
{
        g_autoptr(Statement) load = database_statement(store->database, STATEMENT_LOAD_LAYERS);
        g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
        int r;

        statement_bind_text(load, 1, config);
        (void) sqlite3_bind_int64(load, 2, (int64_t) number);
        while ((r = sqlite3_step(load)) == SQLITE_ROW) {
                const void *data = sqlite3_column_blob(load, 2);

                if (data)
                        g_checksum_update(checksum, data, sqlite3_column_bytes(load, 2));
        }
        if (r != SQLITE_DONE)
                return r;

        *ret = g_strdup(g_checksum_get_string(checksum));
        return SQLITE_OK;
}

int version_save_digest(Store *store, const char *config, uint64_t number, const char *digest)
{
        g_autoptr(Statement) save = database_statement(store->database, STATEMENT_SET_DIGEST);

        statement_bind_text(save, 1, config);
        (void) sqlite3_bind_int64(save, 2, (int64_t) number);
        statement_bind_text(save, 3, digest);
        return statement_run(save);
}

static int digest_version(Store *store, const char *config, uint64_t number)
{
        g_autofree char *digest = NULL;
        int r;

        r = version_compute_digest(store, config, number, &digest);
        return r == SQLITE_OK ? version_save_digest(store, config, number, digest) : r;
}

/* In a transaction. */
static int tidy_versions(Store *store, const char *config, const Numbers *numbers, const GArray *weights)
{
        int r = SQLITE_OK;

        for (unsigned i = 0; r == SQLITE_OK && i < weights->len; i++) {
                const Weight *weight = &g_array_index(weights, Weight, i);

                /* The newest tells the next number. */
                if (weight->goes && i == 0)
                        r = numbers_keep(store, numbers);
                if (r == SQLITE_OK && weight->goes)
                        r = delete_version(store, numbers->config, weight->number);
                else if (r == SQLITE_OK && weight->undigested)
                        r = digest_version(store, config, weight->number);
        }
        return r;
}

static int tidy_config(Store *store, const char *config, unsigned max_versions, uint64_t keep)
{
        g_autoptr(GArray) weights = NULL;
        Numbers numbers;
        bool few;
        int r;

        r = numbers_load(store, config, &numbers);
        if (r != SQLITE_OK || numbers.config == 0)
                return r;
        r = weigh(store, numbers.config, keep, &weights);
        if (r != SQLITE_OK)
                return r;

        choose(weights, max_versions);
        few = numbers_left(&numbers) < STORE_NUMBERS_BLOCK / 2;
        r = database_begin(store->database, few ? DURABILITY_FULL : DURABILITY_NORMAL);
        if (r != SQLITE_OK)
                return r;

        r = tidy_versions(store, config, &numbers, weights);
        if (r == SQLITE_OK)
                r = audit_prune(store);
        if (r == SQLITE_OK && few)
                r = numbers_reserve(store, config, &numbers);
        return database_end(store->database, r);
}

Failure *store_tidy(Store *store, const char *config, unsigned max_versions, uint64_t keep)
{
        int r;

        r = tidy_config(store, config, max_versions, keep);
        return r == SQLITE_OK ? NULL
                              : database_write_failure(store->database, r,
                                                       "What was tidied up of config '%s'", config);
}

bool store_begin_checkpoint(Store *store)
{
        return database_begin_checkpoint(store->database);
}

void store_run_checkpoint(Store *store)
{
        store->checkpoint = database_run_checkpoint(store->database);
}

Failure *store_end_checkpoint(Store *store)
{
        return store->checkpoint == SQLITE_OK ? NULL
                                              : database_write_failure(store->database, store->checkpoint,
                                                                       "What was written to the log");
}
