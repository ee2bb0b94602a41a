/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl statistics
 */
#include "client/ctl/value-text.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"

int verb_statistics(Context *context, char **words)
{
        g_autoptr(Document) statistics = NULL;
        sd_bus_message *reply = NULL;
        GError *error = NULL;
        int r;

        if (!context_call(context, words[0], "GetStatistics", &reply, &error, NULL))
                return ctl_error_report(error);
        r = value_read_map(reply, &statistics);
        sd_bus_message_unref(reply);
        if (!ctl_error_check_answer(r, &error))
                return ctl_error_report(error);

        if (context->arguments->json != JSON_OFF) {
                Json *json = json_new(context->arguments->json);

                json_add_node(json, document_root(statistics));
                context_show_json(context, json);
        } else {
                GString *text = g_string_new(NULL);

                value_append_block(text, document_root(statistics), 0);
                context_show(context, g_string_free(text, FALSE));
        }
        return CTL_EXIT_SUCCESS;
}
