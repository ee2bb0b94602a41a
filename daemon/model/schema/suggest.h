/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Suggestions: what somebody may have meant to write
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The candidates of one word; begins as all zeros but for the word. */
typedef struct Suggestion {
        const char *word;
        size_t length;
        const char *best; /* NULL as long as none is near */
        size_t best_length;
        unsigned distance; /* of the best */
        unsigned n_seen;
} Suggestion;

/* Counts what is looked at; false once it was enough. */
bool suggestion_goes_on(Suggestion *suggestion);

/*
 * Takes a candidate, if it is nearer than those before: so few letters apart, by letters that are missing,
 * too many, wrong or swapped, that it may well be meant.
 */
void suggestion_try(Suggestion *suggestion, const char *candidate, size_t length);
