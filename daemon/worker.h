/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Worker: work that may block, off the loop
 *
 * A job runs on another thread, then its end is told on the loop's. Jobs share nothing with the daemon but
 * what they were given. Costs no wakeup while there is no work.
 */
#pragma once

#include <glib.h>
#include <systemd/sd-event.h>

typedef struct Worker Worker;

/* run is called on another thread, done on the loop's, both with the job. */
typedef void (*WorkerRun)(void *job);
typedef void (*WorkerDone)(void *job);

int worker_new(sd_event *event, Worker **ret);
/* Waits until all that was submitted has run, and tells of it. Not to be called by a WorkerDone. */
Worker *worker_free(Worker *worker);
void worker_submit(Worker *worker, void *job, WorkerRun run, WorkerDone done);
/* Jobs that were submitted and whose end was not told yet. */
unsigned worker_pending(const Worker *worker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Worker, worker_free)
