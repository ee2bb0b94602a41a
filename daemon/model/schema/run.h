/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs: one document held against one schema
 *
 * A first run is quiet: it only says yes or no, ends at the first thing that is wrong, and allocates next to
 * nothing. Only where that fails, a second one goes through all again and reports. Both are the same code,
 * which reports what it finds if there is anything to report to.
 *
 * Time is bounded by a number of steps, and by the time that patterns take which are not linear. What hits
 * such a limit has failed, whatever "not" or "anyOf" would make of it.
 */
#pragma once

#include "daemon/model/schema/evaluated.h"
#include "daemon/model/schema/rule.h"

/* Rules applied, with what large values and tables cost beside: for any document, and for each node of it.
 */
#define RUN_MAX_STEPS 10000000U
#define RUN_MAX_STEPS_PER_NODE 20U
/* Rules within each other. */
#define RUN_MAX_DEPTH 400U

/* A value and the way to it. The root has no parent; items of lists have no key. */
typedef struct Spot {
        const struct Spot *parent;
        const Node *node;
        const char *key;
        uint32_t key_length;
        uint32_t index;
        bool is_key; /* the value is the key itself, for propertyNames */
} Spot;

/* The resources that evaluation has come through. */
typedef struct ScopeFrame {
        const struct ScopeFrame *outer;
        const RuleScope *scope;
} ScopeFrame;

typedef struct Reports Reports;

typedef struct Run {
        const Schema *schema;
        Reports *reports; /* NULL in a quiet run */
        bool reporting;   /* also while it is quiet for a moment */
        bool quote;
        uint64_t steps; /* what is left of them */
        unsigned depth;
        const ScopeFrame *scope;
        int64_t pattern_time; /* nanoseconds */
        bool branch_failed;   /* what it would have evaluated is not known */
        bool hit_limit;
        char *limit_path, *limit_message; /* of the first limit that was hit, in a run that reports */
        const Node *limit_node;
} Run;

void run_init(Run *run, const Schema *schema, const Node *root, bool quote, Reports *reports);
void run_clear(Run *run);

/*
 * True if the value is valid. Adds to evaluated, if given, what was evaluated of a valid map or list; where
 * the value is not valid there is nothing to be read from it.
 */
bool run_evaluate(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated);
/* The same with nothing reported. */
bool run_try(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated);
/* Applies a dynamic reference. */
bool run_follow_dynamic(Run *run, const LogicRules *logic, const Spot *spot, Evaluated *evaluated);

/* Pays for something that takes time by its size. False once there is nothing left. */
bool run_charge(Run *run, const Spot *spot, uint64_t steps);
/* Always false. */
bool run_hit_limit(Run *run, const Spot *spot, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* True if the pattern is found. */
bool run_match(Run *run, const Pattern *pattern, const char *text, size_t length, const Spot *spot);

/* True once a run that does not report has nothing to go on for. */
static inline bool run_is_quiet(const Run *run)
{
        return !run->reports;
}

/* The checks of each sort of keyword, over a value of the right kind. */
bool run_check_values(Run *run, const ValueRules *values, const Spot *spot);
bool run_check_number(Run *run, const NumberRules *numbers, const Spot *spot);
bool run_check_string(Run *run, const StringRules *strings, const Spot *spot);
bool run_check_list(Run *run, const ListRules *lists, const Spot *spot, Evaluated *evaluated);
bool run_check_map(Run *run, const MapRules *maps, const Spot *spot, Evaluated *evaluated);
bool run_check_logic(Run *run, const LogicRules *logic, const Spot *spot, Evaluated *evaluated);
/* What nothing else has evaluated, by unevaluatedItems and unevaluatedProperties. */
bool run_check_unevaluated(Run *run, const Rule *rule, const Spot *spot, Evaluated *evaluated);
