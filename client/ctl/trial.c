/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/trial.h"

#include "client/ctl/settings.h"

#include <string.h>

#define MAX_SIZE (10U * 1024 * 1024)

static const char *get_text(const Node *options, const char *name)
{
        const Member *member = options && options->kind == NODE_MAP
                                               ? node_find_member(options, name, strlen(name))
                                               : NULL;

        return member && member->value.kind == NODE_STRING ? member->value.string : NULL;
}

TrialOptions trial_options_from_properties(const Document *properties)
{
        const Node *options = value_get(properties, "Options");
        const char *format = get_text(options, "format");
        const char *merge = get_text(options, "merge");
        const char *schema = value_get_string(properties, "Schema");
        const Member *defaults = options && options->kind == NODE_MAP
                                                 ? node_find_member(options, "defaults", strlen("defaults"))
                                                 : NULL;
        TrialOptions result = {
                .format = format ? format_from_string(format) : FORMAT_NONE,
                .separator = get_text(options, "env-separator"),
                .schema = schema && *schema ? schema : NULL,
                .defaults = defaults && defaults->value.kind == NODE_BOOLEAN && defaults->value.boolean,
        };

        if (merge)
                (void) merge_mode_from_string(merge, &result.merge);
        return result;
}

TrialOptions trial_options_from_settings(const GPtrArray *settings)
{
        TrialOptions result = { 0 };

        for (guint i = 0; i < settings->len; i++) {
                const char *name = settings->pdata[i];
                const char *text = strchr(name, '=') + 1;

                if (g_str_has_prefix(name, "format="))
                        result.format = format_from_string(text);
                else if (g_str_has_prefix(name, "merge="))
                        (void) merge_mode_from_string(text, &result.merge);
                else if (g_str_has_prefix(name, "env-separator="))
                        result.separator = text;
                else if (g_str_has_prefix(name, "schema="))
                        result.schema = text;
                else if (g_str_has_prefix(name, "defaults="))
                        (void) settings_parse_boolean(text, &result.defaults);
        }
        return result;
}

static bool has_formats(char *const *files, Format format)
{
        for (; *files; files++)
                if (load_format(*files, format) == FORMAT_NONE)
                        return false;
        return true;
}

Load *trial_run(char *const *files, const TrialOptions *options, bool lenient)
{
        Load *load = load_new(files, options->format, options->merge, options->separator, MAX_SIZE);

        if (!has_formats(files, options->format)) {
                load->failure = failure_new(FAILURE_INVALID_ARGUMENT, "the format of a file is not known");
                return load;
        }
        if (options->schema)
                load_set_schema(load, options->schema, NULL, 0, options->defaults);
        load->lenient = lenient;
        load_run(load);
        return load;
}

Failure *trial_check(const char *name, Format format, GBytes *bytes, const TrialOptions *options,
                     Schema *schema)
{
        char *const files[] = { (char *) name, NULL };
        g_autoptr(Document) document = NULL;
        Failure *failure;
        gsize length;
        const char *data = g_bytes_get_data(bytes, &length);

        failure = decode(format, name, 0, data ?: "", length, options->separator, &document);
        if (failure || !schema)
                return failure;
        if (format == FORMAT_ENV || format == FORMAT_INI) {
                g_autoptr(Document) before = g_steal_pointer(&document);

                document = schema_coerce(schema, before, 1);
        }
        if (options->defaults) {
                g_autoptr(Document) before = g_steal_pointer(&document);
                g_autoptr(GPtrArray) filled = NULL;

                document = schema_fill_defaults(schema, before, &filled);
        }
        return schema_validate(schema, document, files, true);
}
