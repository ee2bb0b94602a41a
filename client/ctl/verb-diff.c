/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl diff
 *
 * Without versions, what the last change was; with one, all that changed since.
 */
#include "client/ctl/diff-text.h"
#include "client/ctl/history.h"
#include "client/ctl/marks.h"
#include "client/ctl/verbs.h"

/* The versions to compare, 0 standing for the active one; from is 0 where there is nothing before it. */
static bool find_versions(Context *context, char **words, uint64_t *ret_from, uint64_t *ret_to,
                          GError **error)
{
        g_autoptr(GPtrArray) history = NULL;
        const HistoryEntry *active, *previous;

        *ret_from = *ret_to = 0;
        if (words[1])
                return history_resolve(context, words[0], words[1], ret_from, error) &&
                       (!words[2] || history_resolve(context, words[0], words[2], ret_to, error));

        history = history_get(context, words[0], error);
        if (!history)
                return false;
        active = history_active(history);
        previous = history_previous(history);
        *ret_to = active ? active->version : 0;
        *ret_from = previous ? previous->version : *ret_to;
        return true;
}

static void show_changes(Context *context, const char *name, uint64_t from, uint64_t to,
                         const ChangeList *changes)
{
        GString *text = g_string_new(NULL);
        const Style *style = &context->style;

        if (style->legend && changes->items->len > 0) {
                g_autofree char *older =
                                from > 0 ? g_strdup_printf("%" G_GUINT64_FORMAT, from) : g_strdup("active");
                g_autofree char *newer =
                                to > 0 ? g_strdup_printf("%" G_GUINT64_FORMAT, to) : g_strdup("active");

                g_string_append_printf(text, "%s%s: version %s %s %s%s\n", style_begin(style, ACCENT_STRONG),
                                       name, older, style_arrow(style), newer,
                                       style_end(style, ACCENT_STRONG));
        }
        diff_text_append(text, changes, style, 0);
        context_show(context, g_string_free(text, FALSE));
}

/* What is secret goes, what needs a restart is told. */
static bool look_at_schema(Context *context, const char *name, ChangeList *changes, GError **error)
{
        g_autoptr(Document) properties = context_get_properties(context, name, error);
        g_autoptr(Marks) marks = NULL;

        if (!properties)
                return false;
        marks = marks_new_for(context->arguments, value_get_string(properties, "Schema"));
        marks_find_restarts(marks, changes);
        if (context->arguments->show_secrets)
                return true;
        if (!marks_are_known(marks) && changes->items->len > 0) {
                g_autofree char *why = marks_explain(marks);

                context_note(context, name, why);
        }
        marks_redact_changes(marks, changes);
        return true;
}

int verb_diff(Context *context, char **words)
{
        g_autoptr(ChangeList) changes = NULL;
        sd_bus_message *reply = NULL;
        GError *error = NULL;
        uint64_t from, to;
        int r;

        if (!find_versions(context, words, &from, &to, &error) ||
            !context_call(context, words[0], "Diff", &reply, &error, "tt", from, to))
                return ctl_error_report(error);
        r = change_list_read(reply, &changes);
        sd_bus_message_unref(reply);
        if (!ctl_error_check_answer(r, &error))
                return ctl_error_report(error);

        if (!look_at_schema(context, words[0], changes, &error))
                return ctl_error_report(error);
        if (context->arguments->json != JSON_OFF) {
                Json *json = json_new(context->arguments->json);

                diff_text_append_json(json, changes);
                context_show_json(context, json);
        } else
                show_changes(context, words[0], from, to, changes);
        return CTL_EXIT_SUCCESS;
}
