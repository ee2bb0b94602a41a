/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/problems.h"

#include "client/ctl/text.h"
#include "client/ctl/value.h"

#include <stdio.h>
#include <string.h>

static void problem_free(void *data)
{
        ConfigProblem *problem = data;

        g_free(problem->path);
        g_free(problem->file);
        g_free(problem->message);
        g_free(problem);
}

GPtrArray *problems_new(void)
{
        return g_ptr_array_new_with_free_func(problem_free);
}

/* In the order in which a file is read, whatever the order of paths; what has no place comes last. */
static int compare_places(const void *a, const void *b)
{
        const ConfigProblem *first = *(ConfigProblem *const *) a, *second = *(ConfigProblem *const *) b;
        int order = strcmp(first->file, second->file);

        if (order != 0)
                return *first->file && *second->file ? order : -order;
        if (first->line == 0 || second->line == 0)
                return (first->line == 0) - (second->line == 0);
        if (first->line != second->line)
                return first->line < second->line ? -1 : 1;
        return (first->column > second->column) - (first->column < second->column);
}

/* A schema may refer to others in its directory, so all names there are taken for such. */
static size_t find_schema(const char *message, const char *schema)
{
        const char *slash = schema ? strrchr(schema, '/') : NULL;
        const char *end;

        if (!slash || strncmp(message, schema, (size_t) (slash - schema) + 1) != 0)
                return 0;
        end = strstr(message, ": ");
        return end ? (size_t) (end - message) : 0;
}

/* How much of the message is "FILE: ", and which file that is. */
static size_t find_file(const char *message, const Node *files, const char *schema, char **ret_file)
{
        uint32_t n_files = files && files->kind == NODE_LIST ? files->length : 0;
        size_t length;

        for (uint32_t i = 0; i < n_files; i++) {
                const Node *file = &files->list->items[i];

                if (g_str_has_prefix(message, file->string) &&
                    g_str_has_prefix(message + file->length, ": ")) {
                        *ret_file = g_strdup(file->string);
                        return file->length + 2;
                }
        }
        length = find_schema(message, schema);
        if (length > 0) {
                *ret_file = g_strndup(message, length);
                return length + 2;
        }
        *ret_file = g_strdup(n_files == 1 ? files->list->items[0].string : "");
        return 0;
}

int problems_read(sd_bus_message *m, const Node *files, const char *schema, GPtrArray **ret)
{
        g_autoptr(GPtrArray) problems = problems_new();
        const char *path, *message;
        uint32_t line, column;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(suus)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(suus)", &path, &line, &column, &message)) > 0) {
                ConfigProblem *problem = g_new(ConfigProblem, 1);
                char *file;
                size_t skip = find_file(message, files, schema, &file);

                *problem = (ConfigProblem){
                        .path = g_strdup(path),
                        .file = file,
                        .line = line,
                        .column = column,
                        .message = g_strdup(message + skip),
                };
                g_ptr_array_add(problems, problem);
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        g_ptr_array_sort(problems, compare_places);
        *ret = g_steal_pointer(&problems);
        return 0;
}

void problems_add(GPtrArray *problems, const Failure *failure, const char *file)
{
        g_autoptr(GPtrArray) added = g_ptr_array_new();

        for (guint i = 0; i < failure->problems->len; i++) {
                const Problem *found = failure->problems->pdata[i];
                ConfigProblem *problem = g_new(ConfigProblem, 1);

                *problem = (ConfigProblem){
                        .path = g_strdup(found->path),
                        .file = g_strdup(*found->file ? found->file : file),
                        .line = found->line,
                        .column = found->column,
                        .message = g_strdup(found->message),
                };
                g_ptr_array_add(added, problem);
        }
        g_ptr_array_sort(added, compare_places);
        g_ptr_array_extend(problems, added, NULL, NULL);
}

void problems_rename_file(GPtrArray *problems, const char *from, const char *to)
{
        for (guint i = 0; i < problems->len; i++) {
                ConfigProblem *problem = problems->pdata[i];

                if (!g_str_equal(problem->file, from))
                        continue;
                g_free(problem->file);
                problem->file = g_strdup(to);
        }
}

bool problems_are_there_still(const Document *properties)
{
        const char *state = value_get_string(properties, "State");

        return state && !g_str_equal(state, "active") && !g_str_equal(state, "unconfirmed");
}

GPtrArray *problems_get(Context *context, const char *config, const Document *properties)
{
        sd_bus_message *reply = NULL;
        GPtrArray *problems = NULL;

        if (!context_call(context, config, "GetProblems", &reply, NULL, NULL))
                return NULL;
        (void) problems_read(reply, value_get(properties, "Files"), value_get_string(properties, "Schema"),
                             &problems);
        sd_bus_message_unref(reply);
        return problems;
}

char *problem_format(const ConfigProblem *problem)
{
        GString *out = g_string_new(NULL);

        if (*problem->file) {
                text_append(out, problem->file, TEXT_LINE);
                g_string_append_c(out, ':');
        }
        if (problem->line > 0)
                g_string_append_printf(out, "%u:%u:", problem->line, problem->column);
        if (out->len > 0)
                g_string_append_c(out, ' ');
        if (*problem->path) {
                text_append(out, problem->path, TEXT_LINE);
                g_string_append(out, ": ");
        }
        text_append(out, problem->message, TEXT_LINE);
        return g_string_free(out, FALSE);
}

void problems_append(GString *out, const GPtrArray *problems, Sources *sources, const Style *style,
                     unsigned indent)
{
        for (guint i = 0; i < problems->len; i++) {
                const ConfigProblem *problem = problems->pdata[i];
                g_autofree char *line = problem_format(problem);

                g_string_append_printf(out, "%*s%s%s%s\n", (int) indent, "",
                                       style_begin(style, ACCENT_STRONG), line,
                                       style_end(style, ACCENT_STRONG));
                if (sources)
                        sources_append_excerpt(sources, out, problem->file, problem->line, problem->column,
                                               style, indent);
        }
}

int problems_report(const Context *context, const char *config, const GPtrArray *problems, Sources *sources,
                    GError *error)
{
        Style style = style_for_errors(&context->style);
        g_autoptr(GString) text = g_string_new("reconfctl: ");
        int status = error->code;

        text_append(text, config, TEXT_LINE);
        g_string_append_printf(text, ": %u problem%s\n", problems->len, problems->len == 1 ? "" : "s");
        problems_append(text, problems, sources, &style, 0);
        fputs(text->str, stderr);
        g_error_free(error);
        return status;
}

void problems_append_json(Json *json, const GPtrArray *problems)
{
        json_open_array(json);
        for (guint i = 0; i < problems->len; i++) {
                const ConfigProblem *problem = problems->pdata[i];

                json_open_object(json);
                json_add_key(json, "path");
                json_add_string(json, problem->path);
                json_add_key(json, "file");
                json_add_string(json, problem->file);
                json_add_key(json, "line");
                json_add_unsigned(json, problem->line);
                json_add_key(json, "column");
                json_add_unsigned(json, problem->column);
                json_add_key(json, "message");
                json_add_string(json, problem->message);
                json_close(json);
        }
        json_close(json);
}
