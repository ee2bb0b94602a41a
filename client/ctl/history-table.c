/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/history-table.h"

#include "client/ctl/value.h"

static const Column columns[] = {
        { "VERSION", "version", COLUMN_RIGHT },
        { "TIME", "time", 0 },
        { "ORIGIN", "origin", 0 },
        { "STATE", "state", 0 },
        { "SIZE", "size", COLUMN_RIGHT },
        { "BY", "by", COLUMN_SHRINKS },
        { "LABEL", "label", COLUMN_SHRINKS },
        { "MESSAGE", "message", COLUMN_SHRINKS },
        { "DIGEST", "digest", COLUMN_JSON_ONLY },
        { "DETAILS", "details", COLUMN_JSON_ONLY },
};

Accent history_state_accent(const char *state)
{
        if (g_str_equal(state, "active"))
                return ACCENT_GOOD;
        return g_str_equal(state, "superseded") ? ACCENT_NONE : ACCENT_WARNING;
}

static void add_entry(Table *table, const HistoryEntry *entry)
{
        g_autofree char *user = history_entry_format_user(entry);

        table_add_unsigned(table, entry->version);
        table_add_time(table, entry->time);
        table_add_text(table, entry->origin, ACCENT_NONE);
        table_add_text(table, entry->state, history_state_accent(entry->state));
        table_add_bytes(table, value_get_unsigned(entry->details, "size"));
        table_add_text(table, user, ACCENT_NONE);
        table_add_text(table, value_get_string(entry->details, "label"), ACCENT_NONE);
        table_add_text(table, value_get_string(entry->details, "message"), ACCENT_NONE);
        table_add_text(table, entry->digest, ACCENT_NONE);
        table_add_node(table, NULL, document_root(entry->details));
}

Table *history_table_new(const GPtrArray *history, guint most)
{
        Table *table = table_new(columns, G_N_ELEMENTS(columns));

        for (guint i = 0; i < history->len && i < most; i++)
                add_entry(table, history->pdata[i]);
        return table;
}
