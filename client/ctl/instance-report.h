/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instance reports: what reconfctl instances --follow prints where it cannot draw
 *
 * One report is a line for people, or one JSON object, which has the same members as a row of the table.
 */
#pragma once

#include "client/ctl/instance-list.h"
#include "client/ctl/standings.h"

typedef enum InstanceReportKind {
        INSTANCE_REPORT_CAME,
        INSTANCE_REPORT_LEFT,
        INSTANCE_REPORT_STATE,
        INSTANCE_REPORT_VERSION, /* of the config; there is no instance */
} InstanceReportKind;

/* All is borrowed. */
typedef struct InstanceReport {
        InstanceReportKind kind;
        uint64_t time; /* µs, realtime */
        const char *config;
        uint64_t version; /* that became active */
        const ListedInstance *instance;
        Standings *standings;
} InstanceReport;

/* Ends in a newline. */
char *instance_report_format(const InstanceReport *report, const Style *style);
char *instance_report_format_json(const InstanceReport *report, JsonMode mode);
