/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl label
 */
#include "client/ctl/history.h"
#include "client/ctl/text.h"
#include "client/ctl/verbs.h"

static void show(Context *context, const char *name, uint64_t version, const char *label)
{
        g_autofree char *escaped = text_escape(label);
        Json *json;

        if (context->arguments->json == JSON_OFF) {
                context_say(context,
                            *label ? g_strdup_printf("%s: version %" G_GUINT64_FORMAT " is labelled %s",
                                                     name, version, escaped)
                                   : g_strdup_printf("%s: version %" G_GUINT64_FORMAT " has no label", name,
                                                     version));
                return;
        }
        json = json_new(context->arguments->json);
        json_open_object(json);
        json_add_key(json, "name");
        json_add_string(json, name);
        json_add_key(json, "version");
        json_add_unsigned(json, version);
        json_add_key(json, "label");
        json_add_string(json, *label ? label : NULL);
        json_close(json);
        context_show_json(context, json);
}

int verb_label(Context *context, char **words)
{
        const char *label = words[2] ? words[2] : "";
        GError *error = NULL;
        uint64_t version;

        if (!history_resolve_number(context, words[0], words[1], &version, &error) ||
            !context_call(context, words[0], "Label", NULL, &error, "ts", version, label))
                return ctl_error_report(error);
        show(context, words[0], version, label);
        return CTL_EXIT_SUCCESS;
}
