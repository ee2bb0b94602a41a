/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/report.h"

/* Applies a rule that may fail: only if it does not, it counts as having evaluated anything. */
static bool try_rule(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated)
{
        Evaluated tried;
        bool valid;

        if (!evaluated)
                return run_try(run, rule, spot, NULL);
        if (!run_charge(run, spot, evaluated->length / 64))
                return false;
        evaluated_init(&tried, evaluated->length);
        valid = run_try(run, rule, spot, &tried);
        if (valid)
                evaluated_join(evaluated, &tried);
        evaluated_clear(&tried);
        return valid;
}

static bool check_all(Run *run, const RuleList *rules, const Spot *spot, Evaluated *evaluated)
{
        bool valid = true;

        for (size_t i = 0; i < rules->count && (valid || !run_is_quiet(run)); i++)
                valid &= run_evaluate(run, rules->rules[i], spot, evaluated);
        return valid;
}

static bool check_any(Run *run, const RuleList *rules, const Spot *spot, Evaluated *evaluated)
{
        bool valid = false;

        /* The first that fits settles it, unless all have to tell what they evaluated. */
        for (size_t i = 0; i < rules->count && (!valid || evaluated); i++)
                valid |= try_rule(run, rules->rules[i], spot, evaluated);
        return valid || report_alternatives(run, spot, rules);
}

static bool check_one(Run *run, const RuleList *rules, const Spot *spot, Evaluated *evaluated)
{
        size_t count = 0, first = 0;

        for (size_t i = 0; i < rules->count; i++) {
                if (!try_rule(run, rules->rules[i], spot, evaluated))
                        continue;
                if (++count > 1)
                        return report_problem(
                                        run, spot,
                                        "exactly one of %zu alternatives must fit, and both number %zu and "
                                        "number %zu do",
                                        rules->count, first + 1, i + 1);
                first = i;
        }
        return count == 1 || report_alternatives(run, spot, rules);
}

static bool check_condition(Run *run, const LogicRules *logic, const Spot *spot, Evaluated *evaluated)
{
        bool holds = try_rule(run, logic->condition, spot, evaluated);
        const Rule *rule = holds ? logic->consequence : logic->alternative;

        return !rule || run_evaluate(run, rule, spot, evaluated);
}

static bool check_forbidden(Run *run, const Rule *rule, const Spot *spot)
{
        if (run_try(run, rule, spot, NULL))
                return report_problem(run, spot, "this is what the schema rules out with \"not\"");
        return true;
}

bool run_check_logic(Run *run, const LogicRules *logic, const Spot *spot, Evaluated *evaluated)
{
        bool valid = true;

        if (logic->reference)
                valid &= run_evaluate(run, logic->reference, spot, evaluated);
        if (logic->dynamic && (valid || !run_is_quiet(run)))
                valid &= run_follow_dynamic(run, logic, spot, evaluated);
        if (logic->all_of.count > 0 && (valid || !run_is_quiet(run)))
                valid &= check_all(run, &logic->all_of, spot, evaluated);
        if (logic->any_of.count > 0 && (valid || !run_is_quiet(run)))
                valid &= check_any(run, &logic->any_of, spot, evaluated);
        if (logic->one_of.count > 0 && (valid || !run_is_quiet(run)))
                valid &= check_one(run, &logic->one_of, spot, evaluated);
        if (logic->forbidden && (valid || !run_is_quiet(run)))
                valid &= check_forbidden(run, logic->forbidden, spot);
        if (logic->condition && (valid || !run_is_quiet(run)))
                valid &= check_condition(run, logic, spot, evaluated);
        return valid;
}
