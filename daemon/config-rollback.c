/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rollbacks: a version of the history, back into its files
 *
 * The stored bytes are decoded first, then written, then made the active version. What is about to be
 * written is noted in the store before the first file changes, so that a crash in the middle is finished at
 * the next start.
 */
#include "daemon/config-private.h"

static void fail_with(Operation *operation, Failure *failure)
{
        Config *config = operation->config;

        /* An intent that cannot be replaced is looked at again at the next start. */
        failure_free(config_save_intent(config));
        operation_finish(operation, failure);
}

static void after_undo(Operation *operation)
{
        Failure *failure = g_steal_pointer(&operation->load->failure);

        fail_with(operation, failure);
}

Failure *operation_restore_recipe(Operation *operation)
{
        Config *config = operation->config;
        const Load *load = operation->load;
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_autoptr(Options) options = options_copy(config->options);
        g_auto(GStrv) files = NULL;

        options->merge = load->merge;
        g_free(options->separator);
        options->separator = g_strdup(load->separator);
        for (guint i = 0; i < load->layers->len; i++) {
                const Layer *layer = g_ptr_array_index(load->layers, i);

                g_strv_builder_add(builder, layer->file);
                if (format_from_file(layer->file) == FORMAT_NONE)
                        options->format = layer->format;
        }
        files = g_strv_builder_end(builder);

        if (!options_equal(options, config->options))
                operation->options = g_steal_pointer(&options);
        if (g_strv_equal((const char *const *) files, (const char *const *) config->files))
                return NULL;
        operation->files = g_steal_pointer(&files);
        return config_watch_files(config, operation->files, config->options, &operation->watches);
}

static void after_write(Operation *operation)
{
        Config *config = operation->config;
        Failure *failure = write_back_take_failure(operation->write_back);
        uint64_t target = operation->target;
        uint64_t version = config->version;

        if (failure) {
                fail_with(operation, failure);
                return;
        }

        operation->load->is_public = write_back_is_public(operation->write_back);
        failure = operation_restore_recipe(operation);
        if (!failure)
                failure = config_commit(config, operation, target);
        if (failure) {
                operation->load->failure = failure;
                operation_work(operation, false, write_back_undo, operation->write_back, after_undo);
                return;
        }
        STATISTICS_COUNT(&config->statistics, rollbacks);
        /* A new version has taken the intent away. */
        if (config->version == version)
                failure_free(config_save_intent(config));
        operation_finish(operation, NULL);
}

/* After a crash: an edit that was made since then is no part of what the rollback was to replace. */
static Failure *expect_active(Operation *operation)
{
        Config *config = operation->config;
        g_autoptr(Version) active = NULL;
        Failure *failure = store_load_active(config->context->store, config->name, &active);

        if (!failure && active)
                write_back_expect(operation->write_back, active->layers, WRITE_BACK_REFUSE);
        return failure;
}

/*
 * A rollback is finished at the next start, but where its version would have to be confirmed: then what is
 * active now has to come back.
 */
static Failure *save_intent(const Operation *operation)
{
        const Config *config = operation->config;
        Trial trial = operation_trial(operation);
        Intent intent = { .number = operation->target,
                          .instead_of = config->version,
                          .origin = ORIGIN_ROLLBACK,
                          .author = &operation->author };

        if (trial.deadline > 0)
                intent = trial_intent(&trial, operation->target);
        return store_save_intent(config->context->store, config->name, &intent);
}

static void write_files(Operation *operation)
{
        Failure *failure = g_steal_pointer(&operation->load->failure);

        if (!failure)
                failure = save_intent(operation);
        if (failure) {
                operation_finish(operation, failure);
                return;
        }
        operation->write_back =
                        write_back_new(operation->load->layers, operation->load->is_public ? 0644 : 0600);
        if (operation->resumes)
                failure = expect_active(operation);
        if (failure) {
                fail_with(operation, failure);
                return;
        }
        operation_work(operation, false, write_back_run, operation->write_back, after_write);
}

static void try_next(Operation *operation);

static void after_load(Operation *operation)
{
        Config *config = operation->config;
        Load *load = operation->load;

        if (operation->candidates &&
            (load->failure || (config->document && document_equal(config->document, load->document)))) {
                try_next(operation);
                return;
        }
        if (load->failure) {
                operation_finish(operation, g_steal_pointer(&load->failure));
                return;
        }
        operation_ask(operation, write_files);
}

static Failure *load_target(Operation *operation)
{
        Config *config = operation->config;
        g_autoptr(Version) version = NULL;
        Failure *failure;
        Load *load;

        failure = store_load_version(config->context->store, config->name, operation->target, &version);
        if (failure)
                return failure;
        if (!version || version->state == VERSION_REJECTED)
                return failure_new(FAILURE_NO_SUCH_VERSION,
                                   "version %" G_GUINT64_FORMAT
                                   " of %s is not in the history (see its version "
                                   "history for those that are; max-versions tells how many are kept)",
                                   operation->target, config->name);
        load = load_new_stored(version);
        config_load_with_schema(config->options, config->schema, load);
        load_set_commands(load, config->commands);
        operation_load(operation, load, after_load);
        return NULL;
}

/* Newest first: the next one that may be gone back to. */
static void try_next(Operation *operation)
{
        Config *config = operation->config;
        Failure *failure = NULL;

        while (operation->candidates->len > 0) {
                g_autoptr(Version) candidate = g_ptr_array_steal_index(operation->candidates, 0);

                if (candidate->number >= config->version || candidate->state != VERSION_SUPERSEDED)
                        continue;
                operation->target = candidate->number;
                failure = load_target(operation);
                if (failure)
                        operation_finish(operation, failure);
                return;
        }
        operation_finish(operation,
                         failure_new(FAILURE_NO_SUCH_VERSION,
                                     "%s has no earlier version to go back to that differs from the active "
                                     "one",
                                     config->name));
}

void operation_rollback(Operation *operation)
{
        Config *config = operation->config;
        Failure *failure;

        if (operation->target == 0) {
                failure = store_list_versions(config->context->store, config->name, &operation->candidates);
                if (!failure) {
                        try_next(operation);
                        return;
                }
        } else {
                failure = load_target(operation);
        }
        if (failure)
                operation_finish(operation, failure);
}

void config_resume_rollback(Config *config, uint64_t version)
{
        /* One that would have to be confirmed is not finished, but undone. */
        ConfigRequest request = { .origin = ORIGIN_ROLLBACK,
                                  .author = { .uid = (uid_t) -1 },
                                  .confirm_ms = &(uint32_t){ 0 } };
        Operation *operation;

        /* That it is finished matters more than whose it is. */
        failure_free(store_load_intent_author(config->context->store, config->name, &request.author));
        operation = operation_new(config, operation_rollback, &request);
        g_free(request.author.unit);
        operation->target = version;
        operation->resumes = true;
        operation_submit(operation);
}

void config_rollback(Config *config, uint64_t version, const ConfigRequest *request)
{
        Operation *operation = operation_new(config, operation_rollback, request);

        operation->target = version;
        operation_submit(operation);
}
