/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/samples.h"

#include <stdio.h>
#include <time.h>

uint64_t now_nsec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t) now.tv_sec * UINT64_C(1000000000) + (uint64_t) now.tv_nsec;
}

GArray *samples_new(void)
{
        return g_array_new(FALSE, FALSE, sizeof(uint64_t));
}

void samples_add(GArray *samples, uint64_t nsec)
{
        g_array_append_val(samples, nsec);
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return (x > y) - (x < y);
}

static double percentile(const GArray *samples, unsigned percent)
{
        return samples->len > 0 ? (double) g_array_index(samples, uint64_t, samples->len * percent / 100) /
                                                  1000
                                : 0;
}

void samples_print(GArray *samples, const char *label)
{
        g_array_sort(samples, compare);
        printf("%s\t%u\t%.3f\t%.3f\n", label, samples->len, percentile(samples, 50),
               percentile(samples, 99));
        fflush(stdout);
}

void samples_print_longest(GArray *samples, const char *label)
{
        double longest;

        g_array_sort(samples, compare);
        longest = samples->len > 0 ? (double) g_array_index(samples, uint64_t, samples->len - 1) / 1000 : 0;
        printf("%s\t%u\t%.2f\t%.2f\n", label, samples->len, longest, longest);
        fflush(stdout);
}
