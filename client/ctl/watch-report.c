/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/watch-report.h"

#include "client/ctl/diff-text.h"
#include "client/ctl/problems.h"
#include "client/ctl/text.h"
#include "client/ctl/timestamp.h"

#define INDENT 2U

static const char *const kind_names[] = {
        [WATCH_REPORT_CHANGED] = "changed", [WATCH_REPORT_MISSED] = "missed",
        [WATCH_REPORT_FAILED] = "failed",   [WATCH_REPORT_ADDED] = "added",
        [WATCH_REPORT_REMOVED] = "removed",
};

static void append_versions(GString *out, const WatchReport *report, const Style *style)
{
        const char *origin = report->details ? value_get_string(report->details, "origin") : NULL;
        const char *message = report->details ? value_get_string(report->details, "message") : NULL;

        g_string_append_printf(out, "version %" G_GUINT64_FORMAT " %s %" G_GUINT64_FORMAT, report->previous,
                               style_arrow(style), report->version);
        if (report->kind == WATCH_REPORT_MISSED)
                g_string_append(out, " (missed)");
        if (origin) {
                g_string_append(out, " (");
                text_append(out, origin, TEXT_LINE);
                g_string_append_c(out, ')');
        }
        if (message) {
                g_string_append(out, " \"");
                text_append(out, message, TEXT_QUOTED);
                g_string_append_c(out, '"');
        }
        g_string_append_c(out, '\n');
}

static void append_changes(GString *out, const WatchReport *report, const Style *style)
{
        if (report->changes)
                diff_text_append(out, report->changes, style, INDENT);
        if (!report->changes || (report->details && value_get_boolean(report->details, "truncated")))
                g_string_append_printf(
                                out,
                                "%*s%s'reconfctl diff %s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "'\n",
                                (int) INDENT, "", report->changes ? "and more: " : "changes: ", report->name,
                                report->previous, report->version);
}

static void append_problems(GString *out, const WatchReport *report, const Style *style)
{
        g_string_append_printf(out, "%snot reloaded%s (%s)\n", style_begin(style, ACCENT_BAD),
                               style_end(style, ACCENT_BAD), report->stage);
        problems_append(out, report->problems, report->sources, style, INDENT);
}

char *watch_report_format(const WatchReport *report, const Style *style)
{
        g_autofree char *time = timestamp_format_precise(report->time);
        GString *out = g_string_new(NULL);

        g_string_append_printf(out, "%s%s%s %s", style_begin(style, ACCENT_FAINT), time,
                               style_end(style, ACCENT_FAINT), style_begin(style, ACCENT_STRONG));
        text_append(out, report->name, TEXT_LINE);
        g_string_append_printf(out, "%s ", style_end(style, ACCENT_STRONG));

        switch (report->kind) {
        case WATCH_REPORT_CHANGED:
        case WATCH_REPORT_MISSED:
                append_versions(out, report, style);
                append_changes(out, report, style);
                break;
        case WATCH_REPORT_FAILED:
                append_problems(out, report, style);
                break;
        case WATCH_REPORT_ADDED:
                g_string_append(out, "registered\n");
                break;
        case WATCH_REPORT_REMOVED:
                g_string_append(out, "unregistered\n");
                break;
        }
        return g_string_free(out, FALSE);
}

static void add_string(Json *json, const char *key, const char *value)
{
        if (!value)
                return;
        json_add_key(json, key);
        json_add_string(json, value);
}

static void add_unsigned(Json *json, const char *key, uint64_t value)
{
        json_add_key(json, key);
        json_add_unsigned(json, value);
}

char *watch_report_format_json(const WatchReport *report, JsonMode mode)
{
        Json *json = json_new(mode);
        g_autofree char *text = NULL;

        json_open_object(json);
        add_string(json, "event", kind_names[report->kind]);
        add_string(json, "name", report->name);
        add_unsigned(json, "time", report->time);
        if (report->kind == WATCH_REPORT_CHANGED || report->kind == WATCH_REPORT_MISSED) {
                add_unsigned(json, "version", report->version);
                add_unsigned(json, "previous", report->previous);
        }
        if (report->details)
                add_string(json, "origin", value_get_string(report->details, "origin"));
        add_string(json, "root", report->root);
        if (report->changes) {
                json_add_key(json, "changes");
                diff_text_append_json(json, report->changes);
        }
        if (report->details) {
                json_add_key(json, "details");
                json_add_node(json, document_root(report->details));
        }
        add_string(json, "stage", report->stage);
        if (report->problems) {
                json_add_key(json, "problems");
                problems_append_json(json, report->problems);
        }
        json_close(json);
        text = json_end(json);
        return g_strconcat(text, "\n", NULL);
}
