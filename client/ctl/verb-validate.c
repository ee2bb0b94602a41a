/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl validate
 *
 * With a config's name the service is asked, which knows the config's other files and all that is to say
 * yes. With a schema no service is needed, nor a bus: for a build that checks what it is about to ship.
 */
#include "client/ctl/parse.h"
#include "client/ctl/problems.h"
#include "client/ctl/text.h"
#include "client/ctl/trial.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"
#include "daemon/load-schema.h"

#include <string.h>

#define STANDARD_INPUT "<stdin>"

static const char *display_name(const char *file)
{
        return g_str_equal(file, "-") ? STANDARD_INPUT : file;
}

static int show(Context *context, const GPtrArray *problems, Sources *sources)
{
        if (context->arguments->json != JSON_OFF) {
                Json *json = json_new(context->arguments->json);

                problems_append_json(json, problems);
                context_show_json(context, json);
        } else if (problems->len > 0) {
                GString *text = g_string_new(NULL);

                problems_append(text, problems, sources, &context->style, 0);
                context_show(context, g_string_free(text, FALSE));
        }
        return problems->len > 0 ? CTL_EXIT_BAD_FILE : CTL_EXIT_SUCCESS;
}

static void say_good(Context *context, const char *name)
{
        g_autofree char *escaped = text_escape(name);

        if (context->arguments->json == JSON_OFF)
                context_say(context, g_strdup_printf("%s: no problems", escaped));
}

static bool parse_format(const Arguments *arguments, Format *ret, GError **error)
{
        *ret = arguments->format ? format_from_string(arguments->format) : FORMAT_NONE;
        if (!arguments->format || *ret != FORMAT_NONE)
                return true;
        g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "--format= takes yaml, json, env or ini, not '%s'",
                    arguments->format);
        return false;
}

static bool find_format(const Arguments *arguments, const char *file, Format *ret, GError **error)
{
        if (!parse_format(arguments, ret, error))
                return false;
        *ret = load_format(file, *ret);
        if (*ret != FORMAT_NONE)
                return true;
        g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                    "%s: the name does not tell the format\n"
                    "Give it with --format=, as yaml, json, env or ini.",
                    display_name(file));
        return false;
}

/* One file against the schema. */
static void check_file(Context *context, const char *file, Format format, const Marks *marks,
                       GPtrArray *problems, Sources *sources)
{
        const Arguments *arguments = context->arguments;
        const TrialOptions options = { .separator = arguments->separator, .defaults = arguments->defaults };
        const char *name = display_name(file);
        g_autoptr(Failure) failure = NULL;
        g_autoptr(GBytes) bytes = NULL;

        failure = sources_read(file, &bytes);
        if (!failure) {
                failure = trial_check(name, format, bytes, &options, marks_schema(marks));
                if (failure)
                        sources_add(sources, name, format, bytes);
        }
        if (failure)
                problems_add(problems, failure, name);
        else
                say_good(context, name);
}

static int check_files(Context *context, char **files)
{
        const Arguments *arguments = context->arguments;
        g_autoptr(GPtrArray) problems = problems_new();
        g_autoptr(Sources) sources = NULL;
        g_autoptr(Marks) marks = NULL;
        g_autofree char *path = NULL;
        GError *error = NULL;

        for (char **file = files; *file; file++) {
                Format format;

                if (!find_format(arguments, *file, &format, &error))
                        return ctl_error_report(error);
        }
        path = parse_file(arguments->schema, &error);
        if (!path)
                return ctl_error_report(error);

        marks = marks_new(path);
        sources = sources_new(arguments->show_secrets ? NULL : marks, FORMAT_NONE, arguments->separator);
        if (!marks_schema(marks))
                problems_add(problems, marks_failure(marks), path);
        for (; *files && marks_schema(marks); files++) {
                Format format;

                if (find_format(arguments, *files, &format, NULL))
                        check_file(context, *files, format, marks, problems, sources);
        }
        return show(context, problems, sources);
}

/* Where a candidate comes from, and what it goes by. */
typedef struct Candidate {
        const char *config;
        const char *file; /* as it is shown */
        GBytes *bytes;
        Format format;
} Candidate;

static bool read_candidate(Context *context, char **words, const Node *files, Candidate *ret, GError **error)
{
        const char *file = words[1];
        Failure *failure;

        ret->config = words[0];
        if (!parse_format(context->arguments, &ret->format, error))
                return false;
        if (file && ret->format == FORMAT_NONE)
                ret->format = format_from_file(file);
        if (!file && files && files->kind == NODE_LIST && files->length > 0)
                file = files->list->items[0].string;
        if (!file) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_FAILURE, "%s: the service tells no file of it",
                            ret->config);
                return false;
        }

        ret->file = display_name(file);
        failure = sources_read(file, &ret->bytes);
        if (failure) {
                g_autofree char *message = failure_format(failure);

                g_set_error_literal(error, CTL_ERROR, CTL_EXIT_BAD_FILE, message);
                failure_free(failure);
                return false;
        }
        return true;
}

static GPtrArray *ask(Context *context, const Candidate *candidate, const Document *properties,
                      GError **error)
{
        const char *format = candidate->format == FORMAT_NONE ? "" : format_to_string(candidate->format);
        g_autofree char *content = NULL;
        sd_bus_message *reply = NULL;
        GPtrArray *problems = NULL;
        gsize length;
        const char *data = g_bytes_get_data(candidate->bytes, &length);

        content = g_strndup(data ?: "", length);
        if (!context_call(context, candidate->config, "Validate", &reply, error, "ss", content, format))
                return NULL;
        (void) ctl_error_check_answer(problems_read(reply, value_get(properties, "Files"),
                                                    value_get_string(properties, "Schema"), &problems),
                                      error);
        sd_bus_message_unref(reply);
        return problems;
}

/* A bus carries no bytes that are no text, but what is wrong with them is known here as well. */
static GPtrArray *check_bytes(const Candidate *candidate, const Document *properties)
{
        const char *usual = value_get_string(properties, "Format");
        Format format = candidate->format == FORMAT_NONE ? format_from_string(usual ?: "")
                                                         : candidate->format;
        const TrialOptions options = trial_options_from_properties(properties);
        g_autoptr(Failure) failure = NULL;
        GPtrArray *problems = problems_new();

        if (format != FORMAT_NONE)
                failure = trial_check(candidate->file, format, candidate->bytes, &options, NULL);
        if (!failure)
                failure = failure_new(FAILURE_PARSE_FAILED, "expected UTF-8 without NUL characters");
        problems_add(problems, failure, candidate->file);
        return problems;
}

static int validate(Context *context, const Candidate *candidate, const Document *properties)
{
        const Node *files = value_get(properties, "Files");
        g_autoptr(Marks) marks = marks_new_for(context->arguments, value_get_string(properties, "Schema"));
        g_autoptr(Sources) sources = sources_new_for(context->arguments, properties, marks);
        g_autoptr(GPtrArray) problems = NULL;
        Format format = candidate->format;
        GError *error = NULL;
        gsize length;
        const char *data = g_bytes_get_data(candidate->bytes, &length);

        if (g_utf8_validate_len(data ?: "", length, NULL))
                problems = ask(context, candidate, properties, &error);
        else
                problems = check_bytes(candidate, properties);
        if (error)
                return ctl_error_report(error);

        if (format == FORMAT_NONE)
                format = format_from_string(value_get_string(properties, "Format") ?: "");
        sources_add(sources, candidate->file, format, candidate->bytes);
        if (files && files->kind == NODE_LIST && files->length > 0)
                problems_rename_file(problems, files->list->items[0].string, candidate->file);
        if (problems->len == 0)
                say_good(context, candidate->file);
        return show(context, problems, sources);
}

static int check_config(Context *context, char **words)
{
        g_autoptr(Document) properties = NULL;
        Candidate candidate = { 0 };
        GError *error = NULL;
        int status;

        properties = context_get_properties(context, words[0], &error);
        if (!properties ||
            !read_candidate(context, words, value_get(properties, "Files"), &candidate, &error))
                return ctl_error_report(error);
        status = validate(context, &candidate, properties);
        g_bytes_unref(candidate.bytes);
        return status;
}

int verb_validate(Context *context, char **words)
{
        const Arguments *arguments = context->arguments;
        GError *error = NULL;

        if (arguments->schema)
                return check_files(context, words);
        if (words[1] && words[2])
                g_set_error(&error, CTL_ERROR, CTL_EXIT_USAGE,
                            "'validate' takes several files with --schema= only\n"
                            "Usage: reconfctl validate NAME [FILE]\n"
                            "       reconfctl validate --schema=PATH FILE...");
        else if (arguments->defaults || arguments->separator)
                g_set_error(&error, CTL_ERROR, CTL_EXIT_USAGE,
                            "'validate' takes --defaults and --env-separator with --schema= only; a config "
                            "has "
                            "its own");
        else if (!words[1] && arguments_are_remote(arguments))
                g_set_error(&error, CTL_ERROR, CTL_EXIT_USAGE,
                            "'validate' takes a FILE with --host and --machine; that of the config is not "
                            "here");
        return error ? ctl_error_report(error) : check_config(context, words);
}
