/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of a transaction: record, swap, tell
 *
 * Everything that can fail comes before the swap; what comes after it cannot.
 */
#include "daemon/config-private.h"

#include <unistd.h>

static bool went_back(Origin origin)
{
        return origin == ORIGIN_ROLLBACK || origin == ORIGIN_REVERT || origin == ORIGIN_TIMEOUT ||
               origin == ORIGIN_FAILURE;
}

/* Files whose bytes are not those of the active version; all of them where their number changed. */
static GPtrArray *changed_files(const Config *config, const Load *load)
{
        GPtrArray *files = g_ptr_array_new_with_free_func(g_free);

        for (guint i = 0; i < load->layers->len; i++) {
                const Layer *layer = g_ptr_array_index(load->layers, i);

                if (config->hashes && config->hashes->len == load->hashes->len &&
                    hash_equal(&g_array_index(config->hashes, Hash, i),
                               &g_array_index(load->hashes, Hash, i)))
                        continue;
                g_ptr_array_add(files, g_strdup(layer->file));
        }
        return files;
}

static void take_hashes(Config *config, const Load *load)
{
        g_clear_pointer(&config->hashes, g_array_unref);
        config->hashes = g_array_ref(load->hashes);
}

/* What the active bytes went through: known bytes are known to that alone. */
static void take_checks(Config *config, const Load *load)
{
        schema_unref(config->fits);
        config->fits = load->schema ? schema_ref(load->schema) : NULL;
        config_commands_unref(config->passed);
        config->passed = config_commands_ref(load->commands);
}

static void take_document(Config *config, const Version *version, Load *load)
{
        GBytes *text = load_text(load);

        document_unref(config->document);
        config->document = g_steal_pointer(&load->document);
        g_clear_pointer(&config->text, g_bytes_unref);
        config->text = text ? g_bytes_ref(text) : NULL;
        config->version = version->number;
        config->version_time = version->time;
        config->version_is_public = version->is_public;
        if (config->snapshot >= 0)
                close(config->snapshot);
        config->snapshot = -1;
        take_hashes(config, load);
}

void config_adopt(Config *config, const Version *version, Load *load)
{
        take_document(config, version, load);
        config->files_are_public = version->is_public;
}

static Version *describe_version(const Operation *operation, uint64_t from_version)
{
        const Load *load = operation->load;
        Version *version = version_new();

        version->time = (uint64_t) g_get_real_time();
        version->origin = operation->origin;
        version->is_public = load->is_public;
        version->author = operation->author;
        version->author.unit = g_strdup(operation->author.unit);
        version->action = operation->action;
        version->message = g_strdup(operation->message);
        version->from_version = from_version;
        version->merge = load->merge;
        version->separator = g_strdup(load->separator);
        version->layers = g_ptr_array_ref(load->layers);
        return version;
}

/* The content is what is active already: only what is kept for going back changes. */
static Failure *replace_bytes(Config *config, Operation *operation)
{
        Load *load = operation->load;
        g_autoptr(Version) version = NULL;
        Failure *failure;

        STATISTICS_COUNT(&config->statistics, unchanged);
        if (!operation->files && !operation->options && load_hashes_equal(load->hashes, config->hashes))
                return NULL;

        version = describe_version(operation, 0);
        version->number = config->version;
        failure = store_replace_content(config->context->store, config->name, version);
        if (failure)
                return failure;
        config->version_is_public = config->version_is_public && load->is_public;
        take_hashes(config, load);
        return NULL;
}

/* What is to be told of a version that is about to be recorded. */
static ConfigUpdate describe_update(const Config *config, const Operation *operation, const Version *version)
{
        Load *load = operation->load;
        g_autoptr(Document) nothing = config->document ? NULL : document_new_empty();
        bool previous_is_public = config->version == 0 || config->version_is_public;

        return (ConfigUpdate){
                .previous = config->version,
                .time = version->time,
                .origin = operation->origin,
                .author = &operation->author,
                .message = operation->message,
                .changes = changes_new(config->document ?: nothing, load->document),
                .files = changed_files(config, load),
                .is_public = version->is_public && previous_is_public,
                .previous_is_public = previous_is_public,
        };
}

/* Changed places that the schema marks, of char *; what came is found in the new document, what went in the
 * old. */
static GPtrArray *paths_to_restart(const Config *config, const Load *load, const Changes *changes)
{
        GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

        for (size_t i = 0; load->schema && i < changes_count(changes); i++) {
                const Change *change = changes_get(changes, i);
                const Document *document =
                                change->kind == CHANGE_REMOVED ? config->document : load->document;
                g_autoptr(Path) path = NULL;
                g_autoptr(Failure) failure = path_parse(change->path, &path);

                if (!failure && schema_marks(load->schema, document_root(document), path) & SCHEMA_RESTART)
                        g_ptr_array_add(paths, g_strdup(change->path));
        }
        return paths;
}

/* With what it is on trial for, and what its files are to hold if they could not be written. */
static Failure *record_version(Config *config, const Operation *operation, Version *version,
                               Trial *ret_trial)
{
        VersionState state = went_back(operation->origin) ? VERSION_ROLLED_BACK : VERSION_SUPERSEDED;
        Intent intent;

        *ret_trial = operation_trial(operation);
        if (operation->diverges)
                intent = operation_divergence(operation);
        else if (ret_trial->deadline > 0)
                intent = trial_intent(ret_trial, 0);
        else
                return store_add_version(config->context->store, config->name, version, state);
        return store_add_version_on_trial(config->context->store, config->name, version, state, &intent);
}

static Failure *make_version(Config *config, Operation *operation, uint64_t from_version, ConfigUpdate *ret)
{
        g_autoptr(Version) version = describe_version(operation, from_version);
        ConfigUpdate update = describe_update(config, operation, version);
        Failure *failure;
        Trial trial;

        update.restart = paths_to_restart(config, operation->load, update.changes);
        failure = record_version(config, operation, version, &trial);
        if (!failure) {
                config_take_trial(config, &trial);
                take_document(config, version, operation->load);
                operation->made = version->number;
        }
        update.version = version->number;
        *ret = update;
        return failure;
}

void config_settle(Config *config)
{
        config->pending = false;
        config->files_state = CONFIG_ACTIVE;
        config->divergence = (Intent){ 0 };
        config->failure = failure_free(config->failure);
        g_clear_pointer(&config->failed_hashes, g_array_unref);
}

/* After a return the files may hold something else than what is active. */
static void settle(Config *config, const Operation *operation)
{
        if (operation->returns > 0)
                config_note_return(config);
        if (!operation->skips)
                config_settle(config);
        if (operation->diverges)
                config->divergence = operation_divergence(operation);
        config->pending = operation->skips || operation->diverges;
}

Failure *config_commit(Config *config, Operation *operation, uint64_t from_version)
{
        Load *load = operation->load;
        ConfigFacts before = config_facts(config);
        ConfigProperty others = 0;
        bool same = load->same || (config->document && document_equal(config->document, load->document));
        ConfigUpdate update = { 0 };
        Failure *failure;

        if (operation->files)
                others |= CONFIG_PROPERTY_FILES | CONFIG_PROPERTY_FORMAT;
        if (operation->options)
                others |= CONFIG_PROPERTY_OPTIONS | CONFIG_PROPERTY_FORMAT | CONFIG_PROPERTY_SCHEMA;

        failure = same ? replace_bytes(config, operation)
                       : make_version(config, operation, from_version, &update);
        if (!failure) {
                config_take_files(config, operation);
                take_checks(config, load);
                config->files_are_public = load->is_public;
                config->last_reload = (uint64_t) g_get_real_time();
                settle(config, operation);
                config_tell_properties(config, &before, others);
                if (!same)
                        config->context->observer->changed(config, &update, config->context->userdata);
        }
        g_clear_pointer(&update.changes, changes_unref);
        g_clear_pointer(&update.files, g_ptr_array_unref);
        g_clear_pointer(&update.restart, g_ptr_array_unref);
        return failure;
}

void config_report_failure(Config *config, const Operation *operation, const Failure *failure)
{
        const Load *load = operation->load;
        GArray *hashes = load ? load->hashes : NULL;
        bool is_public = hashes ? load->is_public && (config->version == 0 || config->version_is_public)
                                : config->files_are_public;
        bool told = operation->origin == ORIGIN_FILE && config->failure &&
                    failure_equal(config->failure, failure) &&
                    (hashes ? load_hashes_equal(hashes, config->failed_hashes) : !config->failed_hashes);
        ConfigFacts before = config_facts(config);

        if (told)
                return;

        STATISTICS_COUNT(&config->statistics, failures[failure->stage]);
        failure_free(config->failure);
        config->failure = failure_copy(failure);
        /* Of files that were not read nothing can be told. */
        config->failure_is_public = is_public || !hashes;
        g_clear_pointer(&config->failed_hashes, g_array_unref);
        config->failed_hashes = hashes ? g_array_ref(hashes) : NULL;
        config->files_state = failure->code == FAILURE_FILE_NOT_FOUND ? CONFIG_MISSING : CONFIG_INVALID;
        config->pending = !load_hashes_equal(hashes, config->hashes);
        if (hashes)
                config->files_are_public = load->is_public;

        config->context->observer->failed(config, failure, is_public, config->context->userdata);
        config_tell_properties(config, &before, 0);
}
