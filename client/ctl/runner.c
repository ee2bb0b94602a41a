/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/runner.h"

#include "client/ctl/program.h"
#include "introspection/names.h"

#include <errno.h>
#include <unistd.h>

/* How far off a timer may be. */
#define ACCURACY_USEC 1000

/*
 * Of what is known at once: that the program was asked to end, which comes in at the normal priority, goes
 * before that it ended, and this before that its time has passed.
 */
#define END_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 1)
#define DEADLINE_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 2)

typedef enum RunnerState {
        RUNNER_NEW,
        RUNNER_STARTING, /* settles after its start */
        RUNNER_SETTLING, /* settles after a signal */
        RUNNER_SETTLED,
        RUNNER_STOPPING, /* is to be started again */
        RUNNER_WAITING,  /* ended early; another version may do better */
        RUNNER_ENDED,
} RunnerState;

struct Runner {
        sd_event *event;
        RunnerOptions options;
        RunnerHandlers handlers;

        RunnerState state;
        uint64_t version;
        bool behind;               /* started before the version came, and not told of it */
        bool asked;                /* somebody wants it to end */
        int status;                /* of the program that ended last */
        pid_t pid;                 /* 0 while there is none */
        sd_event_source *child;    /* while there is one */
        sd_event_source *deadline; /* of the state */
};

Runner *runner_new(sd_event *event, const RunnerOptions *options, const RunnerHandlers *handlers)
{
        Runner *runner = g_new0(Runner, 1);

        runner->event = sd_event_ref(event);
        runner->options = *options;
        runner->handlers = *handlers;
        return runner;
}

Runner *runner_free(Runner *runner)
{
        if (!runner)
                return NULL;

        sd_event_source_disable_unref(runner->child);
        sd_event_source_disable_unref(runner->deadline);
        sd_event_unref(runner->event);
        g_free(runner);
        return NULL;
}

static void end(Runner *runner)
{
        runner->deadline = sd_event_source_disable_unref(runner->deadline);
        runner->state = RUNNER_ENDED;
        runner->handlers.ended(runner->handlers.userdata, runner->status);
}

/* The program may have ended this very moment. */
static void send_signal(Runner *runner, int number)
{
        if (runner->child)
                (void) sd_event_source_send_child_signal(runner->child, number, NULL, 0);
}

static int on_deadline(sd_event_source *source, uint64_t time, void *userdata);

static void enter(Runner *runner, RunnerState state, uint64_t usec)
{
        runner->state = state;
        runner->deadline = sd_event_source_disable_unref(runner->deadline);
        if (sd_event_add_time_relative(runner->event, &runner->deadline, CLOCK_MONOTONIC, usec,
                                       ACCURACY_USEC, on_deadline, runner) < 0 ||
            sd_event_source_set_priority(runner->deadline, DEADLINE_PRIORITY) < 0)
                g_error("Out of memory");
}

static void approve(Runner *runner)
{
        runner->state = RUNNER_SETTLED;
        runner->handlers.settled(runner->handlers.userdata, runner->version, NULL);
}

/* Without any time to settle, to have been told or started is enough. */
static void settle(Runner *runner, RunnerState state)
{
        if (runner->options.settle_usec > 0)
                enter(runner, state, runner->options.settle_usec);
        else
                approve(runner);
}

/* Tells the program of the version. */
static void tell(Runner *runner)
{
        runner->behind = false;
        runner->asked = false;
        send_signal(runner, runner->options.signal);
        settle(runner, RUNNER_SETTLING);
}

static void stop(Runner *runner)
{
        runner->asked = false;
        send_signal(runner, SIGTERM);
        enter(runner, RUNNER_STOPPING, runner->options.stop_usec);
}

static int on_deadline(sd_event_source *source, uint64_t time, void *userdata)
{
        Runner *runner = userdata;

        runner->deadline = sd_event_source_disable_unref(runner->deadline);
        switch (runner->state) {
        case RUNNER_STARTING:
        case RUNNER_SETTLING:
                if (runner->behind)
                        tell(runner);
                else
                        approve(runner);
                break;
        case RUNNER_STOPPING:
                send_signal(runner, SIGKILL);
                break;
        case RUNNER_WAITING:
                end(runner);
                break;
        default:
                break;
        }
        return 0;
}

static void fail(Runner *runner, const char *failure)
{
        runner->handlers.settled(runner->handlers.userdata, runner->version, failure);
        if (runner->options.signal == 0)
                enter(runner, RUNNER_WAITING, runner->options.wait_usec);
        else
                end(runner);
}

static char *explain_end(const Runner *runner, const siginfo_t *si)
{
        g_autofree char *text = program_describe_end(si);
        const char *hint = "";

        if (si->si_code == CLD_EXITED && si->si_status == 0)
                hint = "; it has to stay in the foreground";
        else if (runner->state == RUNNER_SETTLING && si->si_code != CLD_EXITED &&
                 si->si_status == runner->options.signal)
                hint = ", by which it was told of the version: it does not handle that";
        return g_strdup_printf("the program %s%s", text, hint);
}

static void start(Runner *runner);

static int on_end(sd_event_source *source, const siginfo_t *si, void *userdata)
{
        Runner *runner = userdata;
        bool early = runner->state == RUNNER_STARTING || runner->state == RUNNER_SETTLING;

        runner->child = sd_event_source_disable_unref(runner->child);
        runner->pid = 0;
        runner->deadline = sd_event_source_disable_unref(runner->deadline);
        runner->status = program_status(si);

        if (runner->asked)
                end(runner);
        else if (runner->state == RUNNER_STOPPING)
                start(runner);
        else if (early) {
                g_autofree char *failure = explain_end(runner, si);

                fail(runner, failure);
        } else
                end(runner);
        return 0;
}

static char **make_environment(const Runner *runner)
{
        char version[32];
        char **environment = g_get_environ();

        g_snprintf(version, sizeof version, "%" G_GUINT64_FORMAT, runner->version);
        environment = g_environ_setenv(environment, RECONF_ENV_CONFIG, runner->options.config, TRUE);
        return g_environ_setenv(environment, RECONF_ENV_VERSION, version, TRUE);
}

static int start_program(Runner *runner)
{
        g_auto(GStrv) environment = make_environment(runner);
        int r;

        r = program_start(runner->options.command, environment, &runner->options.mask,
                          runner->options.signal, &runner->pid);
        if (r < 0)
                return r;
        r = sd_event_add_child(runner->event, &runner->child, runner->pid, WEXITED, on_end, runner);
        if (r >= 0)
                r = sd_event_source_set_priority(runner->child, END_PRIORITY);
        if (r < 0)
                g_error("The program cannot be waited for: %s", g_strerror(-r));
        return 0;
}

static void start(Runner *runner)
{
        int r;

        runner->behind = false;
        runner->asked = false;
        r = start_program(runner);
        if (r < 0) {
                g_autofree char *failure = g_strdup_printf("'%s' cannot be executed: %s",
                                                           runner->options.command[0], g_strerror(-r));

                runner->status = program_status_of_errno(r);
                runner->handlers.settled(runner->handlers.userdata, runner->version, failure);
                end(runner);
                return;
        }
        settle(runner, RUNNER_STARTING);
}

void runner_take(Runner *runner, uint64_t version)
{
        if (version == runner->version && runner->state != RUNNER_NEW && runner->state != RUNNER_WAITING)
                return;

        runner->version = version;
        switch (runner->state) {
        case RUNNER_NEW:
        case RUNNER_WAITING:
                start(runner);
                break;
        case RUNNER_STARTING:
                if (runner->options.signal > 0)
                        runner->behind = true;
                else
                        stop(runner);
                break;
        case RUNNER_SETTLING:
        case RUNNER_SETTLED:
                if (runner->options.signal > 0)
                        tell(runner);
                else
                        stop(runner);
                break;
        case RUNNER_STOPPING:
        case RUNNER_ENDED:
                break;
        }
}

bool runner_has_begun(const Runner *runner)
{
        return runner->state != RUNNER_NEW;
}

/* From a terminal, SIGHUP says that it is gone; from elsewhere, mostly that there is something to be read
 * again. */
static bool asks_to_end(int number, bool from_terminal)
{
        return number == SIGTERM || number == SIGINT || number == SIGQUIT ||
               (number == SIGHUP && from_terminal);
}

void runner_pass(Runner *runner, int number, bool from_terminal)
{
        if (asks_to_end(number, from_terminal)) {
                runner->asked = true;
                if (runner->state == RUNNER_WAITING) {
                        end(runner);
                        return;
                }
        }
        /* A program may have left the group, as shells do. */
        if (runner->pid > 0 && !(from_terminal && getpgid(runner->pid) == getpgrp()))
                send_signal(runner, number);
}
