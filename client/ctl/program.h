/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Program: starting another one, and what to say of its end
 *
 * It gets the descriptors and the process group of its parent, so that to a terminal both are one job. The
 * kernel sends it SIGTERM when the parent ends, however that comes about; not so where what it executes has
 * rights of its own (set-user-ID, file capabilities), which takes that arrangement back.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* 128 and more, as shells do it, for what a signal ended; these where nothing could be executed. */
#define PROGRAM_EXIT_SIGNALLED 128
#define PROGRAM_EXIT_NOT_EXECUTABLE 126
#define PROGRAM_EXIT_NOT_FOUND 127

/*
 * Executes a command (NULL-terminated, looked for in PATH) with that environment and that mask of blocked
 * signals. A signal that it is to be told by, or 0, is not ignored even where we were started that way, as
 * nohup(1) does: a shell that finds it ignored cannot be made to hear it. Returns when it is being executed:
 * 0, or the negative errno that kept it from that, no process being left.
 */
int program_start(char *const *command, char *const *environment, const sigset_t *mask, int told,
                  pid_t *ret);
/* The status to exit with for an errno of program_start(). */
int program_status_of_errno(int r);

/* Of what waitid() says about the end: the status to exit with, and the words for it, to be freed: "exited
 * with status 3", "was killed by SIGSEGV". */
int program_status(const siginfo_t *end);
char *program_describe_end(const siginfo_t *end);

/* A signal by its name, with SIG before it or without, or by its number. False for what is none. */
bool program_parse_signal(const char *text, int *ret);
/* False for KILL and STOP, which no program hears of. */
bool program_can_handle(int number);
/* "SIGHUP"; "signal 34" for those that have no name. To be freed. */
char *program_signal_name(int number);
