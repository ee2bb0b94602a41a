/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of command.h: what both ways to run a command share
 *
 * command.c has the descriptors and the choice, command-child.c the child and its supervisor,
 * command-systemd.c the transient service.
 */
#pragma once

#include "daemon/command.h"

#include <poll.h>

/* How often a command that runs is looked after. */
#define COMMAND_TICK_MSEC 20

/* A command's standard input, output and error. */
typedef struct Streams {
        int theirs[3]; /* what it gets */
        int ours[2];   /* where its output and errors can be read; -1 once they have ended */
        CommandResult *result;
        size_t max[2];
} Streams;

/* Sets result up. Zero, or negative errno; streams_close() is due either way. */
int streams_open(Streams *streams, const Command *command, CommandResult *result);
/* The command has them by now, or never will. */
void streams_close_theirs(Streams *streams);
void streams_close(Streams *streams);
/* Entries for poll(). */
void streams_poll(const Streams *streams, struct pollfd fds[static 2]);
/* Takes what is there without waiting. False if that is more than may be. */
bool streams_read(Streams *streams);

/* NULL-terminated. */
extern const char *const command_environment[];

/* True if it is to end now, and then the result says why. */
bool command_is_over(const Command *command, uint64_t deadline, CommandResult *result);

/* Runs it as a child of this process. */
void command_run_child(const Command *command, CommandResult *result);
/* Runs it as a transient service. False where that cannot be had: then nothing has run. */
bool command_run_service(const Command *command, CommandResult *result);
