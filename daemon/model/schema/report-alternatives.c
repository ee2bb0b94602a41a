/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A value that fits none of several alternatives was mostly meant to be one of them. Which one is told by
 * what is wrong: a wrong type of the value itself is as far away as can be, then a wrong constant; a wrong
 * constant of a member (as of one that names the kind of thing that the map is) comes before any number of
 * small things. Where all alternatives are simple ones, their expectations are told together.
 */
#include "daemon/model/schema/report.h"

/* Alternatives beyond this are not looked at. */
#define MAX_ALTERNATIVES 100U

static unsigned weigh(const Report *report, unsigned level)
{
        switch (report->kind) {
        case REPORT_TYPE:
                return report->level == level ? 100000 : 20;
        case REPORT_VALUE:
                return report->level == level ? 10000 : 200;
        default:
                return 1;
        }
}

static unsigned weigh_all(const Reports *reports, unsigned level)
{
        unsigned weight = 0;

        for (guint i = 0; i < reports->list->len; i++)
                weight += weigh(g_ptr_array_index(reports->list, i), level);
        return weight;
}

/* What the alternative wants of the value itself, where that is all that is wrong; else NULL. */
static const char *simple_expectation(const Reports *reports, unsigned level)
{
        const Report *report = reports->list->len == 1 ? g_ptr_array_index(reports->list, 0) : NULL;

        return report && report->kind != REPORT_OTHER && report->level == level ? report->expected : NULL;
}

static void join_expectation(GString *text, const char *expectation)
{
        /* Two alternatives may want the same, as two maps do. */
        if (text->len == 0)
                g_string_append(text, expectation);
        else if (!strstr(text->str, expectation))
                g_string_append_printf(text, " or %s", expectation);
}

static void note_alternatives(Reports *reports, size_t count)
{
        Report *first = g_ptr_array_index(reports->list, 0);
        g_autofree char *message = NULL;

        /* Of alternatives within each other, the innermost are those that a reader looks for. */
        if (first->is_of_alternative)
                return;
        first->is_of_alternative = true;
        message = first->message;
        first->message = g_strdup_printf("%s (in the nearest of %zu alternatives)", message, count);
}

bool report_alternatives(Run *run, const Spot *spot, const RuleList *alternatives)
{
        Reports *reports = run->reports;
        g_autoptr(Reports) nearest = NULL;
        g_autoptr(GString) joined = NULL;
        unsigned level, least = G_MAXUINT;
        bool all_simple = true;

        if (!report_is_wanted(run))
                return false;
        run->branch_failed = true;
        joined = g_string_new(NULL);
        level = spot_level(spot);
        for (size_t i = 0; i < MIN(alternatives->count, MAX_ALTERNATIVES); i++) {
                g_autoptr(Reports) found = reports_new();
                const char *simple;
                unsigned weight;

                run->reports = found;
                run_evaluate(run, alternatives->rules[i], spot, NULL);
                simple = simple_expectation(found, level);
                all_simple = all_simple && simple;
                if (simple)
                        join_expectation(joined, simple);
                weight = weigh_all(found, level);
                if (found->list->len > 0 && weight < least) {
                        least = weight;
                        reports_free(nearest);
                        nearest = g_steal_pointer(&found);
                }
        }
        run->reports = reports;

        if (all_simple)
                return report_expected(run, spot, REPORT_TYPE, "%s", joined->str);
        if (nearest) {
                if (alternatives->count > 1)
                        note_alternatives(nearest, alternatives->count);
                reports_take(reports, nearest);
        }
        return false;
}
