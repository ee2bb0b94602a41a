/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/unit-job.h"

#include "daemon/bus-cleanup.h"
#include "daemon/log.h"
#include "daemon/unit-state.h"

/* What is asked for where the unit has to be started, beside what a ReloadMode is. */
#define ACTION_START N_RELOAD_MODES
#define ERROR_NO_SUCH_UNIT SYSTEMD_NAME ".NoSuchUnit"
/* A job's result where systemd has told of none. */
#define RESULT_NONE ""

static const struct {
        const char *method, *participle;
} actions[] = {
        [RELOAD_MODE_RELOAD] = { "ReloadUnit", "reloaded" },
        [RELOAD_MODE_RELOAD_OR_RESTART] = { "ReloadOrTryRestartUnit", "reloaded or restarted" },
        [RELOAD_MODE_RESTART] = { "TryRestartUnit", "restarted" },
        [ACTION_START] = { "StartUnit", "started" },
};

/* Why something was not done, and what to do; %s, where there is one, is systemctl as it has to be called.
 */
typedef struct Reason {
        const char *name;
        const char *text;
} Reason;

static const Reason error_reasons[] = {
        { ERROR_NO_SUCH_UNIT, "there is no such unit; install it, or correct ReloadUnit= in the drop-in" },
        { SYSTEMD_NAME ".UnitMasked", "it is masked; unmask it, or take ReloadUnit= out of the drop-in" },
        { SYSTEMD_NAME ".JobTypeNotApplicable",
          "it has no ExecReload=; set ReloadMode= in the drop-in to restart or reload-or-restart" },
        { SD_BUS_ERROR_ACCESS_DENIED,
          "systemd does not allow it; reconfd has to be root, or polkit has to let it manage units" },
        { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
          "systemd does not allow it; reconfd has to be root, or polkit has to let it manage units" },
        { SD_BUS_ERROR_SERVICE_UNKNOWN, "systemd is not on this bus; without it, there is 'reconfctl run'" },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER,
          "systemd is not on this bus; without it, there is 'reconfctl run'" },
        { SD_BUS_ERROR_NO_REPLY, "systemd does not answer; see whether '%s status' does" },
        { NULL, "systemd will not do it" },
};

static const Reason result_reasons[] = {
        { "failed", "its job failed; see '%s status %u'" },
        { "timeout", "it took longer than systemd lets it; see '%s status %u'" },
        { "canceled", "its job was canceled, by hand or for another one" },
        { "dependency", "a unit that it needs failed; see '%s list-dependencies %u'" },
        { "skipped", "a condition of it does not hold; see '%s status %u'" },
        { RESULT_NONE, "its job did not end in time; see '%s list-jobs'" },
        { NULL, "its job came to no good end; see '%s status %u'" },
};

struct UnitJob {
        Systemd *systemd;
        char *unit;
        char *unit_path;
        ReloadMode mode;
        bool lift;
        UnitJobDone done;
        void *userdata;

        unsigned action; /* index of actions */
        UnitQuery *query;
        sd_bus_slot *call;
        char *path; /* of the job; NULL until systemd has said it */
        sd_event_source *timer;
        char *message; /* what it failed with */
};

char *unit_path(const char *unit)
{
        char *path;

        if (sd_bus_path_encode(SYSTEMD_UNIT_PATH, unit, &path) < 0)
                g_error("out of memory");
        return path;
}

/* Nothing is awaited any longer. */
static void stop(UnitJob *job)
{
        job->query = unit_query_free(job->query);
        job->call = sd_bus_slot_unref(job->call);
        g_clear_pointer(&job->path, g_free);
}

UnitJob *unit_job_free(UnitJob *job)
{
        if (!job)
                return NULL;

        stop(job);
        sd_event_source_disable_unref(job->timer);
        g_free(job->unit);
        g_free(job->unit_path);
        g_free(job->message);
        g_free(job);
        return NULL;
}

/* The job may be gone when this returns. */
static void finish(UnitJob *job, UnitJobEnd end)
{
        stop(job);
        job->timer = sd_event_source_disable_unref(job->timer);
        job->done(end, job->message, job->userdata);
}

static void explain(UnitJob *job, const Reason *reasons, const char *name, const char *details)
{
        g_autoptr(GString) why = NULL;

        while (reasons->name && g_strcmp0(reasons->name, name) != 0)
                reasons++;
        why = g_string_new(reasons->text);
        g_string_replace(why, "%s", systemd_command(job->systemd), 0);
        g_string_replace(why, "%u", job->unit, 0);
        if (!reasons->name && details)
                g_string_append_printf(why, " (%s)", details);
        g_free(job->message);
        job->message = g_strdup_printf("not %s: %s", actions[job->action].participle, why->str);
}

static void on_state_after(const UnitState *state, const sd_bus_error *error, void *userdata)
{
        finish(userdata, state && unit_state_is_down(state) ? UNIT_JOB_TOOK_DOWN : UNIT_JOB_FAILED);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        UnitJob *job = userdata;

        if (!job->message)
                explain(job, result_reasons, RESULT_NONE, NULL);
        finish(job, UNIT_JOB_FAILED);
        return 0;
}

/* What cannot even be sent fails from the loop, as all else does. */
static void fail_soon(UnitJob *job, int r)
{
        explain(job, error_reasons, NULL, g_strerror(-r));
        if (job->timer)
                (void) sd_event_source_set_time(job->timer, 0);
}

/* Whether it is down now tells what may be done about the next version. */
static void look_after_failure(UnitJob *job)
{
        int r;

        stop(job);
        r = unit_query_new(job->systemd, job->unit_path, on_state_after, job, &job->query);
        if (r < 0)
                fail_soon(job, r);
}

static int on_asked(sd_bus_message *reply, void *userdata, sd_bus_error *unused)
{
        UnitJob *job = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        const char *path;

        job->call = sd_bus_slot_unref(job->call);
        if (error) {
                explain(job, error_reasons, error->name, error->message);
                look_after_failure(job);
        } else if (sd_bus_message_read(reply, "o", &path) > 0) {
                job->path = g_strdup(path);
        }
        return 0;
}

static int call_manager(UnitJob *job, const char *method, const char *job_mode)
{
        return systemd_call(job->systemd, job_mode ? &job->call : NULL, SYSTEMD_PATH,
                            SYSTEMD_MANAGER_INTERFACE, method, job_mode ? on_asked : NULL, job, job->unit,
                            job_mode, NULL);
}

static void ask(UnitJob *job)
{
        int r = 0;

        /* Too many starts in a row are a limit that the last good version must not fail at. */
        if (job->action == ACTION_START)
                r = call_manager(job, "ResetFailedUnit", NULL);
        if (r >= 0)
                r = call_manager(job, actions[job->action].method, "replace");
        if (r < 0)
                fail_soon(job, r);
}

/* What to do about a unit in this state; false where there is nothing to be done. */
static bool choose_action(UnitJob *job, const UnitState *state)
{
        job->action = (unsigned) job->mode;
        if (unit_state_is_between_starts(state) || (job->lift && unit_state_is_down(state)))
                job->action = ACTION_START;
        return job->action == ACTION_START || !unit_state_is_down(state);
}

static void on_state(const UnitState *state, const sd_bus_error *error, void *userdata)
{
        UnitJob *job = userdata;

        if (error) {
                explain(job, error_reasons, error->name, error->message);
                finish(job, UNIT_JOB_FAILED);
        } else if (g_str_equal(state->load, "not-found")) {
                explain(job, error_reasons, ERROR_NO_SUCH_UNIT, NULL);
                finish(job, UNIT_JOB_FAILED);
        } else if (!choose_action(job, state)) {
                finish(job, UNIT_JOB_NOT_RUNNING);
        } else {
                job->query = unit_query_free(job->query);
                ask(job);
        }
}

static void begin(UnitJob *job)
{
        int r;

        stop(job);
        r = unit_query_new(job->systemd, job->unit_path, on_state, job, &job->query);
        if (r < 0)
                fail_soon(job, r);
}

UnitJob *unit_job_new(Systemd *systemd, const char *unit, ReloadMode mode, bool lift, uint64_t limit_usec,
                      UnitJobDone done, void *userdata)
{
        UnitJob *job = g_new(UnitJob, 1);
        int r;

        *job = (UnitJob){
                .systemd = systemd,
                .unit = g_strdup(unit),
                .unit_path = unit_path(unit),
                .mode = mode,
                .lift = lift,
                .done = done,
                .userdata = userdata,
                .action = (unsigned) mode,
        };
        r = sd_event_add_time_relative(systemd_event(systemd), &job->timer, CLOCK_MONOTONIC, limit_usec, 0,
                                       on_timer, job);
        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, NULL, "Failed to set a limit to a job for %s, ignoring: %s",
                           unit, g_strerror(-r));
        begin(job);
        return job;
}

bool unit_job_removed(UnitJob *job, const char *path, const char *result)
{
        if (!job->path || !g_str_equal(job->path, path))
                return false;
        if (g_str_equal(result, "done")) {
                finish(job, UNIT_JOB_DONE);
                return true;
        }
        explain(job, result_reasons, result, result);
        look_after_failure(job);
        return true;
}

void unit_job_replaced(UnitJob *job)
{
        /* One whose end is known needs no other; a call that nobody answers any longer has failed by itself.
         */
        if (job->path)
                begin(job);
}
