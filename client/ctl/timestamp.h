/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Timestamps as systemctl writes them
 *
 * Local time; times are µs since the epoch. All results are to be freed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "Sat 2026-11-21 03:36:35 UTC"; "n/a" for 0. */
char *timestamp_format(uint64_t time);
/* "5min 30s ago", "2 days ago", "just now", or "in 3s" for what is still to come. */
char *timestamp_format_relative(uint64_t time, uint64_t now);
/* Both: "Sat 2026-11-21 03:36:35 UTC; 5min ago". */
char *timestamp_format_both(uint64_t time);
/* "2026-11-21 03:36:35.123", for lines that follow each other. */
char *timestamp_format_precise(uint64_t time);
/*
 * A time as people type it, and as journalctl takes it: "2026-11-21 03:36:35", with a fraction, without
 * seconds, or the day alone; "03:36" of today; "now", "today", "yesterday", "tomorrow"; with the day of the
 * week before it and "UTC" or the local zone behind it, as timestamp_format() writes it; "2h", "2h ago" or
 * "-2h" before now, "+2h" after it; "@1795232195". The T and Z of ISO 8601 are understood, too. False, and
 * ret as it was, for anything else.
 */
bool timestamp_parse(const char *text, uint64_t now, uint64_t *ret);
/* "2h 5min". */
char *timestamp_format_span(uint64_t span);
