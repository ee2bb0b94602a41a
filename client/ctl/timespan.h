/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spans of time as people type them
 *
 * "30s", "500ms", "1.5h", "2min 30s", "3 days": numbers with a unit each; a number alone is seconds. Units
 * are those of systemd.time(7), in lower case but for M, which is months; a month is a twelfth of a year,
 * which has 365.25 days. Nothing that reconfctl waits for lasts so long, and so they are never written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The sum in µs. False, and ret_usec as it was, where the text is anything else, or beyond what 64 bits
 * hold. */
bool timespan_parse(const char *text, uint64_t *ret_usec);
/* "2min 30s", "1s 500ms", "0s": exactly what timespan_parse() makes the same µs of. To be freed. */
char *timespan_format(uint64_t usec);
