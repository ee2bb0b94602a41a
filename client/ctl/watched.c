/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals and the answers of Subscribe come in the order in which the service sent them. So a signal that is
 * heard while an answer is still to come was sent before it, and the answer covers it.
 */
#include "client/ctl/problems.h"
#include "client/ctl/watching.h"
#include "introspection/names.h"

#include <stdio.h>

Watched *watched_new(Watching *watching, const char *name)
{
        Watched *watched = g_new0(Watched, 1);

        watched->watching = watching;
        watched->name = g_strdup(name);
        return watched;
}

Watched *watched_free(Watched *watched)
{
        if (!watched)
                return NULL;

        sd_bus_slot_unref(watched->subscribing);
        marks_free(watched->marks);
        g_free(watched->name);
        g_free(watched);
        return NULL;
}

void watching_print(Watching *watching, const WatchReport *report)
{
        JsonMode mode = watching->context->arguments->json;
        g_autofree char *text = mode != JSON_OFF ? watch_report_format_json(report, mode)
                                                 : watch_report_format(report, &watching->context->style);

        if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
                listener_end(watching->listener, CTL_EXIT_FAILURE);
}

void watching_note(const Watching *watching, const char *name, const char *text)
{
        context_note(watching->context, name, text);
}

/* The schema may be another one at any time, and its file may change. */
static Document *look_at_schema(Watched *watched)
{
        Document *properties = context_get_properties(watched->watching->context, watched->name, NULL);
        const char *schema = properties ? value_get_string(properties, "Schema") : NULL;

        bool told = watched->marks && !marks_are_known(watched->marks);

        if (!properties)
                return NULL;
        if (watched->marks && marks_are_fresh(watched->marks, schema))
                return properties;
        marks_free(watched->marks);
        watched->marks = marks_new_for(watched->watching->context->arguments, schema);
        if (!told && !marks_are_known(watched->marks) &&
            !watched->watching->context->arguments->show_secrets) {
                g_autofree char *why = marks_explain(watched->marks);

                watching_note(watched->watching, watched->name, why);
        }
        return properties;
}

/* The changes as they may be shown; NULL where nobody tells, as of a config that is gone. */
static ChangeList *hide_secrets(Watched *watched, ChangeList *changes)
{
        document_unref(look_at_schema(watched));
        if (watched->watching->context->arguments->show_secrets)
                return changes;
        if (!watched->marks)
                return NULL;
        marks_redact_changes(watched->marks, changes);
        return changes;
}

static void find_restarts(ChangeList *changes, const Node *paths)
{
        for (uint32_t i = 0; paths && paths->kind == NODE_LIST && i < paths->length; i++)
                if (paths->list->items[i].kind == NODE_STRING)
                        change_list_add_restart(changes, paths->list->items[i].string);
}

static int read_answer(sd_bus_message *m, uint64_t *ret_version, ChangeList **ret_changes,
                       Document **ret_details)
{
        int r;

        r = sd_bus_message_read(m, "t", ret_version);
        if (r < 0)
                return r;
        r = change_list_read(m, ret_changes);
        if (r < 0)
                return r;
        return value_read_map(m, ret_details);
}

static void take_answer(Watched *watched, sd_bus_message *m)
{
        g_autoptr(ChangeList) changes = NULL;
        g_autoptr(Document) details = NULL;
        uint64_t version;
        bool complete;

        if (read_answer(m, &version, &changes, &details) < 0) {
                watching_note(watched->watching, watched->name, "the service's answer cannot be understood");
                return;
        }

        complete = watched->since > 0 && value_get_boolean(details, "complete");
        if (version < watched->since)
                watching_note(watched->watching, watched->name, "its history began anew");
        else if (watched->since > 0 && version > watched->since) {
                ChangeList *shown = complete ? hide_secrets(watched, changes) : NULL;

                if (shown && watched->marks)
                        marks_find_restarts(watched->marks, shown);
                watching_print(watched->watching, &(WatchReport){
                                                                  .kind = WATCH_REPORT_MISSED,
                                                                  .name = watched->name,
                                                                  .time = (uint64_t) g_get_real_time(),
                                                                  .version = version,
                                                                  .previous = watched->since,
                                                                  .changes = shown,
                                                  });
        }
        watched->version = version;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Watched *watched = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);

        if (!error)
                take_answer(watched, m);
        else if (sd_bus_error_has_names(error, SD_BUS_ERROR_ACCESS_DENIED,
                                        RECONF_ERROR_PREFIX "LimitExceeded") > 0)
                /* Broadcasts still come; what is not public does not. */
                watching_note(watched->watching, watched->name, error->message);

        watched->subscribing = sd_bus_slot_unref(watched->subscribing);
        return 0;
}

void watched_subscribe(Watched *watched)
{
        g_autofree char *path = context_config_path(watched->name);

        watched->subscribing = sd_bus_slot_unref(watched->subscribing);
        watched->since = watched->version;
        if (sd_bus_call_method_async(watched->watching->context->bus, &watched->subscribing, RECONF_BUS_NAME,
                                     path, RECONF_CONFIG_INTERFACE, "Subscribe", on_answer, watched,
                                     "ta{sv}", watched->since, 0) < 0)
                watching_note(watched->watching, watched->name, "cannot ask the service for its changes");
}

void watched_hear_changed(Watched *watched, sd_bus_message *m)
{
        g_autoptr(ChangeList) changes = NULL;
        g_autoptr(Document) details = NULL;
        uint64_t version, previous;
        const char *root;

        if (sd_bus_message_read(m, "stt", &root, &version, &previous) < 0 ||
            change_list_read(m, &changes) < 0 || value_read_map(m, &details) < 0) {
                watching_note(watched->watching, watched->name, "a signal cannot be understood");
                return;
        }
        if (version <= watched->version || (watched->subscribing && watched->since > 0))
                return;
        if (watched->version > 0 && previous != watched->version) {
                /* One was lost on the way here. */
                watched_subscribe(watched);
                return;
        }

        watched->version = version;
        find_restarts(changes, value_get(details, "restart"));
        watching_print(watched->watching, &(WatchReport){
                                                          .kind = WATCH_REPORT_CHANGED,
                                                          .name = watched->name,
                                                          .time = value_get_unsigned(details, "time"),
                                                          .version = version,
                                                          .previous = previous,
                                                          .root = root,
                                                          .changes = hide_secrets(watched, changes),
                                                          .details = details,
                                          });
}

void watched_hear_failed(Watched *watched, sd_bus_message *m)
{
        g_autoptr(Document) properties = look_at_schema(watched);
        g_autoptr(GPtrArray) problems = NULL;
        g_autoptr(Sources) sources = NULL;
        const char *stage;

        if (sd_bus_message_read(m, "s", &stage) < 0 ||
            problems_read(m, properties ? value_get(properties, "Files") : NULL,
                          properties ? value_get_string(properties, "Schema") : NULL, &problems) < 0) {
                watching_note(watched->watching, watched->name, "a signal cannot be understood");
                return;
        }
        if (properties && problems_are_there_still(properties))
                sources = sources_new_for(watched->watching->context->arguments, properties, watched->marks);
        watching_print(watched->watching, &(WatchReport){
                                                          .kind = WATCH_REPORT_FAILED,
                                                          .name = watched->name,
                                                          .time = (uint64_t) g_get_real_time(),
                                                          .stage = stage,
                                                          .problems = problems,
                                                          .sources = sources,
                                          });
}
