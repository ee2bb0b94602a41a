/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl schema
 *
 * The schema that a config is held against, as it stands in its file; or a first draft of one.
 */
#include "client/ctl/sources.h"
#include "client/ctl/text.h"
#include "client/ctl/verbs.h"
#include "daemon/load-schema.h"
#include "daemon/model/schema/infer.h"

#include <stdio.h>

static bool set_failure(Failure *failure, GError **error)
{
        g_autofree char *message = NULL;

        if (!failure)
                return true;
        message = failure_format(failure);
        g_set_error_literal(error, CTL_ERROR, CTL_EXIT_BAD_FILE, message);
        failure_free(failure);
        return false;
}

static bool draft(Context *context, const char *file, GError **error)
{
        const Arguments *arguments = context->arguments;
        Format format = format_from_file(file);
        g_autoptr(Document) document = NULL;
        g_autoptr(Document) schema = NULL;
        g_autoptr(GBytes) bytes = NULL;
        Json *json;
        gsize length;
        const char *data;

        if (format == FORMAT_NONE && arguments->format)
                format = format_from_string(arguments->format);
        if (format == FORMAT_NONE) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                            "%s: the name does not tell the format\n"
                            "Give it with --format=, as yaml, json, env or ini.",
                            file);
                return false;
        }
        if (!set_failure(sources_read(file, &bytes), error))
                return false;
        data = g_bytes_get_data(bytes, &length);
        if (!set_failure(decode(format, file, 0, data ?: "", length, arguments->separator, &document),
                         error))
                return false;

        schema = schema_infer(document);
        json = json_new(arguments->json == JSON_SHORT ? JSON_SHORT : JSON_PRETTY);
        json_add_node(json, document_root(schema));
        context_show_json(context, json);
        return true;
}

static void show_text(Context *context, GBytes *bytes)
{
        gsize length;
        const char *data = g_bytes_get_data(bytes, &length);

        if (context->style.terminal) {
                g_autofree char *text = g_strndup(data ?: "", length);
                GString *escaped = g_string_new(NULL);

                text_append(escaped, text, TEXT_LINES);
                context_show(context, g_string_free(escaped, FALSE));
        } else {
                (void) fwrite(data ?: "", 1, length, stdout);
        }
}

static bool print(Context *context, const char *name, GError **error)
{
        g_autoptr(Document) properties = context_get_properties(context, name, error);
        const char *path = properties ? value_get_string(properties, "Schema") : NULL;
        g_autoptr(Document) document = NULL;
        g_autoptr(GBytes) bytes = NULL;

        if (!properties)
                return false;
        if (!path || !*path) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_NOT_FOUND,
                            "%s: has no schema\n"
                            "'reconfctl schema --infer FILE' drafts one.",
                            name);
                return false;
        }
        if (arguments_are_remote(context->arguments)) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_FAILURE,
                            "%s: its schema is a file of another machine: %s", name, path);
                return false;
        }
        if (context->arguments->json != JSON_OFF) {
                Json *json;

                if (!set_failure(load_open_schema(path, &document, NULL), error))
                        return false;
                json = json_new(context->arguments->json);
                json_add_node(json, document_root(document));
                context_show_json(context, json);
                return true;
        }
        if (!set_failure(sources_read(path, &bytes), error))
                return false;
        show_text(context, bytes);
        return true;
}

int verb_schema(Context *context, char **words)
{
        GError *error = NULL;
        bool infers = context->arguments->given & ARGUMENT_INFER;

        if (!infers && (context->arguments->given & (ARGUMENT_FORMAT | ARGUMENT_SEPARATOR)))
                g_set_error(&error, CTL_ERROR, CTL_EXIT_USAGE,
                            "'schema' takes --format and --env-separator with --infer only");
        else if (infers)
                draft(context, words[0], &error);
        else
                print(context, words[0], &error);
        return error ? ctl_error_report(error) : CTL_EXIT_SUCCESS;
}
