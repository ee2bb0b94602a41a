/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/instance-report.h"

#include "client/ctl/instance-table.h"
#include "client/ctl/text.h"
#include "client/ctl/timestamp.h"

static const char *const kind_names[] = {
        [INSTANCE_REPORT_CAME] = "came",
        [INSTANCE_REPORT_LEFT] = "left",
        [INSTANCE_REPORT_STATE] = "state",
        [INSTANCE_REPORT_VERSION] = "version",
};

/* "failed, version 3, 1 behind: why". */
static void append_standing(GString *out, const InstanceReport *report, const Style *style)
{
        const ListedInstance *instance = report->instance;
        Accent accent = instance_state_accent(instance->state);
        uint64_t behind;

        g_string_append(out, style_begin(style, accent));
        text_append(out, instance->state, TEXT_LINE);
        g_string_append(out, style_end(style, accent));
        if (instance->version > 0)
                g_string_append_printf(out, ", version %" G_GUINT64_FORMAT, instance->version);
        if (standings_count_behind(report->standings, instance, &behind) && behind > 0)
                g_string_append_printf(out, ", %" G_GUINT64_FORMAT " behind", behind);
        if (instance->message) {
                g_string_append(out, ": ");
                text_append(out, instance->message, TEXT_LINE);
        }
}

char *instance_report_format(const InstanceReport *report, const Style *style)
{
        g_autofree char *time = timestamp_format_precise(report->time);
        GString *out = g_string_new(NULL);

        g_string_append_printf(out, "%s%s%s %s%s%s ", style_begin(style, ACCENT_FAINT), time,
                               style_end(style, ACCENT_FAINT), style_begin(style, ACCENT_STRONG),
                               report->config, style_end(style, ACCENT_STRONG));
        if (report->kind == INSTANCE_REPORT_VERSION)
                g_string_append_printf(out, "version %" G_GUINT64_FORMAT, report->version);
        else {
                g_autofree char *program = listed_instance_format(report->instance);

                g_string_append_printf(out, "%s ", program);
                if (report->kind != INSTANCE_REPORT_STATE)
                        g_string_append_printf(out, "%s%s", kind_names[report->kind],
                                               report->kind == INSTANCE_REPORT_CAME ? ", " : "");
                if (report->kind != INSTANCE_REPORT_LEFT)
                        append_standing(out, report, style);
        }
        g_string_append_c(out, '\n');
        return g_string_free(out, FALSE);
}

char *instance_report_format_json(const InstanceReport *report, JsonMode mode)
{
        g_autoptr(Table) table = instance_table_new(true);
        g_autofree char *text = NULL;
        Json *json = json_new(mode);

        json_open_object(json);
        json_add_key(json, "event");
        json_add_string(json, kind_names[report->kind]);
        json_add_key(json, "time");
        json_add_unsigned(json, report->time);
        if (report->instance) {
                instance_table_add(table, report->instance, report->standings);
                table_append_json_row(table, 0, json);
        } else {
                json_add_key(json, "config");
                json_add_string(json, report->config);
                json_add_key(json, "version");
                json_add_unsigned(json, report->version);
        }
        json_close(json);
        text = json_end(json);
        return g_strconcat(text, "\n", NULL);
}
