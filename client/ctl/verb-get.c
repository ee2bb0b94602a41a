/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl get
 *
 * A scalar goes out as it is, for scripts, but for what would reach a terminal unseen; a map or list as
 * YAML.
 */
#include "client/ctl/value-text.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"

int verb_get(Context *context, char **words)
{
        g_autoptr(Document) document = NULL;
        sd_bus_message *reply = NULL;
        const Node *node = NULL;
        GError *error = NULL;
        int r;

        if (!context_call(context, words[0], "Get", &reply, &error, "s", words[1] ? words[1] : ""))
                return ctl_error_report(error);
        r = value_read(reply, &document, &node);
        sd_bus_message_unref(reply);
        if (!ctl_error_check_answer(r, &error))
                return ctl_error_report(error);

        if (context->arguments->json != JSON_OFF) {
                Json *json = json_new(context->arguments->json);

                json_add_node(json, node);
                context_show_json(context, json);
        } else {
                GString *text = g_string_new(NULL);

                value_append_plain(text, node, context->style.terminal);
                context_show(context, g_string_free(text, FALSE));
        }
        return CTL_EXIT_SUCCESS;
}
