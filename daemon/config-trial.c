/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trials: versions that may still go back by themselves
 *
 * A version is on trial while it waits to be confirmed, or while instances have yet to say that they took
 * it. A newer version takes over the trial of the one before: what it goes back to is the last that was
 * through with its own. A deadline counts time in suspend, too, and knows nothing of the wall clock; that
 * and where to go back to are on disk before the version is active.
 */
#include "daemon/config-private.h"

#include <time.h>

/* How soon to try again to go back after it could not be recorded. */
#define RETRY_USEC (5 * G_USEC_PER_SEC)
/* What the wall clock may drift before a deadline is told anew. */
#define DRIFT_USEC (2 * G_USEC_PER_SEC)

uint64_t config_boottime(const Config *config)
{
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (uint64_t) now.tv_sec * G_USEC_PER_SEC + (uint64_t) now.tv_nsec / 1000;
}

/* A deadline in the past is now. */
static uint64_t to_realtime(const Config *config, uint64_t deadline)
{
        uint64_t now = config_boottime(config);

        return (uint64_t) g_get_real_time() + (deadline > now ? deadline - now : 0);
}

Trial operation_trial(const Operation *operation)
{
        const Config *config = operation->config;
        const Options *options = operation->options ?: config->options;
        uint32_t ms = operation->has_confirm_ms ? operation->confirm_ms : options->confirm_ms;
        Trial trial = {
                .back = config->trial.back ?: config->version,
                .document = config->trial.document ?: config->document,
                .voting = options->on_failure == ON_FAILURE_ROLLBACK,
        };

        if (ms > 0) {
                trial.deadline = config_boottime(config) + ms * UINT64_C(1000);
                trial.shown = to_realtime(config, trial.deadline);
        } else if (!operation->has_confirm_ms) {
                /* As it was told before: two readings of two clocks are never quite alike. */
                trial.deadline = config->trial.deadline;
                trial.shown = config_confirm_deadline(config);
        }
        if (config->version == 0 || operation->returns > 0 || (trial.deadline == 0 && !trial.voting) ||
            document_equal(trial.document, operation->load->document))
                return (Trial){ 0 };
        return trial;
}

Intent trial_intent(const Trial *trial, uint64_t instead_of)
{
        return (Intent){
                .number = trial->back,
                .instead_of = instead_of,
                .origin = ORIGIN_TIMEOUT,
                .deadline = trial->shown,
        };
}

Failure *config_save_intent(Config *config)
{
        Intent intent = config->divergence;

        if (intent.number == 0 && config->trial.deadline > 0)
                intent = trial_intent(&config->trial, config->version);
        return store_save_intent(config->context->store, config->name, intent.number > 0 ? &intent : NULL);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Config *config = userdata;
        g_autofree char *reason = g_steal_pointer(&config->return_reason);

        if (!reason)
                reason = g_strdup_printf("version %" G_GUINT64_FORMAT " was not confirmed in time",
                                         config->version);
        else if (config->return_origin == ORIGIN_FAILURE) {
                config_return(config, ORIGIN_FAILURE, reason);
                return 0;
        }
        config_return(config, ORIGIN_TIMEOUT, reason);
        return 0;
}

static void arm_timer(Config *config, uint64_t deadline)
{
        if (!config->trial_timer) {
                /* There is no memory for a timer: then it is too late already. */
                if (sd_event_add_time(config->context->event, &config->trial_timer, CLOCK_BOOTTIME, deadline,
                                      1000, on_timer, config) < 0)
                        (void) on_timer(NULL, 0, config);
                return;
        }
        (void) sd_event_source_set_time(config->trial_timer, deadline);
        (void) sd_event_source_set_enabled(config->trial_timer, SD_EVENT_ONESHOT);
}

void config_end_trial(Config *config)
{
        document_unref(config->trial.document);
        config->trial = (Trial){ 0 };
        config->trial_timer = sd_event_source_disable_unref(config->trial_timer);
        g_clear_pointer(&config->return_reason, g_free);
}

void config_take_trial(Config *config, const Trial *trial)
{
        Trial own = *trial;

        if (own.document)
                (void) document_ref(own.document);
        config_end_trial(config);
        config->trial = own;
        if (own.deadline > 0)
                arm_timer(config, own.deadline);
}

void config_return_later(Config *config, Origin origin, const char *reason)
{
        config->return_origin = origin;
        g_free(config->return_reason);
        config->return_reason = g_strdup(reason);
        arm_timer(config, config_boottime(config) + RETRY_USEC);
}

bool config_is_on_trial(const Config *config)
{
        return config->trial.back > 0;
}

uint64_t config_confirm_deadline(const Config *config)
{
        uint64_t deadline;

        if (config->trial.deadline == 0)
                return 0;
        /* The wall clock may have been set since. */
        deadline = to_realtime(config, config->trial.deadline);
        if (deadline > config->trial.shown ? deadline - config->trial.shown > DRIFT_USEC
                                           : config->trial.shown - deadline > DRIFT_USEC)
                return deadline;
        return config->trial.shown;
}

/* The active version is through with its trial. */
static Failure *confirm(Config *config)
{
        ConfigFacts before = config_facts(config);
        Trial trial = config->trial;
        Failure *failure = NULL;

        config->trial.deadline = 0;
        if (trial.deadline > 0)
                failure = config_save_intent(config);
        if (failure) {
                config->trial = trial;
                return failure;
        }
        /* Whoever confirms speaks for all, and why it could not go back matters no longer. */
        config_end_trial(config);
        if (config->files_state == CONFIG_ACTIVE && !config->pending)
                config->failure = failure_free(config->failure);
        config_tell_properties(config, &before, 0);
        return NULL;
}

static Failure *check_unconfirmed(const Operation *operation)
{
        const Config *config = operation->config;

        if (operation->target == config->version && config->trial.deadline > 0)
                return NULL;
        if (operation->target != config->version)
                return failure_new(FAILURE_NOT_UNCONFIRMED,
                                   "version %" G_GUINT64_FORMAT " of %s is not the active one, which is "
                                   "%" G_GUINT64_FORMAT,
                                   operation->target, config->name, config->version);
        return failure_new(FAILURE_NOT_UNCONFIRMED,
                           "version %" G_GUINT64_FORMAT " of %s does not wait to be confirmed",
                           operation->target, config->name);
}

static void run_confirm(Operation *operation)
{
        Failure *failure = check_unconfirmed(operation);

        operation_finish(operation, failure ?: confirm(operation->config));
}

static Failure *extend(Config *config, uint32_t ms)
{
        ConfigFacts before = config_facts(config);
        Trial trial = config->trial;
        Failure *failure;

        config->trial.deadline = config_boottime(config) + ms * UINT64_C(1000);
        config->trial.shown = to_realtime(config, config->trial.deadline);
        failure = config_save_intent(config);
        if (failure) {
                config->trial = trial;
                return failure;
        }
        arm_timer(config, config->trial.deadline);
        config_tell_properties(config, &before, 0);
        return NULL;
}

static void run_extend(Operation *operation)
{
        Failure *failure = check_unconfirmed(operation);

        operation_finish(operation, failure ?: extend(operation->config, operation->confirm_ms));
}

/*
 * A reload that is under way makes its version only at its end, so nobody has to wait for it who has so much
 * time only; all else has begun to write by now.
 */
static void submit(Operation *operation)
{
        const Config *config = operation->config;

        if (!config->stopped && config->running && config->running->run == operation_reload &&
            !config->running->write_back)
                operation->run(operation);
        else
                operation_submit(operation);
}

void config_confirm(Config *config, uint64_t version, const ConfigRequest *request)
{
        Operation *operation = operation_new(config, run_confirm, request);

        operation->action = AUDIT_CONFIRM;
        operation->target = version;
        submit(operation);
}

void config_extend_confirm(Config *config, uint64_t version, uint32_t ms, const ConfigRequest *request)
{
        Operation *operation = operation_new(config, run_extend, request);

        operation->action = AUDIT_EXTEND;
        operation->target = version;
        operation->confirm_ms = ms;
        submit(operation);
}

/* Its files may hold something else by now, and what it goes back to is wanted until it has. */
static bool is_going_back(const Config *config)
{
        return config->running && config->running->run == operation_return;
}

void config_accept(Config *config, uint64_t version)
{
        if (version != config->version || config->trial.back == 0 || is_going_back(config))
                return;
        if (config->trial.deadline > 0 && config->options->confirm_by == CONFIRM_BY_INSTANCES) {
                g_autoptr(Failure) failure = confirm(config);

                /* What cannot be written down goes back when its time is over. */
                if (!failure)
                        config_audit_confirmed(config);
                return;
        }
        config_end_vote(config, version);
}

void config_end_vote(Config *config, uint64_t version)
{
        if (version != config->version || config->trial.back == 0 || is_going_back(config))
                return;
        config->trial.voting = false;
        if (config->trial.deadline == 0)
                config_end_trial(config);
}

void config_reject(Config *config, uint64_t version, const char *reason)
{
        if (version != config->version || config->trial.back == 0 ||
            config->options->on_failure != ON_FAILURE_ROLLBACK)
                return;
        config_return(config, ORIGIN_FAILURE, reason);
}
