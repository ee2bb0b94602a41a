/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Statistics: what was done since the start
 *
 * A config counts for itself and for the daemon as a whole. Latencies go into buckets an eighth of an octave
 * wide, so percentiles are right to about a tenth and cost no memory that grows.
 */
#pragma once

#include "daemon/model/failure.h"

typedef struct Histogram Histogram;

typedef struct Statistics {
        struct Statistics *total; /* counts along, or NULL */
        uint64_t since;           /* µs, monotonic */
        uint64_t file_events;
        uint64_t reloads;
        uint64_t unchanged;
        uint64_t rollbacks;
        uint64_t signals;
        uint64_t denials;
        uint64_t failures[N_FAILURE_STAGES];
        Histogram *latency; /* NULL until the first */
} Statistics;

/* All zero, counting from now; total may be NULL. */
void statistics_init(Statistics *statistics, Statistics *total);
void statistics_clear(Statistics *statistics);

/* Adds one here and in the total: STATISTICS_COUNT(statistics, reloads). */
#define STATISTICS_COUNT(statistics, field)                                                     \
        do {                                                                                    \
                for (Statistics *counted_ = (statistics); counted_; counted_ = counted_->total) \
                        counted_->field++;                                                      \
        } while (0)

/* From a file's event to the signal that told of it, in µs. */
void statistics_add_latency(Statistics *statistics, uint64_t usec);
/* The latency that this share (0 to 1) of all stayed below; 1 for the longest. 0 where there was none. */
double statistics_get_latency(const Statistics *statistics, double share);
