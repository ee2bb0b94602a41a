/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/suggest.h"

#include <glib.h>
#include <stdint.h>

#define MAX_LENGTH 64U
#define MAX_SEEN 2000U

/* How far a word of that length may be off. */
static unsigned tolerance(size_t length)
{
        return length <= 2 ? 0 : length <= 4 ? 1 : length <= 8 ? 2 : 3;
}

static uint8_t min3(unsigned a, unsigned b, unsigned c)
{
        return (uint8_t) MIN(MIN(a, b), c);
}

/*
 * Bytes to be added, dropped, replaced or swapped with the next one; any number above most where there are
 * more. Both texts are short.
 */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length, unsigned most)
{
        uint8_t rows[3][MAX_LENGTH + 1];
        uint8_t *before = rows[0], *last = rows[1], *row = rows[2];

        for (size_t k = 0; k <= b_length; k++)
                last[k] = (uint8_t) k;
        for (size_t i = 1; i <= a_length; i++) {
                uint8_t *free_row = before, least = (uint8_t) i;

                row[0] = (uint8_t) i;
                for (size_t k = 1; k <= b_length; k++) {
                        bool differs = g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[k - 1]);

                        row[k] = min3(last[k] + 1U, row[k - 1] + 1U, last[k - 1] + (unsigned) differs);
                        if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                                row[k] = (uint8_t) MIN(row[k], before[k - 2] + 1U);
                        least = MIN(least, row[k]);
                }
                /* A swap reaches back over one row, no further. */
                if (least > most + 1)
                        return least;
                before = last;
                last = row;
                row = free_row;
        }
        return last[b_length];
}

bool suggestion_goes_on(Suggestion *suggestion)
{
        return ++suggestion->n_seen <= MAX_SEEN;
}

void suggestion_try(Suggestion *suggestion, const char *candidate, size_t length)
{
        unsigned most = tolerance(MAX(suggestion->length, length)), found;
        size_t difference = MAX(suggestion->length, length) - MIN(suggestion->length, length);

        if (difference > most || MAX(suggestion->length, length) > MAX_LENGTH)
                return;
        found = distance(suggestion->word, suggestion->length, candidate, length, most);
        if (found > most || (suggestion->best && found >= suggestion->distance))
                return;
        suggestion->best = candidate;
        suggestion->best_length = length;
        suggestion->distance = found;
}
