/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/problems.h"

#include "client/ctl/text.h"

static void problem_free(void *data)
{
        ConfigProblem *problem = data;

        g_free(problem->path);
        g_free(problem->file);
        g_free(problem->message);
        g_free(problem);
}

/* How much of the message is "FILE: ", and which file that is. */
static size_t find_file(const char *message, const Node *files, const char **ret_file)
{
        uint32_t n_files = files && files->kind == NODE_LIST ? files->length : 0;

        *ret_file = n_files == 1 ? files->list->items[0].string : "";
        for (uint32_t i = 0; i < n_files; i++) {
                const Node *file = &files->list->items[i];

                if (g_str_has_prefix(message, file->string) &&
                    g_str_has_prefix(message + file->length, ": ")) {
                        *ret_file = file->string;
                        return file->length + 2;
                }
        }
        return 0;
}

int problems_read(sd_bus_message *m, const Node *files, GPtrArray **ret)
{
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(problem_free);
        const char *path, *message, *file;
        uint32_t line, column;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(suus)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(suus)", &path, &line, &column, &message)) > 0) {
                ConfigProblem *problem = g_new(ConfigProblem, 1);
                size_t skip = find_file(message, files, &file);

                *problem = (ConfigProblem){
                        .path = g_strdup(path),
                        .file = g_strdup(file),
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
        *ret = g_steal_pointer(&problems);
        return 0;
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
