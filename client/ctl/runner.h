/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runner: a program, kept on the newest version of its config
 *
 * A version has proven itself when the program, having been told of it, lives on for the time to settle; it
 * has failed when the program ends before. The runner knows no bus: it is given versions, and says what
 * became of them. All runs in the event loop, where SIGCHLD has to be blocked.
 *
 * With a signal, a new version is told of by it, and the end of the program is the end. While the program
 * starts it is told nothing, since it may not handle the signal yet, which would kill it. With restarts, the
 * program is ended and started again, and one that failed is started again with the next version, if that
 * comes soon.
 *
 * A program that was asked to end by somebody else says nothing about a version when it does.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef struct Runner Runner;

typedef struct RunnerOptions {
        const char *config;
        char *const *command; /* NULL-terminated */
        sigset_t mask;        /* the signals blocked in the program */
        int signal;           /* to tell of a version; 0: restart */
        uint64_t settle_usec; /* to live on for; 0: a version is good at once */
        uint64_t stop_usec;   /* to end within, when restarted; then it is killed */
        uint64_t wait_usec;   /* for another version, after one that failed a restart */
} RunnerOptions;

typedef struct RunnerHandlers {
        /* failure is NULL for a version that has proven itself, else what the program came to. */
        void (*settled)(void *userdata, uint64_t version, const char *failure);
        /* There will be no program any more: the status to exit with. Called once. */
        void (*ended)(void *userdata, int status);
        void *userdata;
} RunnerHandlers;

/* Both structures are copied, what they point to is not. */
Runner *runner_new(sd_event *event, const RunnerOptions *options, const RunnerHandlers *handlers);
/* Ends no program. */
Runner *runner_free(Runner *runner);

/* The newest version; the first starts the program, and the same again starts again one that failed. */
void runner_take(Runner *runner, uint64_t version);
/* Whether a program was ever to be started. */
bool runner_has_begun(const Runner *runner);
/*
 * A signal that the runner's own process got. It is sent on to the program, unless the program got it as
 * well, as it does what a terminal sends to a process group.
 */
void runner_pass(Runner *runner, int number, bool from_terminal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Runner, runner_free)
