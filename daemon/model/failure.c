/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/failure.h"

#include <string.h>

/* Bytes of a path or message. */
#define MAX_TEXT 2048U

static const char *const code_names[N_FAILURE_CODES] = {
        [FAILURE_NO_SUCH_CONFIG] = "NoSuchConfig",
        [FAILURE_ALREADY_REGISTERED] = "AlreadyRegistered",
        [FAILURE_INVALID_NAME] = "InvalidName",
        [FAILURE_INVALID_PATH] = "InvalidPath",
        [FAILURE_INVALID_ARGUMENT] = "InvalidArgument",
        [FAILURE_NO_SUCH_PATH] = "NoSuchPath",
        [FAILURE_NO_SUCH_VERSION] = "NoSuchVersion",
        [FAILURE_NO_SUCH_INSTANCE] = "NoSuchInstance",
        [FAILURE_NOT_LOADED] = "NotLoaded",
        [FAILURE_FILE_NOT_FOUND] = "FileNotFound",
        [FAILURE_FILE_UNREADABLE] = "FileUnreadable",
        [FAILURE_WRITE_FAILED] = "WriteFailed",
        [FAILURE_TOO_LARGE] = "TooLarge",
        [FAILURE_TOO_DEEP] = "TooDeep",
        [FAILURE_PARSE_FAILED] = "ParseFailed",
        [FAILURE_VALIDATION_FAILED] = "ValidationFailed",
        [FAILURE_VERSION_CONFLICT] = "VersionConflict",
        [FAILURE_NOT_EDITABLE] = "NotEditable",
        [FAILURE_NOT_UNCONFIRMED] = "NotUnconfirmed",
        [FAILURE_BUSY] = "Busy",
        [FAILURE_LIMIT_EXCEEDED] = "LimitExceeded",
        [FAILURE_ACCESS_DENIED] = "AccessDenied",
};

static const char *const stage_names[N_FAILURE_STAGES] = {
        [FAILURE_STAGE_NONE] = "",
        [FAILURE_STAGE_READ] = "read",
        [FAILURE_STAGE_DECODE] = "decode",
        [FAILURE_STAGE_PARSE] = "parse",
        [FAILURE_STAGE_MERGE] = "merge",
        [FAILURE_STAGE_SCHEMA] = "schema",
        [FAILURE_STAGE_VALIDATOR] = "validator",
        [FAILURE_STAGE_COMMAND] = "command",
        [FAILURE_STAGE_INSTANCE] = "instance",
};

const char *failure_code_to_string(FailureCode code)
{
        return code_names[code];
}

const char *failure_stage_to_string(FailureStage stage)
{
        return stage_names[stage];
}

static void problem_free(void *data)
{
        Problem *problem = data;

        g_free(problem->path);
        g_free(problem->file);
        g_free(problem->message);
        g_free(problem);
}

/* Keys may be as long as files; what is told about them may not. Takes the text. */
static char *shorten(char *text)
{
        g_autofree char *whole = text;
        const char *end;

        if (strlen(text) <= MAX_TEXT)
                return g_steal_pointer(&whole);
        end = g_utf8_find_prev_char(text, text + MAX_TEXT) ?: text;
        return g_strdup_printf("%.*s…", (int) (end - text), text);
}

/* Takes the message. */
static void add_problem(Failure *failure, const char *file, uint32_t line, uint32_t column, const char *path,
                        char *message)
{
        Problem *problem = g_new(Problem, 1);

        *problem = (Problem){
                .path = shorten(g_strdup(path ?: "")),
                .file = g_strdup(file ?: ""),
                .line = line,
                .column = column,
                .message = shorten(message),
        };
        g_ptr_array_add(failure->problems, problem);
}

static Failure *new_with_message(FailureCode code, FailureStage stage, const char *file, uint32_t line,
                                 uint32_t column, const char *path, char *message)
{
        Failure *failure = g_new(Failure, 1);

        *failure = (Failure){
                .code = code,
                .stage = stage,
                .problems = g_ptr_array_new_full(1, problem_free),
        };
        add_problem(failure, file, line, column, path, message);
        return failure;
}

Failure *failure_new(FailureCode code, const char *format, ...)
{
        va_list arguments;
        char *message;

        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return new_with_message(code, FAILURE_STAGE_NONE, NULL, 0, 0, NULL, message);
}

Failure *failure_new_at(FailureCode code, FailureStage stage, const char *file, uint32_t line,
                        uint32_t column, const char *path, const char *format, ...)
{
        va_list arguments;
        char *message;

        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return new_with_message(code, stage, file, line, column, path, message);
}

void failure_add_problem(Failure *failure, const char *file, uint32_t line, uint32_t column,
                         const char *path, const char *format, ...)
{
        va_list arguments;
        char *message;

        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        add_problem(failure, file, line, column, path, message);
}

static void *problem_copy(const void *data, void *userdata)
{
        const Problem *problem = data;
        Problem *copy = g_new(Problem, 1);

        *copy = *problem;
        copy->path = g_strdup(problem->path);
        copy->file = g_strdup(problem->file);
        copy->message = g_strdup(problem->message);
        return copy;
}

static bool problem_equal(const Problem *a, const Problem *b)
{
        return a->line == b->line && a->column == b->column && g_str_equal(a->path, b->path) &&
               g_str_equal(a->file, b->file) && g_str_equal(a->message, b->message);
}

bool failure_equal(const Failure *a, const Failure *b)
{
        if (a->code != b->code || a->stage != b->stage || a->problems->len != b->problems->len)
                return false;
        for (guint i = 0; i < a->problems->len; i++)
                if (!problem_equal(g_ptr_array_index(a->problems, i), g_ptr_array_index(b->problems, i)))
                        return false;
        return true;
}

Failure *failure_copy(const Failure *failure)
{
        Failure *copy = g_new(Failure, 1);

        *copy = *failure;
        copy->problems = g_ptr_array_copy(failure->problems, problem_copy, NULL);
        return copy;
}

Failure *failure_free(Failure *failure)
{
        if (!failure)
                return NULL;

        g_ptr_array_unref(failure->problems);
        g_free(failure);
        return NULL;
}

char *failure_format(const Failure *failure)
{
        const Problem *first = g_ptr_array_index(failure->problems, 0);
        GString *text = g_string_new(NULL);

        if (*first->file)
                g_string_append(text, first->file);
        if (first->line > 0)
                g_string_append_printf(text, ":%" G_GUINT32_FORMAT, first->line);
        if (first->line > 0 && first->column > 0)
                g_string_append_printf(text, ":%" G_GUINT32_FORMAT, first->column);
        if (text->len > 0)
                g_string_append(text, ": ");
        g_string_append(text, first->message);
        if (failure->problems->len > 1)
                g_string_append_printf(text, " (and %u more)", failure->problems->len - 1);
        return g_string_free(text, FALSE);
}
