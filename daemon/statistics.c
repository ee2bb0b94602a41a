/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/statistics.h"

#define STEPS_PER_OCTAVE 8U
#define N_OCTAVES 32U
#define N_BUCKETS (STEPS_PER_OCTAVE * N_OCTAVES)

struct Histogram {
        uint64_t count;
        uint64_t longest;
        uint32_t buckets[N_BUCKETS];
};

void statistics_init(Statistics *statistics, Statistics *total)
{
        *statistics = (Statistics){
                .total = total,
                .since = (uint64_t) g_get_monotonic_time(),
        };
}

void statistics_clear(Statistics *statistics)
{
        g_clear_pointer(&statistics->latency, g_free);
}

/* Below 8 µs a bucket is 1 µs wide, above it an eighth of its octave. */
static unsigned bucket_of(uint64_t usec)
{
        unsigned octave, bucket;

        if (usec < STEPS_PER_OCTAVE)
                return (unsigned) usec;
        octave = (unsigned) g_bit_storage(usec) - 1;
        bucket = (octave - 2) * STEPS_PER_OCTAVE +
                 (unsigned) ((usec >> (octave - 3)) & (STEPS_PER_OCTAVE - 1));
        return MIN(bucket, N_BUCKETS - 1);
}

static uint64_t bucket_end(unsigned bucket)
{
        unsigned octave = bucket / STEPS_PER_OCTAVE + 2;

        if (bucket < STEPS_PER_OCTAVE)
                return bucket + 1;
        return (uint64_t) (bucket % STEPS_PER_OCTAVE + STEPS_PER_OCTAVE + 1) << (octave - 3);
}

void statistics_add_latency(Statistics *statistics, uint64_t usec)
{
        for (; statistics; statistics = statistics->total) {
                Histogram *latency = statistics->latency;

                if (!latency)
                        latency = statistics->latency = g_new0(Histogram, 1);
                latency->count++;
                latency->longest = MAX(latency->longest, usec);
                latency->buckets[bucket_of(usec)]++;
        }
}

double statistics_get_latency(const Statistics *statistics, double share)
{
        const Histogram *latency = statistics->latency;
        uint64_t seen = 0;

        if (!latency)
                return 0;
        for (unsigned i = 0; i < N_BUCKETS && share < 1; i++) {
                seen += latency->buckets[i];
                if ((double) seen >= share * (double) latency->count)
                        return (double) MIN(bucket_end(i), latency->longest);
        }
        return (double) latency->longest;
}
