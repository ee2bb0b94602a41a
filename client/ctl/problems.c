/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/problems.h"

#include "client/ctl/text.h"

static void problem_free(void *data)
{
        ConfigProblem *problem = data;

        g_free(problem->path);
        g_free(problem->message);
        g_free(problem);
}

int problems_read(sd_bus_message *m, GPtrArray **ret)
{
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(problem_free);
        const char *path, *message;
        uint32_t line, column;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(suus)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(suus)", &path, &line, &column, &message)) > 0) {
                ConfigProblem *problem = g_new(ConfigProblem, 1);

                *problem = (ConfigProblem){ g_strdup(path), line, column, g_strdup(message) };
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

char *problem_format(const ConfigProblem *problem, const char *file)
{
        GString *out = g_string_new(NULL);

        if (file && *file) {
                text_append(out, file, TEXT_LINE);
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
