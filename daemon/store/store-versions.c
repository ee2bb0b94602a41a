/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: versions in and out
 *
 * store_add_version() stands between a file event and the signal: it inserts rows (one of them for the
 * audit), deposes the version before, replaces the intent, and does nothing else. It is synced where a file
 * is written over in reliance on it: bytes that were refused, and those that a file has to hold to go back.
 */
#include "daemon/store/store-internal.h"
#include "daemon/store/version-row.h"

#include <assert.h>

/* What stands between a version and its layers. */
typedef struct Span {
        int64_t first;
        int64_t count;
        uint64_t size;
} Span;

/* What would not be read back must not be recorded. */
static Failure *check_version(const char *config, const Version *version)
{
        for (unsigned i = 0; i < version->layers->len; i++)
                if (!layer_row_is_valid(g_ptr_array_index(version->layers, i)))
                        return failure_new(FAILURE_INVALID_ARGUMENT,
                                           "The name of file %u of config '%s' is not UTF-8; rename it",
                                           i + 1, config);
        if (!version_row_is_valid(version))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "Unit, message, label and separator of a version of config '%s' must be "
                                   "UTF-8",
                                   config);
        return NULL;
}

static int add_layers(Store *store, const GPtrArray *layers, Span *ret)
{
        *ret = (Span){ .count = layers->len };

        for (unsigned i = 0; i < layers->len; i++) {
                g_autoptr(Statement) add = database_statement(store->database, STATEMENT_ADD_LAYER);
                const Layer *layer = g_ptr_array_index(layers, i);
                int64_t id;
                int r;

                r = layer_row_bind(add, layer);
                if (r == SQLITE_OK)
                        r = statement_run(add);
                if (r != SQLITE_OK)
                        return r;

                /* Ids go up one by one, unless someone used up all of them. */
                id = database_last_id(store->database);
                if (i == 0)
                        ret->first = id;
                else if (id != ret->first + i)
                        return SQLITE_CORRUPT;
                if (layer->bytes)
                        ret->size += g_bytes_get_size(layer->bytes);
        }
        return SQLITE_OK;
}

static int add_version(Store *store, const Numbers *numbers, const Version *version, const Span *span)
{
        g_autoptr(Statement) add = database_statement(store->database, STATEMENT_ADD_VERSION);

        version_row_bind(add, version);
        (void) sqlite3_bind_int64(add, 1, numbers->config);
        (void) sqlite3_bind_int64(add, version_row_parameter(VERSION_COLUMN_NUMBER),
                                  (int64_t) numbers->next);
        (void) sqlite3_bind_int64(add, version_row_parameter(VERSION_COLUMN_SIZE), (int64_t) span->size);
        (void) sqlite3_bind_int64(add, version_row_parameter(VERSION_COLUMN_FIRST_LAYER), span->first);
        (void) sqlite3_bind_int64(add, version_row_parameter(VERSION_COLUMN_LAYERS), span->count);
        return statement_run(add);
}

static int depose_active(Store *store, int64_t config, VersionState state)
{
        g_autoptr(Statement) depose = database_statement(store->database, STATEMENT_DEPOSE_ACTIVE);

        (void) sqlite3_bind_int64(depose, 1, config);
        statement_bind_text(depose, 2, version_state_to_string(state));
        return statement_run(depose);
}

/* Where it is to be recorded who made it. */
static int add_audit(Store *store, const char *config, const Version *version, uint64_t number)
{
        const AuditEntry entry = {
                .time = version->time,
                .action = version->action,
                .config = (char *) config,
                .version = number,
                .author = version->author,
                .message = version->message,
        };

        return version->action == AUDIT_NONE ? SQLITE_OK : audit_add(store, &entry);
}

/* A version that joins the history only is no reason to forget what is intended. */
static int replace_intent(Store *store, const char *config, const Intent *intent, uint64_t number)
{
        Intent own;
        bool found;

        if (!intent)
                return intent_delete(store, config);
        own = *intent;
        if (own.instead_of == 0)
                own.instead_of = number;
        return intent_save(store, config, &own, &found);
}

/* In a transaction. */
static int add_all(Store *store, const char *config, Numbers *numbers, const Version *version,
                   VersionState previous_state, const Intent *intent, Span *ret)
{
        int r = SQLITE_OK;

        if (numbers_left(numbers) == 0)
                r = numbers_reserve(store, config, numbers);
        if (r == SQLITE_OK && version->state == VERSION_ACTIVE)
                r = depose_active(store, numbers->config, previous_state);
        if (r == SQLITE_OK)
                r = add_layers(store, version->layers, ret);
        if (r == SQLITE_OK)
                r = add_version(store, numbers, version, ret);
        if (r == SQLITE_OK && version->state == VERSION_ACTIVE)
                r = replace_intent(store, config, intent, numbers->next);
        return r == SQLITE_OK ? add_audit(store, config, version, numbers->next) : r;
}

static Failure *record(Store *store, const char *config, Version *version, VersionState previous_state,
                       const Intent *intent)
{
        bool matters = intent || version->state == VERSION_REJECTED;
        Numbers numbers;
        Failure *failure;
        Span span;
        int r;

        assert(version->layers);
        assert(version->state == VERSION_ACTIVE || version->state == VERSION_REJECTED);
        assert(previous_state != VERSION_ACTIVE);

        failure = check_version(config, version);
        if (failure)
                return failure;

        r = numbers_load(store, config, &numbers);
        if (r == SQLITE_OK)
                r = database_begin(store->database, matters || numbers_left(&numbers) == 0
                                                                    ? DURABILITY_FULL
                                                                    : DURABILITY_NORMAL);
        if (r == SQLITE_OK)
                r = database_end(store->database,
                                 add_all(store, config, &numbers, version, previous_state, intent, &span));
        if (r != SQLITE_OK)
                return database_write_failure(store->database, r, "The new version of config '%s'", config);

        version->number = numbers.next;
        version->size = span.size;
        return NULL;
}

Failure *store_add_version(Store *store, const char *config, Version *version, VersionState previous_state)
{
        return record(store, config, version, previous_state, NULL);
}

Failure *store_add_version_on_trial(Store *store, const char *config, Version *version,
                                    VersionState previous_state, const Intent *intent)
{
        return record(store, config, version, previous_state, intent);
}

uint64_t store_next_version(Store *store, const char *config)
{
        Numbers numbers;

        return numbers_load(store, config, &numbers) == SQLITE_OK ? numbers.next : 0;
}

/* In a transaction. */
static int replace_content(Store *store, int64_t config, const Version *content)
{
        g_autoptr(Statement) replace = database_statement(store->database, STATEMENT_REPLACE_CONTENT);
        Span span;
        int r;

        r = version_delete_layers(store, config, content->number);
        if (r == SQLITE_OK)
                r = add_layers(store, content->layers, &span);
        if (r != SQLITE_OK)
                return r;

        (void) sqlite3_bind_int64(replace, 1, config);
        (void) sqlite3_bind_int64(replace, 2, (int64_t) content->number);
        (void) sqlite3_bind_int64(replace, 3, span.first);
        (void) sqlite3_bind_int64(replace, 4, span.count);
        (void) sqlite3_bind_int64(replace, 5, (int64_t) span.size);
        statement_bind_text(replace, 6, merge_mode_to_string(content->merge));
        statement_bind_text(replace, 7, content->separator);
        return statement_run(replace);
}

/* *ret is 0 where there is none. */
static int find_active(Store *store, const char *config, uint64_t *ret)
{
        g_autoptr(Statement) find = database_statement(store->database, STATEMENT_FIND_ACTIVE);
        int r;

        *ret = 0;
        statement_bind_text(find, 1, config);
        r = sqlite3_step(find);
        if (r == SQLITE_ROW)
                return statement_read_count(find, 0, ret);
        return r == SQLITE_DONE ? SQLITE_OK : r;
}

Failure *store_replace_content(Store *store, const char *config, const Version *content)
{
        Numbers numbers;
        uint64_t active;
        Failure *failure;
        Intent intent;
        int r;

        failure = check_version(config, content);
        if (!failure)
                failure = store_load_intent(store, config, &intent);
        if (failure)
                return failure;

        r = numbers_load(store, config, &numbers);
        if (r == SQLITE_OK)
                r = find_active(store, config, &active);
        if (r == SQLITE_OK && (active == 0 || active != content->number))
                return failure_new(FAILURE_NO_SUCH_VERSION,
                                   "Version %" G_GUINT64_FORMAT " of config '%s' is not the active one",
                                   content->number, config);

        if (r == SQLITE_OK)
                r = database_begin(store->database, intent.number > 0 ? DURABILITY_FULL : DURABILITY_NORMAL);
        if (r == SQLITE_OK)
                r = database_end(store->database, replace_content(store, numbers.config, content));
        return r == SQLITE_OK ? NULL
                              : database_write_failure(store->database, r, "The new bytes of config '%s'",
                                                       config);
}

static void free_version(void *data)
{
        version_free(data);
}

static void free_layer(void *data)
{
        layer_free(data);
}

static int list_versions(Store *store, const char *config, GPtrArray *versions)
{
        g_autoptr(Statement) list = database_statement(store->database, STATEMENT_LIST_VERSIONS);
        int r;

        statement_bind_text(list, 1, config);
        while ((r = sqlite3_step(list)) == SQLITE_ROW) {
                Version *version = version_new();

                g_ptr_array_add(versions, version);
                r = version_row_read(list, version);
                if (r != SQLITE_OK)
                        return r;
        }
        return r == SQLITE_DONE ? SQLITE_OK : r;
}

Failure *store_list_versions(Store *store, const char *config, GPtrArray **ret)
{
        g_autoptr(GPtrArray) versions = g_ptr_array_new_with_free_func(free_version);
        int r;

        r = list_versions(store, config, versions);
        for (unsigned i = 0; r == SQLITE_OK && i < versions->len; i++) {
                Version *version = g_ptr_array_index(versions, i);

                if (version->digest)
                        continue;
                r = version_compute_digest(store, config, version->number, &version->digest);
                /* Where it cannot be kept it is computed again; the listing is right all the same. */
                if (r == SQLITE_OK)
                        (void) version_save_digest(store, config, version->number, version->digest);
        }
        if (r != SQLITE_OK)
                return database_read_failure(store->database, r, "The history of config '%s'", config);

        *ret = g_steal_pointer(&versions);
        return NULL;
}

static int load_layers(Store *store, const char *config, uint64_t number, GPtrArray *layers)
{
        g_autoptr(Statement) load = database_statement(store->database, STATEMENT_LOAD_LAYERS);
        int r;

        statement_bind_text(load, 1, config);
        (void) sqlite3_bind_int64(load, 2, (int64_t) number);
        while ((r = sqlite3_step(load)) == SQLITE_ROW) {
                Layer *layer;

                r = layer_row_read(load, &layer);
                if (r != SQLITE_OK)
                        return r;
                g_ptr_array_add(layers, layer);
        }
        return r == SQLITE_DONE ? SQLITE_OK : r;
}

/* *ret is NULL where there is none. */
static int load_version(Store *store, const char *config, uint64_t number, Version **ret)
{
        g_autoptr(Statement) load = database_statement(store->database, STATEMENT_LOAD_VERSION);
        g_autoptr(Version) version = version_new();
        int r;

        *ret = NULL;
        statement_bind_text(load, 1, config);
        (void) sqlite3_bind_int64(load, 2, (int64_t) number);
        r = sqlite3_step(load);
        if (r != SQLITE_ROW)
                return r == SQLITE_DONE ? SQLITE_OK : r;

        r = version_row_read(load, version);
        if (r != SQLITE_OK)
                return r;

        version->layers = g_ptr_array_new_with_free_func(free_layer);
        r = load_layers(store, config, number, version->layers);
        if (r == SQLITE_OK && sqlite3_column_int64(load, VERSION_COLUMN_LAYERS) != version->layers->len)
                r = SQLITE_CORRUPT;
        if (r == SQLITE_OK)
                *ret = g_steal_pointer(&version);
        return r;
}

Failure *store_load_version(Store *store, const char *config, uint64_t number, Version **ret)
{
        int r;

        r = load_version(store, config, number, ret);
        return r == SQLITE_OK ? NULL
                              : database_read_failure(store->database, r,
                                                      "Version %" G_GUINT64_FORMAT " of config '%s'", number,
                                                      config);
}

Failure *store_load_active(Store *store, const char *config, Version **ret)
{
        uint64_t number;
        int r;

        *ret = NULL;
        r = find_active(store, config, &number);
        if (r == SQLITE_OK && number != 0)
                r = load_version(store, config, number, ret);
        return r == SQLITE_OK ? NULL
                              : database_read_failure(store->database, r,
                                                      "The active version of config '%s'", config);
}
