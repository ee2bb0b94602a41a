/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/number.h"
#include "daemon/model/schema/report.h"
#include "daemon/model/schema/suggest.h"
#include "daemon/model/schema/value.h"

#include <string.h>

/* Choices that a message lists. */
#define MAX_CHOICES 10U
/* Rules in each other's place that are looked through for keys. */
#define MAX_IN_PLACE 8U

bool report_type(Run *run, const Spot *spot, TypeSet types)
{
        g_autofree char *text = NULL;

        if (!report_is_wanted(run))
                return false;
        text = rule_describe_types(types);
        return report_expected(run, spot, REPORT_TYPE, "%s", text);
}

static const char *suggest_choice(const Node *node, const Node *choices)
{
        Suggestion suggestion = { .word = node->string, .length = node->length };

        for (uint32_t i = 0; i < choices->length && suggestion_goes_on(&suggestion); i++)
                if (choices->list->items[i].kind == NODE_STRING)
                        suggestion_try(&suggestion, choices->list->items[i].string,
                                       choices->list->items[i].length);
        return suggestion.best;
}

bool report_choices(Run *run, const Spot *spot, const Node *choices)
{
        g_autoptr(GString) text = NULL;
        const char *near = NULL;
        Report *report;

        if (!report_is_wanted(run))
                return false;
        text = g_string_new(choices->length > 1 ? "one of " : "");
        for (uint32_t i = 0; i < MIN(choices->length, MAX_CHOICES); i++) {
                g_autofree char *choice = value_quote(&choices->list->items[i]);

                g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", choice);
        }
        if (choices->length > MAX_CHOICES)
                g_string_append_printf(text, " and %u more", choices->length - MAX_CHOICES);
        if (choices->length == 0)
                g_string_append(text, "no value at all");
        report_expected(run, spot, REPORT_VALUE, "%s", text->str);

        /* What is near to a value tells of the value, too. */
        if (spot->node->kind == NODE_STRING && report_may_quote(run, spot))
                near = suggest_choice(spot->node, choices);
        if (near) {
                g_autofree char *message = NULL;

                report = g_ptr_array_index(run->reports->list, run->reports->list->len - 1);
                message = report->message;
                report->message = g_strdup_printf("%s; did you mean \"%s\"?", message, near);
        }
        return false;
}

bool report_limit(Run *run, const Spot *spot, const char *relation, const Node *limit)
{
        g_autofree char *text = NULL;

        if (!report_is_wanted(run))
                return false;
        text = number_format(limit);
        return report_expected(run, spot, REPORT_OTHER, "a number %s %s", relation, text);
}

bool report_count(Run *run, const Spot *spot, bool is_least, uint64_t limit, const char *what,
                  uint64_t found)
{
        const char *space, *plural;

        if (!report_is_wanted(run))
                return false;
        /* The plural goes to the noun, which is the first word. */
        space = strchr(what, ' ');
        plural = limit == 1 ? "" : "s";
        return report_problem(run, spot,
                              "expected %s %" G_GUINT64_FORMAT " %.*s%s%s, found %" G_GUINT64_FORMAT,
                              is_least ? "at least" : "at most", limit,
                              (int) (space ? space - what : (ptrdiff_t) strlen(what)), what, plural,
                              space ?: "", found);
}

static void try_properties(Suggestion *suggestion, const MapRules *maps, const Node *map)
{
        for (size_t i = 0; i < maps->n_properties && suggestion_goes_on(suggestion); i++) {
                const PropertyRule *property = &maps->properties[i];

                /* A key that is there already is not meant a second time. */
                if (!node_find_member(map, property->key, property->key_length))
                        suggestion_try(suggestion, property->key, property->key_length);
        }
}

static void try_rule(Suggestion *suggestion, const Rule *rule, const Node *map, unsigned depth)
{
        if (depth == MAX_IN_PLACE || !suggestion_goes_on(suggestion))
                return;
        if (rule->maps)
                try_properties(suggestion, rule->maps, map);
        for (size_t i = 0; i < rule->n_in_place; i++)
                try_rule(suggestion, rule->in_place[i].rule, map, depth + 1);
}

static bool report_key(Run *run, const Spot *spot, const Suggestion *suggestion)
{
        g_autoptr(GString) key = g_string_new(NULL);

        path_append_dotted(key, spot->key, spot->key_length);
        if (!suggestion->best)
                return report_problem(run, spot, "the key %s is unknown here", key->str);
        return report_problem(run, spot, "the key %s is unknown here; did you mean \"%s\"?", key->str,
                              suggestion->best);
}

bool report_unknown_key(Run *run, const Spot *spot, const MapRules *maps)
{
        Suggestion suggestion = { .word = spot->key, .length = spot->key_length };

        if (!report_is_wanted(run))
                return false;
        try_properties(&suggestion, maps, spot->parent->node);
        return report_key(run, spot, &suggestion);
}

bool report_unevaluated_key(Run *run, const Spot *spot, const Rule *rule)
{
        Suggestion suggestion = { .word = spot->key, .length = spot->key_length };

        if (!report_is_wanted(run))
                return false;
        try_rule(&suggestion, rule, spot->parent->node, 0);
        return report_key(run, spot, &suggestion);
}

bool report_missing_key(Run *run, const Spot *spot, const char *key, size_t key_length,
                        const char *because_of)
{
        g_autoptr(GString) text = NULL;

        if (!report_is_wanted(run))
                return false;
        text = g_string_new(NULL);
        path_append_dotted(text, key, key_length);
        if (because_of)
                return report_problem(run, spot, "the key %s is missing, which must be there with \"%s\"",
                                      text->str, because_of);
        return report_problem(run, spot, "the key %s is missing", text->str);
}
