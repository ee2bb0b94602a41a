/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a command printed, as problems
 *
 * A line "file:line:column: message" or "file:line: message" is a problem with its place, where the file is
 * absolute or the one that the command was given, under whatever name it knew it. All other lines together
 * are the text of one more. Output is text from outside: it is made valid UTF-8, and what could steer a
 * terminal is taken out of it.
 */
#pragma once

#include "daemon/model/failure.h"

#define COMMAND_MAX_PROBLEMS 100U

typedef struct CommandReport {
        FailureCode code;
        FailureStage stage;
        const char *file;    /* of the config, that all this is about */
        const char *copy;    /* where the command found it; or NULL for standard input */
        const char *summary; /* what became of the command */
        bool is_telling;     /* the summary stands first, since it is news or nothing else may be quoted */
        const GByteArray *output;
} CommandReport;

/* Never NULL: where nothing was printed the summary is the problem. */
Failure *command_report_to_failure(const CommandReport *report);
