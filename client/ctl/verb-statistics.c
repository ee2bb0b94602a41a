/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl statistics, instances
 */
#include "client/ctl/value-text.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"
#include "introspection/names.h"

static const Column columns[] = {
        { "CONFIG", "config", COLUMN_SHRINKS },   { "PROGRAM", "program", COLUMN_SHRINKS },
        { "PID", "pid", COLUMN_RIGHT },           { "STATE", "state", 0 },
        { "VERSION", "version", COLUMN_RIGHT },   { "SINCE", "since", 0 },
        { "OBJECT", "object", COLUMN_JSON_ONLY }, { "DETAILS", "details", COLUMN_JSON_ONLY },
};

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

static int read_instance(sd_bus_message *m, Table *table, GPtrArray *details)
{
        const char *object, *config, *program, *state;
        uint64_t start, version;
        Document *document;
        uint32_t pid;
        int r;

        r = sd_bus_message_enter_container(m, 'r', "osuststa{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_read(m, "osustst", &object, &config, &pid, &program, &start, &state, &version);
        if (r < 0)
                return r;
        r = value_read_map(m, &document);
        if (r < 0)
                return r;
        g_ptr_array_add(details, document);

        table_add_text(table, config, ACCENT_NONE);
        table_add_text(table, program, ACCENT_NONE);
        table_add_unsigned(table, pid);
        table_add_text(table, state, g_str_equal(state, "failed") ? ACCENT_BAD : ACCENT_NONE);
        table_add_unsigned(table, version);
        table_add_time(table, start);
        table_add_text(table, object, ACCENT_NONE);
        table_add_node(table, NULL, document_root(document));
        return sd_bus_message_exit_container(m);
}

static void destroy_document(void *document)
{
        document_unref(document);
}

int verb_instances(Context *context, char **words)
{
        g_autoptr(GPtrArray) details = g_ptr_array_new_with_free_func(destroy_document);
        g_autoptr(Table) table = table_new(columns, G_N_ELEMENTS(columns));
        sd_bus_message *reply = NULL;
        GError *error = NULL;
        int r;

        if (!context_call(context, NULL, "ListInstances", &reply, &error, "s", words[0] ? words[0] : ""))
                return ctl_error_report(error);
        r = sd_bus_message_enter_container(reply, 'a', "(osuststa{sv})");
        while (r >= 0 && (r = sd_bus_message_at_end(reply, false)) == 0)
                r = read_instance(reply, table, details);
        sd_bus_message_unref(reply);
        if (!ctl_error_check_answer(r, &error))
                return ctl_error_report(error);
        context_show_table(context, table, "instance");
        return CTL_EXIT_SUCCESS;
}
