/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unit jobs: systemd asked to reload or restart a service, and what came of it
 *
 * A service that is not running has nothing to reload, and is left alone, unless an earlier job of ours took
 * it down: then it is started, whatever limits it has on starts, because nobody else would do it. Nothing
 * here waits; an end is told once, when systemd tells of it, or when that takes too long.
 */
#pragma once

#include "daemon/config-commands.h"
#include "daemon/systemd.h"

/* How long to wait for a job's end: what systemd allows by itself for a stop and a start, 90 s each. */
#define UNIT_JOB_USEC (180 * G_USEC_PER_SEC)

typedef struct UnitJob UnitJob;

typedef enum UnitJobEnd {
        UNIT_JOB_DONE,
        UNIT_JOB_NOT_RUNNING, /* nothing was to be done */
        UNIT_JOB_FAILED,
        UNIT_JOB_TOOK_DOWN, /* it failed, and the service is down */
} UnitJobEnd;

/* message says why it failed and what to do, else it is NULL. The job is still to be freed, here or later.
 */
typedef void (*UnitJobDone)(UnitJobEnd end, const char *message, void *userdata);

/* Asks for a job. lift: an earlier one took the service down. */
UnitJob *unit_job_new(Systemd *systemd, const char *unit, ReloadMode mode, bool lift, uint64_t limit_usec,
                      UnitJobDone done, void *userdata);
/* What was asked for goes on, and nobody hears of it. */
UnitJob *unit_job_free(UnitJob *job);

/* As SystemdListener has them; false where that was another job. */
bool unit_job_removed(UnitJob *job, const char *path, const char *result);
void unit_job_replaced(UnitJob *job);

/* The object of a unit. */
char *unit_path(const char *unit);
