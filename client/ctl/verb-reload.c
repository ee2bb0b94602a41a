/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl reload, hot-reload
 */
#include "client/ctl/confirmation.h"
#include "client/ctl/marks.h"
#include "client/ctl/problems.h"
#include "client/ctl/settings.h"
#include "client/ctl/text.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"

#include <string.h>

static bool reload(Context *context, const char *name, uint64_t *ret_before, uint64_t *ret_after,
                   GError **error)
{
        g_autoptr(Document) properties = context_get_properties(context, name, error);
        uint32_t ms = context->arguments->confirm_ms;
        sd_bus_message *reply = NULL;
        bool done;

        if (!properties)
                return false;
        *ret_before = value_get_unsigned(properties, "Version");
        done = (ms > 0 ? context_call(context, name, "Reload", &reply, error, "a{sv}", 1, "confirm-ms", "u",
                                      ms)
                       : context_call(context, name, "Reload", &reply, error, "a{sv}", 0)) &&
               ctl_error_check_answer(sd_bus_message_read(reply, "t", ret_after), error);
        sd_bus_message_unref(reply);
        return done;
}

/* The error names one problem; the service keeps all of them. */
static int report(Context *context, const char *name, GError *error)
{
        g_autoptr(Document) properties = NULL;
        g_autoptr(GPtrArray) problems = NULL;
        g_autoptr(Sources) sources = NULL;
        g_autoptr(Marks) marks = NULL;

        if (error->code == CTL_EXIT_BAD_FILE)
                properties = context_get_properties(context, name, NULL);
        if (properties)
                problems = problems_get(context, name, properties);
        if (!problems || problems->len == 0 || !problems_are_there_still(properties))
                return ctl_error_report(error);

        marks = marks_new_for(context->arguments, value_get_string(properties, "Schema"));
        sources = sources_new_for(context->arguments, properties, marks);
        return problems_report(context, name, problems, sources, error);
}

/* What changed and needs a restart, as far as one can tell who may read the schema. */
static ChangeList *find_restarts(Context *context, const char *name, uint64_t before, uint64_t after)
{
        g_autoptr(Document) properties = NULL;
        g_autoptr(Marks) marks = NULL;
        sd_bus_message *reply = NULL;
        ChangeList *changes = NULL;

        if (before == 0 || before == after)
                return NULL;
        properties = context_get_properties(context, name, NULL);
        marks = marks_new_for(context->arguments,
                              properties ? value_get_string(properties, "Schema") : NULL);
        if (!marks_schema(marks) || !context_call(context, name, "Diff", &reply, NULL, "tt", before, after))
                return NULL;
        if (change_list_read(reply, &changes) >= 0)
                marks_find_restarts(marks, changes);
        sd_bus_message_unref(reply);
        return changes;
}

static void say_restarts(Context *context, const char *name, const ChangeList *changes)
{
        for (guint i = 0; changes && i < changes->items->len; i++) {
                const Change *change = &g_array_index(changes->items, Change, i);
                g_autofree char *path = text_escape(change->path);

                if (change_list_needs_restart(changes, change))
                        context_say(context, g_strdup_printf("%s: %s (restart)", name, path));
        }
}

static void add_restarts(Json *json, const ChangeList *changes)
{
        json_add_key(json, "restart");
        json_open_array(json);
        for (guint i = 0; changes && i < changes->items->len; i++) {
                const Change *change = &g_array_index(changes->items, Change, i);

                if (change_list_needs_restart(changes, change))
                        json_add_string(json, change->path);
        }
        json_close(json);
}

static void say_reloaded(Context *context, const char *name, uint64_t before, uint64_t after)
{
        if (before == after)
                context_say(context,
                            g_strdup_printf("%s: nothing changed, version %" G_GUINT64_FORMAT, name, after));
        else
                context_say(context,
                            g_strdup_printf("%s: version %" G_GUINT64_FORMAT " %s %" G_GUINT64_FORMAT, name,
                                            before, style_arrow(&context->style), after));
}

static void add_reloaded(Json *json, const char *name, uint64_t before, uint64_t after,
                         const ChangeList *changes, ConfirmationOutcome outcome)
{
        json_open_object(json);
        json_add_key(json, "name");
        json_add_string(json, name);
        json_add_key(json, "previous");
        json_add_unsigned(json, before);
        json_add_key(json, "version");
        json_add_unsigned(json, after);
        add_restarts(json, changes);
        json_add_key(json, "confirmation");
        json_add_string(json, confirmation_outcome_to_string(outcome));
        json_close(json);
}

/* The status for one config. */
static int reload_one(Context *context, const char *name, Json *json)
{
        g_autoptr(ChangeList) changes = NULL;
        uint64_t before = 0, after = 0;
        ConfirmationOutcome outcome;
        GError *error = NULL;

        if (!reload(context, name, &before, &after, &error))
                return report(context, name, error);
        changes = find_restarts(context, name, before, after);
        if (context->arguments->json == JSON_OFF) {
                say_reloaded(context, name, before, after);
                say_restarts(context, name, changes);
        }
        if (!confirmation_run(context, name, before, after, &outcome, &error))
                return ctl_error_report(error);
        add_reloaded(json, name, before, after, changes, outcome);
        return confirmation_outcome_to_status(outcome);
}

int verb_reload(Context *context, char **words)
{
        g_autoptr(Json) json = json_new(context->arguments->json);
        int status = CTL_EXIT_SUCCESS;

        if (context->arguments->confirm_ms > 0 && words[1]) {
                GError *error = g_error_new(CTL_ERROR, CTL_EXIT_USAGE,
                                            "'reload' takes one config with --confirm=");

                return ctl_error_report(error);
        }
        json_open_array(json);
        for (; *words; words++) {
                int one = reload_one(context, *words, json);

                status = status == CTL_EXIT_SUCCESS ? one : status;
        }
        json_close(json);
        if (context->arguments->json != JSON_OFF)
                context_show_json(context, g_steal_pointer(&json));
        return status;
}

static bool set_hot_reload(Context *context, const char *name, bool enabled, GError **error)
{
        return context_call(context, name, "SetHotReload", NULL, error, "b", (int) enabled);
}

int verb_hot_reload(Context *context, char **words)
{
        unsigned last = g_strv_length(words) - 1;
        int status = CTL_EXIT_SUCCESS;
        GError *error = NULL;
        bool enabled;

        if (!settings_parse_boolean(words[last], &enabled)) {
                g_set_error(&error, CTL_ERROR, CTL_EXIT_USAGE,
                            "'hot-reload' ends in on or off, not '%s'\nUsage: reconfctl hot-reload "
                            "[NAME...] on|off",
                            words[last]);
                return ctl_error_report(error);
        }
        if (last == 0)
                return set_hot_reload(context, NULL, enabled, &error) ? CTL_EXIT_SUCCESS
                                                                      : ctl_error_report(error);

        for (unsigned i = 0; i < last; i++) {
                if (!set_hot_reload(context, words[i], enabled, &error)) {
                        int failed = ctl_error_report(g_steal_pointer(&error));

                        status = status == CTL_EXIT_SUCCESS ? failed : status;
                }
        }
        return status;
}
