/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl confirm
 */
#include "client/ctl/history.h"
#include "client/ctl/timestamp.h"
#include "client/ctl/verbs.h"

static bool extend(Context *context, const char *name, uint64_t version, uint64_t *ret_deadline,
                   GError **error)
{
        sd_bus_message *reply = NULL;
        bool done;

        done = context_call(context, name, "ExtendConfirm", &reply, error, "tu", version,
                            context->arguments->extend_ms) &&
               ctl_error_check_answer(sd_bus_message_read(reply, "t", ret_deadline), error);
        sd_bus_message_unref(reply);
        return done;
}

static void say(Context *context, const char *name, uint64_t version, uint64_t deadline)
{
        g_autofree char *time = deadline > 0 ? timestamp_format_both(deadline) : NULL;

        if (deadline > 0)
                context_say(context, g_strdup_printf("%s: version %" G_GUINT64_FORMAT
                                                     " waits for confirmation until %s",
                                                     name, version, time));
        else
                context_say(context, g_strdup_printf("%s: version %" G_GUINT64_FORMAT " is confirmed", name,
                                                     version));
}

static void show_json(Context *context, const char *name, uint64_t version, uint64_t deadline)
{
        Json *json = json_new(context->arguments->json);

        json_open_object(json);
        json_add_key(json, "name");
        json_add_string(json, name);
        json_add_key(json, "version");
        json_add_unsigned(json, version);
        json_add_key(json, "deadline");
        if (deadline > 0)
                json_add_unsigned(json, deadline);
        else
                json_add_null(json);
        json_close(json);
        context_show_json(context, json);
}

int verb_confirm(Context *context, char **words)
{
        uint64_t version, deadline = 0;
        GError *error = NULL;

        if (!history_resolve_number(context, words[0], words[1] ? words[1] : "active", &version, &error) ||
            (context->arguments->extend_ms > 0
                             ? !extend(context, words[0], version, &deadline, &error)
                             : !context_call(context, words[0], "Confirm", NULL, &error, "t", version)))
                return ctl_error_report(error);

        if (context->arguments->json != JSON_OFF)
                show_json(context, words[0], version, deadline);
        else
                say(context, words[0], version, deadline);
        return CTL_EXIT_SUCCESS;
}
