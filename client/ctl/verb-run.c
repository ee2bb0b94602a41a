/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl run
 *
 * Runs a program that knows nothing of D-Bus as an instance of a config: what the bus says goes to the
 * runner, what becomes of the program goes to the bus. To whoever started it, it is as much like the program
 * itself as can be: the same descriptors, signals and exit status.
 *
 * What the terminal sends goes to the whole process group, so the program has it already. Somebody else who
 * sends a signal to the group cannot be told from one who sends it to this process alone; then the program
 * gets it twice.
 */
#include "client/ctl/presence.h"
#include "client/ctl/program.h"
#include "client/ctl/runner.h"
#include "client/ctl/verbs.h"

#include <errno.h>
#include <signal.h>

#define SETTLE_USEC (2 * G_USEC_PER_SEC)
#define STOP_USEC (10 * G_USEC_PER_SEC)
#define WAIT_USEC (10 * G_USEC_PER_SEC)

typedef struct Run {
        Context *context;
        const char *config;
        sd_event *event;
        Presence *presence;
        Runner *runner;
        GError *error;
} Run;

/* Those that are sent on. */
static const int passed[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGWINCH, SIGCONT };

static void on_version(void *userdata, uint64_t version)
{
        Run *run = userdata;

        runner_take(run->runner, version);
}

static void leave(Run *run, int status)
{
        if (sd_event_exit(run->event, status) < 0)
                g_error("The event loop cannot be left");
}

static void on_refused(void *userdata, GError *error)
{
        Run *run = userdata;

        run->error = error;
        leave(run, CTL_EXIT_FAILURE);
}

static void on_settled(void *userdata, uint64_t version, const char *failure)
{
        Run *run = userdata;

        if (failure)
                (void) ctl_error_report(g_error_new(CTL_ERROR, CTL_EXIT_FAILURE,
                                                    "%s: version %" G_GUINT64_FORMAT ": %s", run->config,
                                                    version, failure));
        presence_report(run->presence, version, failure);
}

static void on_ended(void *userdata, int status)
{
        leave(userdata, status);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        Run *run = userdata;
        int number = (int) si->ssi_signo;

        if (runner_has_begun(run->runner))
                runner_pass(run->runner, number, si->ssi_code == SI_KERNEL);
        else if (number != SIGWINCH && number != SIGCONT)
                leave(run, PROGRAM_EXIT_SIGNALLED + number);
        return 0;
}

/* Blocks what is heard of through the event loop; ret_mask is what was blocked before. */
static int block_signals(sigset_t *ret_mask)
{
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        for (size_t i = 0; i < G_N_ELEMENTS(passed); i++)
                sigaddset(&mask, passed[i]);
        return sigprocmask(SIG_BLOCK, &mask, ret_mask) < 0 ? -errno : 0;
}

static int listen_to_signals(Run *run)
{
        int r;

        for (size_t i = 0; i < G_N_ELEMENTS(passed); i++) {
                r = sd_event_add_signal(run->event, NULL, passed[i], on_signal, run);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int prepare(Run *run, char **command, const char *name)
{
        const Arguments *arguments = run->context->arguments;
        RunnerOptions options = {
                .config = run->config,
                .command = command,
                .signal = arguments->given & ARGUMENT_RESTART  ? 0
                          : arguments->given & ARGUMENT_SIGNAL ? arguments->signal
                                                               : SIGHUP,
                .settle_usec = arguments->given & ARGUMENT_SETTLE ? arguments->settle_usec : SETTLE_USEC,
                .stop_usec = STOP_USEC,
                .wait_usec = WAIT_USEC,
        };
        const RunnerHandlers runner_handlers = { on_settled, on_ended, run };
        const PresenceHandlers presence_handlers = { on_version, on_refused, run };
        int r;

        r = block_signals(&options.mask);
        if (r < 0)
                return r;
        r = sd_event_default(&run->event);
        if (r < 0)
                return r;
        run->runner = runner_new(run->event, &options, &runner_handlers);
        run->presence = presence_new(run->context, run->event, run->config, name, &presence_handlers);
        return listen_to_signals(run);
}

int verb_run(Context *context, char **words)
{
        const Arguments *arguments = context->arguments;
        g_autofree char *basename = g_path_get_basename(words[1]);
        Run run = { .context = context, .config = words[0] };
        int r;

        if ((~arguments->given & (ARGUMENT_SIGNAL | ARGUMENT_RESTART)) == 0) {
                g_set_error(&run.error, CTL_ERROR, CTL_EXIT_USAGE,
                            "'run' takes either --signal or --restart, not both");
                return ctl_error_report(run.error);
        }
        if (arguments_are_remote(arguments)) {
                g_set_error(&run.error, CTL_ERROR, CTL_EXIT_USAGE,
                            "'run' does not take --host and --machine: the program would run here");
                return ctl_error_report(run.error);
        }
        context->prompts = CONTEXT_PROMPTS_ALL;
        r = prepare(&run, words + 1, arguments->instance_name ? arguments->instance_name : basename);
        if (r < 0)
                g_set_error(&run.error, CTL_ERROR, CTL_EXIT_FAILURE, "cannot prepare for events: %s",
                            g_strerror(-r));
        else if (presence_begin(run.presence, &run.error)) {
                r = sd_event_loop(run.event);
                presence_finish(run.presence);
                if (r < 0)
                        g_set_error(&run.error, CTL_ERROR, CTL_EXIT_FAILURE, "cannot wait for events: %s",
                                    g_strerror(-r));
        }

        presence_free(run.presence);
        runner_free(run.runner);
        sd_event_unref(run.event);
        return run.error ? ctl_error_report(run.error) : r;
}
