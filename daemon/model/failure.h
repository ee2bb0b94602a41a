/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failures: what went wrong with input, as a value
 *
 * A function that can be defeated by what it is given returns a Failure, or NULL when all went well. A
 * failure carries a code, which becomes the name of the error on the bus, the stage of a reload that it
 * ended, and one problem or several with their places in the files. Nothing here is about the program
 * itself: memory that runs out ends the process (GLib), and errno of a system call is put into the message.
 *
 * Paths and messages that keys make longer than 2 KiB are cut.
 *
 * Messages say what was expected and what was found. They never quote a value out of a config: they may
 * reach a log, and a log has readers that the config does not have.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum FailureCode {
        FAILURE_NO_SUCH_CONFIG,
        FAILURE_ALREADY_REGISTERED,
        FAILURE_INVALID_NAME,
        FAILURE_INVALID_PATH,
        FAILURE_INVALID_ARGUMENT,
        FAILURE_NO_SUCH_PATH,
        FAILURE_NO_SUCH_VERSION,
        FAILURE_NO_SUCH_INSTANCE,
        FAILURE_NOT_LOADED,
        FAILURE_FILE_NOT_FOUND,
        FAILURE_FILE_UNREADABLE,
        FAILURE_WRITE_FAILED,
        FAILURE_TOO_LARGE,
        FAILURE_TOO_DEEP,
        FAILURE_PARSE_FAILED,
        FAILURE_VALIDATION_FAILED,
        FAILURE_VERSION_CONFLICT,
        FAILURE_NOT_EDITABLE,
        FAILURE_NOT_UNCONFIRMED,
        FAILURE_BUSY,
        FAILURE_LIMIT_EXCEEDED,
        FAILURE_ACCESS_DENIED,
        N_FAILURE_CODES,
} FailureCode;

/* The step of a reload that failed; FAILURE_STAGE_NONE outside a reload. */
typedef enum FailureStage {
        FAILURE_STAGE_NONE,
        FAILURE_STAGE_READ,
        FAILURE_STAGE_DECODE,
        FAILURE_STAGE_PARSE,
        FAILURE_STAGE_MERGE,
        FAILURE_STAGE_SCHEMA,
        FAILURE_STAGE_VALIDATOR,
        FAILURE_STAGE_COMMAND,
        FAILURE_STAGE_INSTANCE,
        N_FAILURE_STAGES,
} FailureStage;

typedef struct Problem {
        char *path;      /* dotted path, "" where unknown */
        char *file;      /* "" where unknown */
        uint32_t line;   /* from 1, 0 where unknown */
        uint32_t column; /* likewise, in characters */
        char *message;
} Problem;

typedef struct Failure {
        FailureCode code;
        FailureStage stage;
        GPtrArray *problems; /* of Problem, at least one */
} Failure;

/* The last part of the bus error's name, as in "ParseFailed". */
const char *failure_code_to_string(FailureCode code);
/* The stage's name, as in "parse". */
const char *failure_stage_to_string(FailureStage stage);

/* A failure with one problem that has no place. */
Failure *failure_new(FailureCode code, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A failure with one problem at a line and column of a file; path and file may be NULL. */
Failure *failure_new_at(FailureCode code, FailureStage stage, const char *file, uint32_t line,
                        uint32_t column, const char *path, const char *format, ...) G_GNUC_PRINTF(7, 8);
/* True if both tell the same problems. */
bool failure_equal(const Failure *a, const Failure *b);
/* One more problem; path and file may be NULL. */
void failure_add_problem(Failure *failure, const char *file, uint32_t line, uint32_t column,
                         const char *path, const char *format, ...) G_GNUC_PRINTF(6, 7);
Failure *failure_copy(const Failure *failure);
Failure *failure_free(Failure *failure);

/* What to tell a person: the first problem as "file:line:column: message", with a count of the others. */
char *failure_format(const Failure *failure);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Failure, failure_free)
