/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Returns: what a config does by itself to go back
 *
 * Nobody is asked, since the version was good once, and nothing keeps the document from going back: where
 * the files cannot be written, they are tried again later, and until then the config has diverged from them.
 * Only the bytes of the version that goes are replaced; what somebody saved since then is a candidate of its
 * own.
 */
#include "daemon/config-private.h"

static Operation *new_return(Config *config, Origin origin, const char *reason)
{
        ConfigRequest request = { .origin = origin, .author = { .uid = (uid_t) -1 }, .message = reason };
        Operation *operation = operation_new(config, operation_return, &request);

        operation->target = config->trial.back;
        operation->returns = config->version;
        return operation;
}

void config_return(Config *config, Origin origin, const char *reason)
{
        if (config->trial.back == 0)
                return;
        operation_submit(new_return(config, origin, reason));
        /* Programs that look at a newer candidate take their time, and would be asked again after each save.
         */
        (void) operation_start_over(config);
}

/*
 * Tells once why it does not go back, or its files do not. They are not at fault, so nothing changes but
 * what there is to tell.
 */
static void tell_failure(const Operation *operation, Failure *failure)
{
        Config *config = operation->config;
        const Load *load = operation->load;
        bool is_public = config->files_are_public && config->version_is_public && (!load || load->is_public);

        if (failure->stage == FAILURE_STAGE_NONE)
                failure->stage = FAILURE_STAGE_READ;
        if (config->failure && failure_equal(config->failure, failure))
                return;
        STATISTICS_COUNT(&config->statistics, failures[failure->stage]);
        failure_free(config->failure);
        config->failure = failure_copy(failure);
        config->failure_is_public = is_public;
        g_clear_pointer(&config->failed_hashes, g_array_unref);
        config->context->observer->failed(config, failure, is_public, config->context->userdata);
}

/* The version stays for now, and so does what is written down about it. */
static void give_up(Operation *operation, Failure *failure)
{
        Config *config = operation->config;

        tell_failure(operation, failure);
        config_return_later(config, operation->origin, operation->message);
        operation_finish(operation, failure);
}

void config_note_return(Config *config)
{
        uint64_t now = config_boottime(config);

        g_array_append_val(config->returns, now);
        while (now - g_array_index(config->returns, uint64_t, 0) > config->context->return_period_usec)
                g_array_remove_index(config->returns, 0);
        if (config->returns->len < config->context->return_limit)
                return;
        config->suspended = true;
        /* Where it cannot be written down, it holds until the end of the process. */
        failure_free(store_save_suspended(config->context->store, config->name, true));
}

Failure *config_resume(Config *config)
{
        ConfigFacts before = config_facts(config);
        Failure *failure = store_save_suspended(config->context->store, config->name, false);

        if (failure)
                return failure;
        config->suspended = false;
        g_array_set_size(config->returns, 0);
        config_tell_properties(config, &before, 0);
        return NULL;
}

Intent operation_divergence(const Operation *operation)
{
        return (Intent){
                .number = operation->target,
                .instead_of = operation->returns,
                .origin = ORIGIN_REVERT,
        };
}

/* What it went back to is what was active: another schema may read both alike. There is no new version then.
 */
static void end_unchanged(Config *config)
{
        ConfigFacts before = config_facts(config);

        config_end_trial(config);
        failure_free(config_save_intent(config));
        config_tell_properties(config, &before, 0);
}

static void after_write(Operation *operation)
{
        Config *config = operation->config;
        Failure *failure;

        operation->diverges = write_back_take_failure(operation->write_back);
        operation->skips = write_back_has_skipped(operation->write_back);
        if (!operation->diverges && !operation->skips)
                operation->load->is_public = write_back_is_public(operation->write_back);
        failure = operation_restore_recipe(operation);
        if (!failure)
                failure = config_commit(config, operation, operation->target);
        if (failure) {
                give_up(operation, failure);
                return;
        }
        if (config->version == operation->returns)
                end_unchanged(config);
        if (operation->diverges)
                tell_failure(operation, operation->diverges);
        if (operation->skips && !config_will_look(config))
                config->context->observer->due(config, config->context->userdata);
        operation_finish(operation, NULL);
}

static Failure *begin_write(Operation *operation)
{
        Config *config = operation->config;
        g_autoptr(GPtrArray) unwanted = NULL;
        Failure *failure = NULL;

        /* One that waits to be confirmed is written down already. */
        if (config->trial.deadline == 0) {
                Intent intent = trial_intent(&config->trial, config->version);

                intent.origin = operation->origin;
                failure = store_save_intent(config->context->store, config->name, &intent);
        }
        if (!failure)
                failure = store_load_unwanted(config->context->store, config->name, operation->instead_of,
                                              &unwanted);
        if (failure)
                return failure;
        operation->write_back =
                        write_back_new(operation->load->layers, operation->load->is_public ? 0644 : 0600);
        write_back_expect(operation->write_back, unwanted, WRITE_BACK_SKIP);
        operation_work(operation, false, write_back_run, operation->write_back, after_write);
        return NULL;
}

static void after_load(Operation *operation)
{
        Failure *failure = g_steal_pointer(&operation->load->failure);

        operation->loading = false;
        if (!failure)
                failure = begin_write(operation);
        if (failure)
                give_up(operation, failure);
}

/* Somebody may have made another version, or confirmed this one, while it waited for its turn. */
static bool is_settled(const Operation *operation)
{
        const Config *config = operation->config;

        if (operation->returns != config->version || config->trial.back == 0)
                return true;
        return operation->origin == ORIGIN_TIMEOUT && config->trial.deadline > config_boottime(config);
}

/* Once for a version, however often it is tried. */
static void tell_why(const Operation *operation)
{
        Config *config = operation->config;
        g_autoptr(Failure) failure = failure_new_at(FAILURE_VALIDATION_FAILED, FAILURE_STAGE_INSTANCE, NULL,
                                                    0, 0, NULL, "%s", operation->message);

        config->trial.told = true;
        STATISTICS_COUNT(&config->statistics, failures[FAILURE_STAGE_INSTANCE]);
        config->context->observer->failed(config, failure,
                                          config->files_are_public && config->version_is_public,
                                          config->context->userdata);
}

void operation_return(Operation *operation)
{
        Config *config = operation->config;
        g_autoptr(Version) version = NULL;
        Failure *failure;
        Load *load;

        if (is_settled(operation)) {
                operation_finish(operation, NULL);
                return;
        }
        if (operation->origin == ORIGIN_FAILURE && !config->trial.told)
                tell_why(operation);
        failure = store_load_version(config->context->store, config->name, operation->target, &version);
        if (!failure && !version)
                failure = failure_new(FAILURE_NO_SUCH_VERSION,
                                      "version %" G_GUINT64_FORMAT
                                      " of %s, to go back to, is not in the history",
                                      operation->target, config->name);
        if (failure) {
                give_up(operation, failure);
                return;
        }
        load = load_new_stored(version);
        config_load_with_schema(config->options, config->schema, load);
        load->lenient = true;
        load_set_commands(load, config->commands);
        operation_load(operation, load, after_load);
}

static void after_mend(Operation *operation)
{
        Config *config = operation->config;
        Failure *failure = write_back_take_failure(operation->write_back);
        ConfigFacts before = config_facts(config);

        operation->write_back = write_back_free(operation->write_back);
        operation->mended = true;
        if (!failure) {
                Intent divergence = config->divergence;

                config->divergence = (Intent){ 0 };
                failure = config_save_intent(config);
                if (failure)
                        config->divergence = divergence;
        }
        if (failure) {
                tell_failure(operation, failure);
                operation_finish(operation, failure);
                return;
        }
        config->failure = failure_free(config->failure);
        config_tell_properties(config, &before, 0);
        operation_repeat(operation);
}

void operation_mend(Operation *operation)
{
        Config *config = operation->config;
        const Intent *intent = &config->divergence;
        g_autoptr(Version) wanted = NULL, unwanted = NULL;
        Failure *failure;

        failure = store_load_version(config->context->store, config->name, intent->number, &wanted);
        if (!failure)
                failure = store_load_version(config->context->store, config->name, intent->instead_of,
                                             &unwanted);
        if (failure) {
                operation_finish(operation, failure);
                return;
        }
        if (!wanted || !unwanted) {
                /* Nothing tells any longer what would have to be done. */
                config->divergence = (Intent){ 0 };
                operation_repeat(operation);
                return;
        }
        operation->write_back = write_back_new(wanted->layers, wanted->is_public ? 0644 : 0600);
        write_back_expect(operation->write_back, unwanted->layers, WRITE_BACK_SKIP);
        operation_work(operation, false, write_back_run, operation->write_back, after_mend);
}

void config_recover(Config *config)
{
        g_autoptr(Failure) failure = NULL;
        Operation *operation;
        Intent intent;

        failure_free(store_load_suspended(config->context->store, config->name, &config->suspended));
        failure = store_load_intent(config->context->store, config->name, &intent);
        if (failure || intent.number == 0)
                return;
        if (intent.origin == ORIGIN_ROLLBACK) {
                config_resume_rollback(config, intent.number);
                return;
        }
        if (!config->document || config->version == intent.number || intent.origin == ORIGIN_REVERT) {
                config->divergence = intent;
                return;
        }
        /* It is late already, whatever time would have been left: nobody was there to confirm it. */
        config->trial = (Trial){ .back = intent.number, .deadline = 1 };
        operation = new_return(
                        config, intent.origin,
                        intent.origin == ORIGIN_FAILURE
                                        ? "reconfd was started again after an instance failed to take it"
                                        : "reconfd was started again before it was confirmed");
        operation->instead_of = intent.instead_of;
        operation_submit(operation);
}
