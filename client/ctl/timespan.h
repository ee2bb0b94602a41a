/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spans of time as people type them
 *
 * "30s", "500ms", "1.5h", "2min 30s": numbers with a unit each; a number alone is seconds. Units are us, ms,
 * s (sec), min (m), h (hr) and d, in lower case. There are no months or years: nothing that reconfctl waits
 * for lasts that long, and their length is a matter of opinion.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The sum in µs. False, and ret_usec as it was, where the text is anything else, or beyond what 64 bits
 * hold. */
bool timespan_parse(const char *text, uint64_t *ret_usec);
/* "2min 30s", "1s 500ms", "0s": exactly what timespan_parse() makes the same µs of. To be freed. */
char *timespan_format(uint64_t usec);
