/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl audit
 */
#include "client/ctl/user.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"

/* As many as the service keeps. */
#define LIMIT 10000U

static const Column columns[] = {
        { "TIME", "time", 0 },
        { "ACTION", "action", 0 },
        { "CONFIG", "config", COLUMN_SHRINKS },
        { "VERSION", "version", COLUMN_RIGHT },
        { "BY", "by", COLUMN_SHRINKS },
        { "OUTCOME", "outcome", 0 },
        { "MESSAGE", "message", COLUMN_SHRINKS },
        { "UID", "uid", COLUMN_JSON_ONLY },
        { "PID", "pid", COLUMN_JSON_ONLY },
        { "UNIT", "unit", COLUMN_JSON_ONLY },
        { "ERROR", "error", COLUMN_JSON_ONLY },
};

typedef struct Entry {
        uint64_t time;
        const char *action;
        const char *config;
        uint64_t version;
        uint32_t uid; /* UINT32_MAX: nobody */
        uint32_t pid;
        const char *outcome;
} Entry;

static Accent outcome_accent(const char *outcome)
{
        if (g_str_equal(outcome, "denied"))
                return ACCENT_BAD;
        return g_str_equal(outcome, "failed") ? ACCENT_WARNING : ACCENT_NONE;
}

static void add_number(Table *table, bool known, uint64_t value)
{
        if (known)
                table_add_unsigned(table, value);
        else
                table_add_text(table, NULL, ACCENT_NONE);
}

static void add_entry(Table *table, const Entry *entry, const Document *details, bool elsewhere)
{
        const char *unit = value_get_string(details, "unit");
        const char *error = value_get_string(details, "error");
        const char *message = value_get_string(details, "message");
        bool has_author = entry->uid != UINT32_MAX;
        g_autofree char *user = has_author ? user_format(entry->uid, elsewhere) : NULL;

        table_add_time(table, entry->time);
        table_add_text(table, entry->action, ACCENT_NONE);
        table_add_text(table, *entry->config ? entry->config : NULL, ACCENT_NONE);
        table_add_amount(table, entry->version);
        table_add_text(table, user, ACCENT_NONE);
        table_add_text(table, entry->outcome, outcome_accent(entry->outcome));
        /* People want to know why. */
        table_add_shown(table, message ? message : error, message, ACCENT_NONE);
        add_number(table, has_author, entry->uid);
        add_number(table, entry->pid > 0, entry->pid);
        table_add_text(table, unit, ACCENT_NONE);
        table_add_text(table, error, ACCENT_NONE);
}

static int read_entry(sd_bus_message *m, Table *table, bool elsewhere)
{
        g_autoptr(Document) details = NULL;
        Entry entry;
        int r = sd_bus_message_enter_container(m, 'r', "tsstuusa{sv}");

        if (r <= 0)
                return r;
        r = sd_bus_message_read(m, "tsstuus", &entry.time, &entry.action, &entry.config, &entry.version,
                                &entry.uid, &entry.pid, &entry.outcome);
        if (r >= 0)
                r = value_read_map(m, &details);
        if (r < 0)
                return r;
        add_entry(table, &entry, details, elsewhere);
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

static int read_entries(sd_bus_message *m, Table *table, bool elsewhere)
{
        int r = sd_bus_message_enter_container(m, 'a', "(tsstuusa{sv})");

        do
                r = r < 0 ? r : read_entry(m, table, elsewhere);
        while (r > 0);
        return r;
}

int verb_audit(Context *context, char **words)
{
        g_autoptr(Table) table = table_new(columns, G_N_ELEMENTS(columns));
        const char *name = words[0] ? words[0] : "";
        sd_bus_message *reply = NULL;
        GError *error = NULL;
        int r;

        if (!context_call(context, NULL, "GetAudit", &reply, &error, "sa{sv}", name, 2, "since", "t",
                          context->arguments->since, "limit", "u", LIMIT))
                return ctl_error_report(error);
        r = read_entries(reply, table, arguments_are_remote(context->arguments));
        sd_bus_message_unref(reply);
        if (!ctl_error_check_answer(r, &error))
                return ctl_error_report(error);
        context_show_table(context, table, "event");
        return CTL_EXIT_SUCCESS;
}
