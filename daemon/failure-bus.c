/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/failure-bus.h"

#include "introspection/names.h"

int failure_bus_set_error(sd_bus_error *error, const Failure *failure)
{
        g_autofree char *message = failure_format(failure);
        g_autofree char *name = NULL;

        if (failure->code == FAILURE_ACCESS_DENIED)
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, message);
        name = g_strconcat(RECONF_ERROR_PREFIX, failure_code_to_string(failure->code), NULL);
        return sd_bus_error_set(error, name, message);
}

int failure_bus_take_error(sd_bus_error *error, Failure *failure)
{
        int r = failure_bus_set_error(error, failure);

        failure_free(failure);
        return r;
}

int failure_bus_reply(sd_bus_message *call, const Failure *failure)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        failure_bus_set_error(&error, failure);
        r = sd_bus_reply_method_error(call, &error);
        sd_bus_error_free(&error);
        return r;
}

int failure_bus_finish(sd_bus_message *call, sd_bus_error *error, int r)
{
        if (sd_bus_error_is_set(error))
                r = sd_bus_reply_method_error(call, error);
        else if (r < 0)
                r = sd_bus_reply_method_errno(call, r, NULL);
        sd_bus_error_free(error);
        return r;
}

static int append_problem(sd_bus_message *m, const Problem *problem)
{
        g_autofree char *message = NULL;

        /* The array has no place for the file, so the message names it. */
        if (*problem->file)
                message = g_strdup_printf("%s: %s", problem->file, problem->message);
        return sd_bus_message_append(m, "(suus)", problem->path, problem->line, problem->column,
                                     message ?: problem->message);
}

int failure_bus_append_problems(sd_bus_message *m, const Failure *failure)
{
        int r = sd_bus_message_open_container(m, 'a', "(suus)");

        for (guint i = 0; failure && i < failure->problems->len && r >= 0; i++)
                r = append_problem(m, g_ptr_array_index(failure->problems, i));
        return r < 0 ? r : sd_bus_message_close_container(m);
}
