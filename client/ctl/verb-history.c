/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl history
 */
#include "client/ctl/history.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"

#include <pwd.h>

static const Column columns[] = {
        { "VERSION", "version", COLUMN_RIGHT },
        { "TIME", "time", 0 },
        { "ORIGIN", "origin", 0 },
        { "STATE", "state", 0 },
        { "SIZE", "size", COLUMN_RIGHT },
        { "BY", "by", COLUMN_SHRINKS },
        { "MESSAGE", "message", COLUMN_SHRINKS },
        { "DIGEST", "digest", COLUMN_JSON_ONLY },
        { "DETAILS", "details", COLUMN_JSON_ONLY },
};

static Accent state_accent(const char *state)
{
        if (g_str_equal(state, "active"))
                return ACCENT_GOOD;
        return g_str_equal(state, "superseded") ? ACCENT_NONE : ACCENT_WARNING;
}

/* Who asked for a version: the user, or the unit that did; NULL where nobody did. */
static char *format_author(const Document *details)
{
        const char *unit = value_get_string(details, "unit");
        const struct passwd *user;
        uid_t uid;

        if (!value_get(details, "uid"))
                return g_strdup(unit);
        uid = (uid_t) value_get_unsigned(details, "uid");
        user = getpwuid(uid);
        return user ? g_strdup(user->pw_name) : g_strdup_printf("%u", uid);
}

static void add_entry(Table *table, const HistoryEntry *entry)
{
        g_autofree char *author = format_author(entry->details);

        table_add_unsigned(table, entry->version);
        table_add_time(table, entry->time);
        table_add_text(table, entry->origin, ACCENT_NONE);
        table_add_text(table, entry->state, state_accent(entry->state));
        table_add_bytes(table, value_get_unsigned(entry->details, "size"));
        table_add_text(table, author, ACCENT_NONE);
        table_add_text(table, value_get_string(entry->details, "message"), ACCENT_NONE);
        table_add_text(table, entry->digest, ACCENT_NONE);
        table_add_node(table, NULL, document_root(entry->details));
}

int verb_history(Context *context, char **words)
{
        g_autoptr(Table) table = table_new(columns, G_N_ELEMENTS(columns));
        g_autoptr(GPtrArray) history = NULL;
        GError *error = NULL;

        history = history_get(context, words[0], &error);
        if (!history)
                return ctl_error_report(error);

        for (guint i = 0; i < history->len; i++)
                add_entry(table, history->pdata[i]);
        context_show_table(context, table, "version");
        return CTL_EXIT_SUCCESS;
}
