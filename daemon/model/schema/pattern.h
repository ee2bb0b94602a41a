/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Patterns: regular expressions in bounded time
 *
 * Most become automata (see automaton.h). The others are matched by GRegex, which tries one way after the
 * other: there it gives up at a limit of steps, and that is an answer of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Pattern Pattern;

typedef enum PatternResult {
        PATTERN_MATCHES,
        PATTERN_DIFFERS,
        PATTERN_GAVE_UP,
} PatternResult;

/*
 * NULL where it is no regular expression, or none that can be matched here; *ret_message says why then, and
 * is freed with g_free. work is what automata may still cost, see automaton_new.
 */
Pattern *pattern_new(const char *text, uint64_t *work, char **ret_message);
Pattern *pattern_free(Pattern *pattern);

/* As it was written. */
const char *pattern_text(const Pattern *pattern);
/* True if matching takes time linear in the text. */
bool pattern_is_linear(const Pattern *pattern);
PatternResult pattern_match(const Pattern *pattern, const char *text, size_t length);

/* NULL if that is a regular expression of ECMA-262, else why not. */
char *pattern_check(const char *text);
