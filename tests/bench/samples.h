/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Samples: durations, and what the run script reads of them
 *
 * A program that measures prints a line for each thing that it measured: its label, how many samples there
 * were, and the median and the 99th percentile in microseconds, with tabs between.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* The monotonic clock; all programs of a run share it. */
uint64_t now_nsec(void);

/* An empty array of samples. */
GArray *samples_new(void);
void samples_add(GArray *samples, uint64_t nsec);
/* Sorts them. */
void samples_print(GArray *samples, const char *label);
/* The longest one in place of both. */
void samples_print_longest(GArray *samples, const char *label);
