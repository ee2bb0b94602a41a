/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl rollback
 *
 * Which version 0 stands for, the service knows, and one step is just that. More steps are counted here, by
 * the same rule.
 */
#include "client/ctl/confirmation.h"
#include "client/ctl/history.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"

typedef struct Rollback {
        const char *name;
        uint64_t target; /* 0: the service chooses */
        uint64_t before, after;
        uint64_t from; /* whose content it is now */
} Rollback;

static bool find_target(Context *context, char **words, const GPtrArray *history, Rollback *rollback,
                        GError **error)
{
        const Arguments *arguments = context->arguments;
        const HistoryEntry *entry;

        if (words[1])
                return history_resolve(context, words[0], words[1], &rollback->target, error);
        if (arguments->steps <= 1)
                return true;

        entry = history_step_back(history, arguments->steps);
        if (!entry) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_NOT_FOUND,
                            "%s: history does not reach %u different versions back\n"
                            "'reconfctl history %s' shows the versions there are.",
                            words[0], arguments->steps, words[0]);
                return false;
        }
        rollback->target = entry->version;
        return true;
}

static int append_options(sd_bus_message *m, const Arguments *arguments)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && arguments->message)
                r = sd_bus_message_append(m, "{sv}", "message", "s", arguments->message);
        if (r >= 0 && arguments->confirm_ms > 0)
                r = sd_bus_message_append(m, "{sv}", "confirm-ms", "u", arguments->confirm_ms);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static bool call(Context *context, Rollback *rollback, GError **error)
{
        sd_bus_message *m = NULL, *reply = NULL;
        bool done;
        int r;

        if (!context_new_call(context, rollback->name, "Rollback", &m, error))
                return false;
        r = sd_bus_message_append_basic(m, 't', &rollback->target);
        if (r >= 0)
                r = append_options(m, context->arguments);
        done = ctl_error_check_request(r, error) &&
               context_send(context, rollback->name, m, &reply, error) &&
               ctl_error_check_answer(sd_bus_message_read(reply, "t", &rollback->after), error);
        sd_bus_message_unref(m);
        sd_bus_message_unref(reply);
        return done;
}

/* The version that was gone back to, as the history tells it. */
static uint64_t find_from(Context *context, const Rollback *rollback)
{
        g_autoptr(GPtrArray) history = history_get(context, rollback->name, NULL);
        const HistoryEntry *entry = history ? history_find(history, rollback->after) : NULL;

        return entry ? value_get_unsigned(entry->details, "from-version") : rollback->target;
}

static void say(Context *context, const Rollback *rollback)
{
        if (context->arguments->json != JSON_OFF)
                return;
        if (rollback->after == rollback->before)
                context_say(context, g_strdup_printf("%s: the files are as in version %" G_GUINT64_FORMAT,
                                                     rollback->name, rollback->after));
        else
                context_say(context,
                            g_strdup_printf("%s: version %" G_GUINT64_FORMAT " %s %" G_GUINT64_FORMAT
                                            ", with the content of %" G_GUINT64_FORMAT,
                                            rollback->name, rollback->before, style_arrow(&context->style),
                                            rollback->after, rollback->from));
}

static void show_json(Context *context, const Rollback *rollback, ConfirmationOutcome outcome)
{
        Json *json = json_new(context->arguments->json);

        json_open_object(json);
        json_add_key(json, "name");
        json_add_string(json, rollback->name);
        json_add_key(json, "previous");
        json_add_unsigned(json, rollback->before);
        json_add_key(json, "version");
        json_add_unsigned(json, rollback->after);
        json_add_key(json, "from-version");
        json_add_unsigned(json, rollback->from);
        json_add_key(json, "confirmation");
        json_add_string(json, confirmation_outcome_to_string(outcome));
        json_close(json);
        context_show_json(context, json);
}

int verb_rollback(Context *context, char **words)
{
        g_autoptr(GPtrArray) history = NULL;
        Rollback rollback = { .name = words[0] };
        ConfirmationOutcome outcome;
        const HistoryEntry *active;
        GError *error = NULL;

        if (words[1] && context->arguments->steps > 0) {
                g_set_error(&error, CTL_ERROR, CTL_EXIT_USAGE,
                            "'rollback' takes either a version or --steps");
                return ctl_error_report(error);
        }

        history = history_get(context, rollback.name, &error);
        if (!history || !find_target(context, words, history, &rollback, &error))
                return ctl_error_report(error);
        active = history_active(history);
        rollback.before = active ? active->version : 0;
        if (!call(context, &rollback, &error))
                return ctl_error_report(error);
        rollback.from = find_from(context, &rollback);
        say(context, &rollback);
        if (!confirmation_run(context, rollback.name, rollback.before, rollback.after, &outcome, &error))
                return ctl_error_report(error);
        if (context->arguments->json != JSON_OFF)
                show_json(context, &rollback, outcome);
        return confirmation_outcome_to_status(outcome);
}
