/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reports: what is wrong with a document, as it is found
 *
 * Each report_… function tells one sort of thing, and returns false, so that a check can end in it; in a
 * quiet run it does nothing else. A message says what was expected and what was found. A value is quoted
 * only where that is allowed and the schema does not call it a secret.
 */
#pragma once

#include "daemon/model/schema/run.h"

/* What tells how far a value is from an alternative. */
typedef enum ReportKind {
        REPORT_OTHER,
        REPORT_TYPE,
        REPORT_VALUE, /* const, enum */
} ReportKind;

typedef struct Report {
        ReportKind kind;
        unsigned level; /* of the value, the root being at 0 */
        uint8_t layer;
        uint32_t line, column;
        char *path;
        char *expected; /* what the message says that was, or NULL */
        char *message;
        bool is_of_alternative; /* and says so */
} Report;

struct Reports {
        GPtrArray *list; /* of Report, up to SCHEMA_MAX_PROBLEMS */
        size_t count;    /* those left out included */
};

Reports *reports_new(void);
Reports *reports_free(Reports *reports);
/* Moves all from one to another. */
void reports_take(Reports *reports, Reports *others);

unsigned spot_level(const Spot *spot);
char *spot_path(const Spot *spot);
/* The value, or the next one around it, that has a place. */
const Node *spot_place(const Spot *spot);
/* The value as a message may tell it: quoted or described. */
char *report_found(Run *run, const Spot *spot);
/* True if the value may be quoted. */
bool report_may_quote(Run *run, const Spot *spot);

/* False in a quiet run, and where there are enough reports: those are but counted, by this. */
bool report_is_wanted(Run *run);
/* "expected …, found …". */
bool report_expected(Run *run, const Spot *spot, ReportKind kind, const char *format, ...)
                G_GNUC_PRINTF(4, 5);
/* Anything else. */
bool report_problem(Run *run, const Spot *spot, const char *format, ...) G_GNUC_PRINTF(3, 4);

bool report_type(Run *run, const Spot *spot, TypeSet types);
bool report_choices(Run *run, const Spot *spot, const Node *choices);
bool report_limit(Run *run, const Spot *spot, const char *relation, const Node *limit);
bool report_count(Run *run, const Spot *spot, bool is_least, uint64_t limit, const char *what,
                  uint64_t found);
/* A key that the rule knows nothing of, by its own properties and, for unevaluatedProperties, by all in its
 * place. */
bool report_unknown_key(Run *run, const Spot *spot, const MapRules *maps);
bool report_unevaluated_key(Run *run, const Spot *spot, const Rule *rule);
bool report_missing_key(Run *run, const Spot *spot, const char *key, size_t key_length,
                        const char *because_of);
/* None of the alternatives fits: tells those problems that come nearest. */
bool report_alternatives(Run *run, const Spot *spot, const RuleList *alternatives);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reports, reports_free)
