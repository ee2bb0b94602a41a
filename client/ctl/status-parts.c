/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/status-parts.h"

#include "client/ctl/history-table.h"
#include "client/ctl/text.h"
#include "client/ctl/timestamp.h"
#include "client/ctl/value.h"

#define MOST_VERSIONS 5U

void status_append_label(GString *out, const char *label)
{
        g_string_append_printf(out, "%12s%s ", label, *label ? ":" : " ");
}

static char *explain_unconfirmed(const char *name, const char *command, uint64_t deadline, uint64_t now)
{
        g_autofree char *left = NULL;

        if (deadline <= now)
                return g_strdup("the time to confirm it is up, it goes back");
        left = timestamp_format_span(deadline - now + G_USEC_PER_SEC - 1);
        return g_strdup_printf("goes back in %s; '%s confirm %s' keeps it", left, command, name);
}

char *status_explain(const Document *properties, const char *command, uint64_t now)
{
        const char *state = value_get_string(properties, "State");
        const char *name = value_get_string(properties, "Name");
        uint64_t deadline = value_get_unsigned(properties, "ConfirmDeadline");

        if (!state || !name)
                return NULL;
        if (g_str_equal(state, "unconfirmed"))
                return explain_unconfirmed(name, command, deadline, now);
        if (g_str_equal(state, "suspended"))
                return g_strdup_printf(
                                "went back by itself too often; files are read again with '%s reload %s'",
                                command, name);
        if (g_str_equal(state, "diverged"))
                return g_strdup_printf(
                                "went back, but the files could not be written; '%s reload %s' tries again",
                                command, name);
        if (!g_str_equal(state, "active"))
                return g_strdup("the version below stays active");
        if (value_get_boolean(properties, "Pending"))
                return g_strdup_printf("the files hold something newer; '%s reload %s' applies it", command,
                                       name);
        return NULL;
}

/* "reload by root (pid 4711, ssh.service), from 3, label good: message". */
static void append_why(GString *out, const HistoryEntry *entry)
{
        const char *label = value_get_string(entry->details, "label");
        const char *message = value_get_string(entry->details, "message");
        uint64_t from = value_get_unsigned(entry->details, "from-version");
        g_autofree char *author = history_entry_format_author(entry);

        text_append(out, entry->origin, TEXT_LINE);
        if (author) {
                g_string_append(out, " by ");
                text_append(out, author, TEXT_LINE);
        }
        if (from > 0)
                g_string_append_printf(out, ", content of %" G_GUINT64_FORMAT, from);
        if (label) {
                g_string_append(out, ", label ");
                text_append(out, label, TEXT_LINE);
        }
        if (message) {
                g_string_append(out, ": ");
                text_append(out, message, TEXT_LINE);
        }
        g_string_append_c(out, '\n');
}

void status_append_versions(GString *out, const GPtrArray *history, const Style *style)
{
        for (guint i = 0; i < history->len && i < MOST_VERSIONS; i++) {
                const HistoryEntry *entry = history->pdata[i];
                g_autofree char *time = timestamp_format_both(entry->time);
                Accent accent = history_state_accent(entry->state);

                status_append_label(out, i == 0 ? "Versions" : "");
                g_string_append_printf(out, "%" G_GUINT64_FORMAT " %s", entry->version,
                                       style_begin(style, accent));
                text_append(out, entry->state, TEXT_LINE);
                g_string_append_printf(out, "%s, %s\n", style_end(style, accent), time);
                status_append_label(out, "");
                g_string_append(out, "  ");
                append_why(out, entry);
        }
}

void status_append_versions_json(Json *json, const GPtrArray *history)
{
        g_autoptr(Table) table = history_table_new(history, MOST_VERSIONS);

        table_append_json(table, json);
}
