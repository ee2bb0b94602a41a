/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watch reports: what reconfctl watch prints
 *
 * One report is some lines for people, or one JSON object.
 */
#pragma once

#include "client/ctl/json.h"
#include "client/ctl/sources.h"
#include "client/ctl/style.h"
#include "client/ctl/value.h"

typedef enum WatchReportKind {
        WATCH_REPORT_CHANGED,
        WATCH_REPORT_MISSED, /* changes that came while nobody listened, as one */
        WATCH_REPORT_FAILED,
        WATCH_REPORT_ADDED,
        WATCH_REPORT_REMOVED,
} WatchReportKind;

/* All is borrowed; what does not apply is NULL or 0. */
typedef struct WatchReport {
        WatchReportKind kind;
        const char *name;
        uint64_t time; /* µs, realtime */
        uint64_t version, previous;
        const char *root;
        const ChangeList *changes; /* NULL where they are not known */
        const Document *details;
        const char *stage;
        const GPtrArray *problems; /* of ConfigProblem */
        Sources *sources;          /* for excerpts of these */
} WatchReport;

/* Ends in a newline. */
char *watch_report_format(const WatchReport *report, const Style *style);
char *watch_report_format_json(const WatchReport *report, JsonMode mode);
