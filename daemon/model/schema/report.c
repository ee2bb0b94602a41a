/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/report.h"

#include "daemon/model/schema/places.h"
#include "daemon/model/schema/value.h"

/* What telling of something costs, in rules applied. */
#define REPORT_STEPS 50U

static void report_free(void *data)
{
        Report *report = data;

        g_free(report->path);
        g_free(report->expected);
        g_free(report->message);
        g_free(report);
}

Reports *reports_new(void)
{
        Reports *reports = g_new(Reports, 1);

        *reports = (Reports){ .list = g_ptr_array_new_with_free_func(report_free) };
        return reports;
}

Reports *reports_free(Reports *reports)
{
        if (!reports)
                return NULL;

        g_ptr_array_unref(reports->list);
        g_free(reports);
        return NULL;
}

void reports_take(Reports *reports, Reports *others)
{
        reports->count += others->count;
        while (others->list->len > 0) {
                Report *report = g_ptr_array_steal_index(others->list, 0);

                if (reports->list->len < SCHEMA_MAX_PROBLEMS)
                        g_ptr_array_add(reports->list, report);
                else
                        report_free(report);
        }
        others->count = 0;
}

unsigned spot_level(const Spot *spot)
{
        unsigned level = 0;

        for (; spot->parent; spot = spot->parent)
                level++;
        return level;
}

static void append_path(GString *path, const Spot *spot)
{
        char index[16];
        int length;

        if (!spot->parent)
                return;
        append_path(path, spot->parent);
        if (spot->key) {
                path_append_dotted(path, spot->key, spot->key_length);
        } else {
                length = g_snprintf(index, sizeof index, "%" G_GUINT32_FORMAT, spot->index);
                path_append_dotted(path, index, (size_t) length);
        }
}

char *spot_path(const Spot *spot)
{
        g_autoptr(GString) path = g_string_new(NULL);

        append_path(path, spot);
        return g_string_free(g_steal_pointer(&path), FALSE);
}

const Node *spot_place(const Spot *spot)
{
        /* The node of a key is made for the moment; its value stays. */
        if (spot->is_key)
                return spot_place(spot->parent);
        while (spot->node->line == 0 && spot->parent)
                spot = spot->parent;
        return spot->node;
}

bool report_may_quote(Run *run, const Spot *spot)
{
        /* Keys are told anyway: they are part of the path. */
        return spot->is_key ||
               (run->quote && (places_marks_at(run->schema, spot, &run->steps) & SCHEMA_WRITE_ONLY) == 0);
}

char *report_found(Run *run, const Spot *spot)
{
        const Node *node = spot->node;
        g_autofree char *quoted = NULL;

        if (node->kind == NODE_NULL || node->kind == NODE_LIST || node->kind == NODE_MAP ||
            !report_may_quote(run, spot))
                return g_strdup(value_describe(node));
        quoted = value_quote(node);
        if (node->kind == NODE_STRING)
                return g_strdup_printf("%s %s", spot->is_key ? "the key" : "the string", quoted);
        return g_steal_pointer(&quoted);
}

bool report_is_wanted(Run *run)
{
        if (run_is_quiet(run))
                return false;
        if (run->reports->list->len < SCHEMA_MAX_PROBLEMS)
                return true;
        run->reports->count++;
        return false;
}

/* Takes expected and message. */
static void add_report(Run *run, const Spot *spot, ReportKind kind, char *expected, char *message)
{
        Reports *reports = run->reports;
        const Node *place = spot_place(spot);
        Report *report = g_new(Report, 1);

        run->steps -= MIN(REPORT_STEPS, run->steps);
        reports->count++;
        *report = (Report){
                .kind = kind,
                .level = spot_level(spot),
                .layer = place->layer,
                .line = place->line,
                .column = place->column,
                .path = spot_path(spot),
                .expected = expected,
                .message = message,
        };
        g_ptr_array_add(reports->list, report);
}

bool report_expected(Run *run, const Spot *spot, ReportKind kind, const char *format, ...)
{
        va_list arguments;
        char *expected;
        g_autofree char *found = NULL;

        if (!report_is_wanted(run))
                return false;
        va_start(arguments, format);
        expected = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        found = report_found(run, spot);
        add_report(run, spot, kind, expected, g_strdup_printf("expected %s, found %s", expected, found));
        return false;
}

bool report_problem(Run *run, const Spot *spot, const char *format, ...)
{
        va_list arguments;
        char *message;

        if (!report_is_wanted(run))
                return false;
        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        add_report(run, spot, REPORT_OTHER, NULL, message);
        return false;
}
