/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl status
 *
 * Says at a glance whether a config's files took, and what is wrong where they did not.
 */
#include "client/ctl/config-list.h"
#include "client/ctl/history.h"
#include "client/ctl/instance-table.h"
#include "client/ctl/problems.h"
#include "client/ctl/status-parts.h"
#include "client/ctl/text.h"
#include "client/ctl/timestamp.h"
#include "client/ctl/trial.h"
#include "client/ctl/value-text.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"

#include <string.h>

#define OPTIONS_WIDTH 64U

/* What is known of one config; what may not be read is NULL. */
typedef struct Status {
        Document *properties;
        GPtrArray *history;
        GPtrArray *problems;
        GPtrArray *instances;
        Standings *standings;
        Marks *marks;
        Sources *sources;
        GPtrArray *filled; /* of char *: places that hold what the schema's defaults gave */
} Status;

static void status_clear(Status *status)
{
        document_unref(status->properties);
        g_clear_pointer(&status->history, g_ptr_array_unref);
        g_clear_pointer(&status->problems, g_ptr_array_unref);
        g_clear_pointer(&status->instances, g_ptr_array_unref);
        standings_free(status->standings);
        g_clear_pointer(&status->filled, g_ptr_array_unref);
        sources_free(status->sources);
        marks_free(status->marks);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Status, status_clear)

static char **get_files(const Document *properties)
{
        const Node *files = value_get(properties, "Files");
        GPtrArray *names = g_ptr_array_new();

        for (uint32_t i = 0; files && files->kind == NODE_LIST && i < files->length; i++)
                if (files->list->items[i].kind == NODE_STRING)
                        g_ptr_array_add(names, g_strdup(files->list->items[i].string));
        g_ptr_array_add(names, NULL);
        return (char **) g_ptr_array_free(names, FALSE);
}

/* Only the schema and the files tell; NULL where they cannot be read. */
static GPtrArray *find_filled(const Document *properties)
{
        const TrialOptions options = trial_options_from_properties(properties);
        g_auto(GStrv) files = get_files(properties);
        g_autoptr(Load) load = NULL;

        if (!options.schema || !options.defaults || !*files)
                return NULL;
        load = trial_run(files, &options, true);
        return load->failure || !load->filled ? NULL : g_ptr_array_ref(load->filled);
}

/* Properties are for all; history and problems only for those who can read the files. */
static bool status_get(Context *context, const char *name, Status *status, GError **error)
{
        status->properties = context_get_properties(context, name, error);
        if (!status->properties)
                return false;
        status->history = history_get(context, name, NULL);
        status->problems = problems_get(context, name, status->properties);
        status->instances = instance_list_get(context, name, NULL);
        status->standings = standings_new(context);
        standings_set(status->standings, name, value_get_unsigned(status->properties, "Version"),
                      status->history);
        status->marks = marks_new_for(context->arguments, value_get_string(status->properties, "Schema"));
        status->sources = sources_new_for(context->arguments, status->properties, status->marks);
        if (!arguments_are_remote(context->arguments))
                status->filled = find_filled(status->properties);
        return true;
}

static bool status_is_good(const Status *status)
{
        const char *state = value_get_string(status->properties, "State");

        return state && (g_str_equal(state, "active") || g_str_equal(state, "unconfirmed"));
}

static void append_field(GString *out, const char *label, const char *text)
{
        status_append_label(out, label);
        text_append(out, text, TEXT_LINE);
        g_string_append_c(out, '\n');
}

static void append_switch(GString *out, const char *label, bool value, const char *on, const char *off)
{
        append_field(out, label, value ? on : off);
}

static void append_head(GString *out, Context *context, const Status *status)
{
        const Style *style = &context->style;
        const char *state = value_get_string(status->properties, "State");
        const char *name = value_get_string(status->properties, "Name");
        Accent accent = config_state_accent(state ? state : "");
        g_autofree char *command = context_command(context);
        g_autofree char *meaning = status_explain(status->properties, command, (uint64_t) g_get_real_time());

        g_string_append_printf(out, "%s%s%s %s%s%s\n", style_begin(style, accent), style_dot(style),
                               style_end(style, accent), style_begin(style, ACCENT_STRONG),
                               name ? name : "?", style_end(style, ACCENT_STRONG));
        status_append_label(out, "State");
        g_string_append_printf(out, "%s%s%s", style_begin(style, accent), state ? state : "?",
                               style_end(style, accent));
        if (meaning)
                g_string_append_printf(out, " (%s)", meaning);
        g_string_append_c(out, '\n');
}

static void append_version(GString *out, const Status *status)
{
        const HistoryEntry *active = status->history ? history_active(status->history) : NULL;
        uint64_t version = value_get_unsigned(status->properties, "Version");
        g_autofree char *text = NULL, *time = NULL;

        if (version == 0)
                text = g_strdup("none yet");
        else if (active && active->version == version) {
                time = timestamp_format_both(active->time);
                text = g_strdup_printf("%" G_GUINT64_FORMAT " (%s), since %s", version, active->origin,
                                       time);
        } else
                text = g_strdup_printf("%" G_GUINT64_FORMAT, version);
        append_field(out, "Version", text);
}

static void append_files(GString *out, const Node *files)
{
        for (uint32_t i = 0; files && files->kind == NODE_LIST && i < files->length; i++) {
                status_append_label(out, i == 0 ? "Files" : "");
                text_append(out, files->list->items[i].string, TEXT_LINE);
                g_string_append_c(out, '\n');
        }
}

/* As many to a line as fit beside the label. */
static void append_options(GString *out, const Node *options)
{
        size_t width = 0;

        if (!options || options->kind != NODE_MAP || options->length == 0)
                return;
        for (uint32_t i = 0; i < options->length; i++) {
                g_autoptr(GString) option = g_string_new(options->map->members[i].key);

                g_string_append_c(option, '=');
                value_append_flow(option, &options->map->members[i].value);
                if (i > 0 && width + option->len < OPTIONS_WIDTH) {
                        g_string_append_c(out, ' ');
                        width++;
                } else {
                        g_string_append(out, i > 0 ? "\n" : "");
                        status_append_label(out, i > 0 ? "" : "Options");
                        width = 0;
                }
                g_string_append(out, option->str);
                width += option->len;
        }
        g_string_append_c(out, '\n');
}

static void append_filled(GString *out, const GPtrArray *filled)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; filled && i < filled->len; i++)
                g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (const char *) filled->pdata[i]);
        if (text->len > 0)
                append_field(out, "Defaults", text->str);
}

static void append_problems(GString *out, const Style *style, const Status *status)
{
        if (!status->problems || status->problems->len == 0)
                return;

        g_string_append_c(out, '\n');
        problems_append(out, status->problems, status->sources, style, 0);
}

static void append_instances(GString *out, const Style *style, const Status *status)
{
        g_autoptr(Table) table = instance_table_new(false);
        g_autofree char *text = NULL;

        if (!status->instances || status->instances->len == 0)
                return;
        instance_table_add_all(table, status->instances, status->standings);
        text = table_format(table, style);
        g_string_append_printf(out, "\n%s", text);
}

static void append_status(GString *out, Context *context, const Status *status)
{
        const Style *style = &context->style;
        const Document *properties = status->properties;
        const char *format = value_get_string(properties, "Format");
        const char *schema = value_get_string(properties, "Schema");
        g_autofree char *time = timestamp_format_both(value_get_unsigned(properties, "LastReload"));

        append_head(out, context, status);
        append_version(out, status);
        append_files(out, value_get(properties, "Files"));
        append_field(out, "Format", format ? format : "?");
        if (schema && *schema)
                append_field(out, "Schema", schema);
        append_filled(out, status->filled);
        append_field(out, "Last reload", time);
        append_switch(out, "Hot reload", value_get_boolean(properties, "HotReload"), "on", "off");
        append_switch(out, "Public", value_get_boolean(properties, "Public"), "yes",
                      "no; signals go to those who may read the files");
        append_options(out, value_get(properties, "Options"));
        if (status->history)
                status_append_versions(out, status->history, style);
        append_problems(out, style, status);
        append_instances(out, style, status);
}

static void append_status_json(Json *json, const Status *status)
{
        const Node *properties = document_root(status->properties);

        json_open_object(json);
        for (uint32_t i = 0; i < properties->length; i++) {
                json_add_key(json, properties->map->members[i].key);
                json_add_node(json, &properties->map->members[i].value);
        }
        if (status->problems) {
                json_add_key(json, "Problems");
                problems_append_json(json, status->problems);
        }
        if (status->filled) {
                json_add_key(json, "Defaults");
                json_open_array(json);
                for (guint i = 0; i < status->filled->len; i++)
                        json_add_string(json, status->filled->pdata[i]);
                json_close(json);
        }
        if (status->history) {
                json_add_key(json, "Versions");
                status_append_versions_json(json, status->history);
        }
        if (status->instances) {
                g_autoptr(Table) table = instance_table_new(false);

                json_add_key(json, "Instances");
                instance_table_add_all(table, status->instances, status->standings);
                table_append_json(table, json);
        }
        json_close(json);
}

static int show_configs(Context *context, char **names)
{
        bool as_json = context->arguments->json != JSON_OFF;
        g_autoptr(Json) json = json_new(context->arguments->json);
        GString *text = g_string_new(NULL);
        int result = CTL_EXIT_SUCCESS;

        json_open_array(json);
        for (; *names; names++) {
                g_auto(Status) status = { 0 };
                GError *error = NULL;
                int found;

                if (!status_get(context, *names, &status, &error)) {
                        found = ctl_error_report(error);
                } else {
                        found = status_is_good(&status) ? CTL_EXIT_SUCCESS : CTL_EXIT_BAD_FILE;
                        g_string_append(text, text->len > 0 ? "\n" : "");
                        append_status(text, context, &status);
                        append_status_json(json, &status);
                }
                result = result == CTL_EXIT_SUCCESS ? found : result;
        }
        json_close(json);

        if (as_json)
                context_show_json(context, g_steal_pointer(&json));
        else
                context_show(context, g_strdup(text->str));
        g_string_free(text, TRUE);
        return result;
}

static int compare_states(const void *a, const void *b)
{
        return strcmp(a, b);
}

/* "12 (10 active, 2 invalid)". */
static char *format_states(const GPtrArray *configs)
{
        g_autoptr(GTree) counts = g_tree_new(compare_states);
        GString *text = g_string_new(NULL);

        for (guint i = 0; i < configs->len; i++) {
                char *state = ((ListedConfig *) configs->pdata[i])->state;
                guint count = GPOINTER_TO_UINT(g_tree_lookup(counts, state));

                g_tree_replace(counts, state, GUINT_TO_POINTER(count + 1));
        }
        g_string_append_printf(text, "%u", configs->len);
        for (GTreeNode *node = g_tree_node_first(counts); node; node = g_tree_node_next(node))
                g_string_append_printf(text, "%s%u %s", node == g_tree_node_first(counts) ? " (" : ", ",
                                       GPOINTER_TO_UINT(g_tree_node_value(node)),
                                       (char *) g_tree_node_key(node));
        g_string_append(text, configs->len > 0 ? ")" : "");
        return g_string_free(text, FALSE);
}

static int show_service(Context *context)
{
        g_autoptr(Document) properties = NULL;
        g_autoptr(GPtrArray) configs = NULL;
        g_autofree char *states = NULL;
        const char *environment;
        GError *error = NULL;
        GString *text;

        properties = context_get_properties(context, NULL, &error);
        configs = properties ? config_list_get(context, &error) : NULL;
        if (!configs)
                return ctl_error_report(error);

        if (context->arguments->json != JSON_OFF) {
                Json *json = json_new(context->arguments->json);

                json_add_node(json, document_root(properties));
                context_show_json(context, json);
                return CTL_EXIT_SUCCESS;
        }

        environment = value_get_string(properties, "Environment");
        states = format_states(configs);
        text = g_string_new(NULL);
        g_string_append_printf(text, "%s%s%s reconfd\n", style_begin(&context->style, ACCENT_GOOD),
                               style_dot(&context->style), style_end(&context->style, ACCENT_GOOD));
        append_field(text, "Version", value_get_string(properties, "Version"));
        append_field(text, "Environment", environment && *environment ? environment : "none");
        append_switch(text, "Hot reload", value_get_boolean(properties, "HotReload"), "on", "off");
        append_field(text, "Configs", states);
        append_field(text, "Epoch", value_get_string(properties, "Epoch"));
        context_show(context, g_string_free(text, FALSE));
        return CTL_EXIT_SUCCESS;
}

int verb_status(Context *context, char **words)
{
        return *words ? show_configs(context, words) : show_service(context);
}
