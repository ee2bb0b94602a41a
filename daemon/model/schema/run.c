/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/run.h"

#include "daemon/model/schema/report.h"

#include <time.h>

/* What all patterns of a run may take that are not linear: half a second. */
#define MAX_PATTERN_TIME 500000000
/* Bytes of text that cost as much as a rule. */
#define BYTES_PER_STEP 32U

void run_init(Run *run, const Schema *schema, const Node *root, bool quote, Reports *reports)
{
        *run = (Run){ .schema = schema,
                      .quote = quote,
                      .reports = reports,
                      .reporting = reports,
                      .steps = RUN_MAX_STEPS + (uint64_t) RUN_MAX_STEPS_PER_NODE * node_count(root) };
}

void run_clear(Run *run)
{
        g_free(run->limit_path);
        g_free(run->limit_message);
}

bool run_hit_limit(Run *run, const Spot *spot, const char *format, ...)
{
        va_list arguments;

        run->hit_limit = true;
        if (!run->reporting || run->limit_message)
                return false;
        va_start(arguments, format);
        run->limit_message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        run->limit_path = spot_path(spot);
        run->limit_node = spot_place(spot);
        return false;
}

bool run_charge(Run *run, const Spot *spot, uint64_t steps)
{
        if (steps <= run->steps) {
                run->steps -= steps;
                return true;
        }
        run->steps = 0;
        return run_hit_limit(run, spot,
                             "validation was given up: the schema takes too many steps for this document");
}

static int64_t thread_time(void)
{
        struct timespec now;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

bool run_match(Run *run, const Pattern *pattern, const char *text, size_t length, const Spot *spot)
{
        PatternResult result;
        int64_t start;

        if (!run_charge(run, spot, length / BYTES_PER_STEP))
                return false;
        if (pattern_is_linear(pattern))
                return pattern_match(pattern, text, length) == PATTERN_MATCHES;

        if (run->pattern_time > MAX_PATTERN_TIME)
                return run_hit_limit(run, spot, "the pattern \"%s\" and those before took too long to match",
                                     pattern_text(pattern));
        start = thread_time();
        result = pattern_match(pattern, text, length);
        run->pattern_time += thread_time() - start;
        if (result == PATTERN_GAVE_UP)
                return run_hit_limit(run, spot, "the pattern \"%s\" takes too many steps to match",
                                     pattern_text(pattern));
        return result == PATTERN_MATCHES;
}

/* The checks of a rule over a value that is of one of its types. */
static bool check_kind(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated)
{
        switch (spot->node->kind) {
        case NODE_INTEGER:
        case NODE_UNSIGNED:
        case NODE_DOUBLE:
                return !rule->numbers || run_check_number(run, rule->numbers, spot);
        case NODE_STRING:
                return !rule->strings || run_check_string(run, rule->strings, spot);
        case NODE_LIST:
                return !rule->lists || run_check_list(run, rule->lists, spot, evaluated);
        case NODE_MAP:
                return !rule->maps || run_check_map(run, rule->maps, spot, evaluated);
        default:
                return true;
        }
}

static bool check_rule(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated)
{
        bool valid = true;

        if (rule->values)
                valid = run_check_values(run, rule->values, spot);
        if (valid || !run_is_quiet(run))
                valid &= check_kind(run, rule, spot, evaluated);
        if (rule->logic && (valid || !run_is_quiet(run)))
                valid &= run_check_logic(run, rule->logic, spot, evaluated);
        return valid;
}

/* What is not evaluated can be told only of the rule itself, not of those around it. */
static bool check_tracked(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated)
{
        bool valid, branch_failed = run->branch_failed;
        Evaluated own;

        if (!run_charge(run, spot, spot->node->length / BYTES_PER_STEP))
                return false;
        evaluated_init(&own, spot->node->length);
        run->branch_failed = false;
        valid = check_rule(run, rule, spot, &own);
        /* What an alternative that failed would have evaluated must not be told as if it were unknown. */
        if (valid || (!run_is_quiet(run) && !run->branch_failed))
                valid &= run_check_unevaluated(run, rule, spot, &own);
        run->branch_failed |= branch_failed;
        if (valid && evaluated)
                evaluated_join(evaluated, &own);
        evaluated_clear(&own);
        return valid;
}

static bool is_tracked(const Rule *rule, const Node *node)
{
        return (node->kind == NODE_MAP && rule->maps && rule->maps->unevaluated) ||
               (node->kind == NODE_LIST && rule->lists && rule->lists->unevaluated);
}

bool run_evaluate(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated)
{
        const ScopeFrame *outer = run->scope;
        ScopeFrame frame = { outer, rule->scope };
        bool valid;

        if (!run_charge(run, spot, 1))
                return false;
        if (run->depth == RUN_MAX_DEPTH)
                return run_hit_limit(run, spot,
                                     "the schema refers to itself more than %u times for this value",
                                     RUN_MAX_DEPTH);
        if (rule->never)
                return report_problem(run, spot, "nothing is allowed here");
        if (!rule_has_type(rule->types, spot->node))
                return report_type(run, spot, rule->types);

        if (!outer || outer->scope != rule->scope)
                run->scope = &frame;
        run->depth++;
        valid = is_tracked(rule, spot->node) ? check_tracked(run, rule, spot, evaluated)
                                             : check_rule(run, rule, spot, evaluated);
        run->depth--;
        run->scope = outer;
        return valid;
}

bool run_try(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated)
{
        Reports *reports = run->reports;
        bool valid;

        run->reports = NULL;
        valid = run_evaluate(run, rule, spot, evaluated);
        run->reports = reports;
        return valid;
}

bool run_follow_dynamic(Run *run, const LogicRules *logic, const Spot *spot, Evaluated *evaluated)
{
        const Rule *rule = logic->dynamic;

        for (const ScopeFrame *frame = run->scope; frame && logic->dynamic_name != 0; frame = frame->outer)
                for (size_t i = 0; i < frame->scope->n_anchors; i++)
                        if (frame->scope->anchors[i].name == logic->dynamic_name)
                                rule = frame->scope->anchors[i].rule;
        return run_evaluate(run, rule, spot, evaluated);
}
