/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reloads: the files as they are now
 *
 * A change of files and a start are reloads, too: they differ in which files, and in what a failure means.
 */
#include "daemon/config-private.h"

static uint64_t now_usec(void)
{
        return (uint64_t) g_get_monotonic_time();
}

/* With hot reload off, or suspended, what is not active already waits until somebody asks for it. */
static bool has_to_wait(const Operation *operation)
{
        const Config *config = operation->config;
        const Load *load = operation->load;

        if (!operation->by_itself || (config_hot_reload(config) && !config->suspended))
                return false;
        return load->failure ||
               !(load->same || (config->document && document_equal(config->document, load->document)));
}

static void leave_pending(Operation *operation)
{
        Config *config = operation->config;
        const Load *load = operation->load;
        ConfigFacts before = config_facts(config);

        config_take_files(config, operation);
        config->pending = true;
        if (load->hashes)
                config->files_are_public = load->is_public;
        config_tell_properties(config, &before, 0);
        operation_finish(operation, NULL);
}

/*
 * Nobody is told of bytes that may be half of a file, or of one whose writer has yet to give it its mode:
 * install(1) closes a file before it opens it to others, and a version made in between would be a secret for
 * good.
 */
static bool may_be_half_written(const Operation *operation)
{
        const Config *config = operation->config;
        const Load *load = operation->load;

        if (operation->origin != ORIGIN_FILE || load->same)
                return false;
        /* What starts without its file waits for none. */
        if (operation->event_time == 0 && load->failure && load->failure->code == FAILURE_FILE_NOT_FOUND)
                return false;
        return load->failure || load->has_empty || (!load->is_public && config->version_is_public);
}

static void fail(Operation *operation, Failure *failure)
{
        Config *config = operation->config;
        bool asked = operation->files || operation->options;

        if (config_reverts(config, operation, failure)) {
                operation_revert(operation, failure);
                return;
        }
        /* Files that somebody wants to change to are not the config's; that they fail is for him alone to
         * know. */
        if (!asked || operation->insist) {
                ConfigFacts before = config_facts(config);

                config_take_files(config, operation);
                if (asked)
                        config_tell_properties(config, &before,
                                               CONFIG_PROPERTY_FILES | CONFIG_PROPERTY_FORMAT |
                                                               CONFIG_PROPERTY_OPTIONS |
                                                               CONFIG_PROPERTY_SCHEMA);
                config_report_failure(config, operation, failure);
        }
        operation_finish(operation, failure);
}

/* Whoever loads first compiles for all who use the schema. */
static void share_schema(Operation *operation)
{
        SchemaUse *use = operation->schema ?: operation->config->schema;
        Load *load = operation->load;

        if (use && load->schema)
                schema_use_put(use, load->schema, load->schema_generation);
}

static void finish_reload(Operation *operation)
{
        Config *config = operation->config;
        uint64_t event_time = operation->event_time;
        uint64_t version = config->version;
        Failure *failure = g_steal_pointer(&operation->load->failure);

        if (!failure) {
                failure = config_commit(config, operation, 0);
                /* There is no stage of its own for what cannot be recorded, and no event when it can be
                 * again. */
                if (failure) {
                        failure->stage = FAILURE_STAGE_READ;
                        config_retry_later(config);
                }
        }
        if (failure) {
                fail(operation, failure);
                return;
        }
        if (event_time > 0 && config->version != version)
                statistics_add_latency(&config->statistics, now_usec() - event_time);
        operation_finish(operation, NULL);
}

static void after_load(Operation *operation)
{
        Config *config = operation->config;
        uint64_t event_time = operation->event_time;

        operation->loading = false;
        if (load_is_cancelled(operation->load)) {
                operation_repeat(operation);
                return;
        }
        share_schema(operation);
        if (may_be_half_written(operation) && config_wait_until_still(config)) {
                config->event_time = event_time;
                config_take_files(config, operation);
                operation_finish(operation, NULL);
                return;
        }
        if (has_to_wait(operation)) {
                leave_pending(operation);
                return;
        }

        STATISTICS_COUNT(&config->statistics, reloads);
        operation_ask(operation, finish_reload);
}

/* First the watch, then the look, so that nothing falls between. */
static Failure *watch_what_is_new(Operation *operation, char *const *files, const Options *options)
{
        Config *config = operation->config;
        Failure *failure = NULL;

        if (operation->files || operation->options || !config->watches)
                failure = config_watch_files(config, files, options, &operation->watches);
        if (!failure && (operation->options || !config->schema))
                failure = config_use_schema(config, options, &operation->schema);
        if (failure)
                failure->stage = FAILURE_STAGE_READ;
        return failure;
}

void operation_reload(Operation *operation)
{
        Config *config = operation->config;
        char *const *files = operation->files ?: config->files;
        const Options *options = operation->options ?: config->options;
        Failure *failure = watch_what_is_new(operation, files, options);
        bool asked = operation->files || operation->options;
        Load *load;

        if (!failure && operation->origin == ORIGIN_RELOAD && config->suspended)
                failure = config_resume(config);
        if (failure) {
                fail(operation, failure);
                return;
        }
        if (config->divergence.number > 0 && !operation->mended) {
                operation_mend(operation);
                return;
        }
        load = load_new(files, options->format, options->merge, options->separator, options->max_size);
        config_load_with_schema(options, operation->schema ?: config->schema, load);
        load_set_commands(load, config->commands);
        /* Bytes are known only together with the schema and the commands that had nothing against them. */
        if (!asked && config->hashes && load->schema == config->fits &&
            !load->schema == !load->schema_path && config->commands == config->passed)
                load->known = g_array_ref(config->hashes);
        /* A document that defaults were filled into is not what its text says. */
        if (config->text && !config->options->defaults) {
                load->former_text = g_bytes_ref(config->text);
                load->former_document = document_ref(config->document);
        }
        operation_load(operation, load, after_load);
}

void config_reload(Config *config, const ConfigRequest *request)
{
        operation_submit(operation_new(config, operation_reload, request));
}

void config_set_files(Config *config, char *const *files, const Options *options, bool insist,
                      const ConfigRequest *request)
{
        Operation *operation = operation_new(config, operation_reload, request);

        operation->files = g_strdupv((char **) files);
        operation->options = options ? options_copy(options) : NULL;
        operation->insist = insist;
        if (request->author.uid != (uid_t) -1)
                operation->action = AUDIT_SET_FILES;
        operation_submit(operation);
}

/* Equal bytes are equal content only where they are put together in the same way. */
static bool is_same_recipe(const Config *config, const Version *version)
{
        const Options *options = config->options;

        if (version->merge != options->merge || g_strcmp0(version->separator, options->separator) != 0 ||
            version->layers->len != g_strv_length(config->files))
                return false;
        for (guint i = 0; i < version->layers->len; i++) {
                const Layer *layer = g_ptr_array_index(version->layers, i);

                if (!g_str_equal(layer->file, config->files[i]) ||
                    layer->format != load_format(config->files[i], options->format))
                        return false;
        }
        return true;
}

/* The active version as it was left. One that cannot be decoded keeps no config from starting over. */
static void adopt(Config *config, const Version *version, Load *load)
{
        if (load->failure)
                return;
        config_adopt(config, version, load);
        if (!is_same_recipe(config, version))
                g_clear_pointer(&config->hashes, g_array_unref);
}

/* A load of the active version, or NULL where there is none. */
static Load *load_active(Config *config, Version **ret)
{
        g_autoptr(Version) version = NULL;
        g_autoptr(Failure) failure = store_load_active(config->context->store, config->name, &version);
        Load *load;

        if (!failure && version)
                failure = config_use_schema(config, config->options, &config->schema);
        if (failure || !version)
                return NULL;
        load = load_new_stored(version);
        config_load_with_schema(config->options, config->schema, load);
        load->lenient = true;
        load_set_commands(load, config->commands);
        *ret = g_steal_pointer(&version);
        return load;
}

/* With what was active known: what a crash interrupted, then the files. */
static void begin(Config *config, const ConfigRequest *request)
{
        Operation *operation;

        config_recover(config);
        operation = operation_new(config, operation_reload, request);
        /* A restart is no reason to apply what nobody has asked for; a first version has to come from
         * somewhere. */
        operation->by_itself = request->origin != ORIGIN_REGISTER && config->document;
        operation_submit(operation);
}

static void after_take_up(Operation *operation)
{
        ConfigRequest request = {
                .origin = operation->origin,
                .author = operation->author,
                .message = operation->message,
                .done = operation->done,
                .userdata = operation->userdata,
        };

        adopt(operation->config, operation->adopted, operation->load);
        operation->done = NULL;
        begin(operation->config, &request);
        operation_finish(operation, NULL);
}

/* Where a command has to decode it, the loop cannot wait for what was active. */
static void operation_take_up(Operation *operation)
{
        operation_load(operation, g_steal_pointer(&operation->load), after_take_up);
}

void config_start(Config *config, const ConfigRequest *request)
{
        g_autoptr(Version) version = NULL;
        g_autoptr(Load) load = load_active(config, &version);

        /* What has come just now may be in the middle of being written. */
        if (request->origin == ORIGIN_FILE) {
                (void) debounce_event(&config->debounce, WATCH_WRITING, now_usec());
                debounce_act(&config->debounce, now_usec());
        }
        if (load && load_has_commands(load)) {
                Operation *operation = operation_new(config, operation_take_up, request);

                operation->load = g_steal_pointer(&load);
                operation->adopted = g_steal_pointer(&version);
                operation->action = AUDIT_NONE;
                operation_submit(operation);
                return;
        }
        if (load) {
                load_run(load);
                adopt(config, version, load);
        }
        begin(config, request);
}
