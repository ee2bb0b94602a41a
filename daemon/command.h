/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands: a program that somebody else wrote, run and waited for
 *
 * No shell, an environment of PATH and LANG alone, a session of its own, limits on time, memory and output,
 * and no privileges: where the daemon is root the program is an ordinary user, or root without capabilities.
 * Where systemd runs it becomes a transient service in a sandbox, elsewhere a child under a supervisor;
 * either way nothing that it has started is left when command_run() returns, unless the kernel cannot end
 * it.
 *
 * Blocks until then: to be called by a worker.
 */
#pragma once

#include "daemon/settings.h"

#include <sys/types.h>

#define COMMAND_MAX_MEMORY (512U * 1024 * 1024)
#define COMMAND_MAX_TASKS 128U /* where systemd runs */
#define COMMAND_MAX_FILES 256U
#define COMMAND_MAX_FILE_SIZE (64U * 1024 * 1024)

typedef struct Command {
        char *const *words; /* the program's absolute path first */
        Scope scope;        /* whose service manager may run it */
        uid_t uid;          /* to run as, where the daemon is root */
        gid_t gid;
        GBytes *input;         /* on its standard input, or NULL for none */
        const char *directory; /* that it has to see, whatever else is hidden from it; or NULL */
        const char *file;      /* in there: removed with it should the daemon be no more by then */
        bool merged;           /* what it writes to standard error is output, too */
        size_t max_output;     /* bytes; whoever writes more is killed */
        size_t max_errors;     /* likewise for standard error where that is not merged */
        uint64_t timeout_usec;
        const int *cancelled; /* ends it when not 0; atomic; or NULL */
} Command;

typedef enum CommandEnd {
        COMMAND_EXITED,
        COMMAND_KILLED,
        COMMAND_TIMED_OUT,
        COMMAND_FLOODED,
        COMMAND_CANCELLED,
        COMMAND_NOT_STARTED,
} CommandEnd;

typedef struct CommandResult {
        CommandEnd end;
        int status; /* exit status, signal or errno */
        GByteArray *output;
        GByteArray *errors;
} CommandResult;

/* result need not be initialized. */
void command_run(const Command *command, CommandResult *ret);
void command_result_clear(CommandResult *result);
/* True if it ran to its end and had nothing to object. */
bool command_result_is_good(const CommandResult *result);
/* What became of it, as in "/bin/false exited with status 1". */
char *command_describe(const Command *command, const CommandResult *result);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CommandResult, command_result_clear)
