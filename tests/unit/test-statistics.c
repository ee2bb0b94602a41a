/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of statistics: counting along, and percentiles to about a tenth
 */
#include "daemon/statistics.h"

static void assert_near(double value, double expected)
{
        g_assert_cmpfloat(value, >=, expected);
        g_assert_cmpfloat(value, <=, expected * 1.13 + 1);
}

static void test_counts(void)
{
        Statistics total, one, other;

        statistics_init(&total, NULL);
        statistics_init(&one, &total);
        statistics_init(&other, &total);
        STATISTICS_COUNT(&one, reloads);
        STATISTICS_COUNT(&other, reloads);
        STATISTICS_COUNT(&other, failures[FAILURE_STAGE_PARSE]);
        g_assert_cmpuint(one.reloads, ==, 1);
        g_assert_cmpuint(total.reloads, ==, 2);
        g_assert_cmpuint(one.failures[FAILURE_STAGE_PARSE], ==, 0);
        g_assert_cmpuint(total.failures[FAILURE_STAGE_PARSE], ==, 1);
        g_assert_cmpuint(total.since, <=, one.since);
}

static void test_none(void)
{
        Statistics statistics;

        statistics_init(&statistics, NULL);
        g_assert_cmpfloat(statistics_get_latency(&statistics, 0.5), ==, 0);
        g_assert_cmpfloat(statistics_get_latency(&statistics, 1), ==, 0);
        statistics_clear(&statistics);
}

static void test_one(void)
{
        static const uint64_t values[] = { 0, 1, 7, 8, 9, 15, 16, 100, 12345, 1000000, 3600000000 };

        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
                Statistics statistics;

                statistics_init(&statistics, NULL);
                statistics_add_latency(&statistics, values[i]);
                /* No percentile is above the longest. */
                g_assert_cmpfloat(statistics_get_latency(&statistics, 0.5), ==, (double) values[i]);
                g_assert_cmpfloat(statistics_get_latency(&statistics, 1), ==, (double) values[i]);
                statistics_clear(&statistics);
        }
}

static void test_percentiles(void)
{
        Statistics total, statistics;

        statistics_init(&total, NULL);
        statistics_init(&statistics, &total);
        for (uint64_t i = 1; i <= 10000; i++)
                statistics_add_latency(&statistics, i);
        assert_near(statistics_get_latency(&statistics, 0.0001), 1);
        assert_near(statistics_get_latency(&statistics, 0.5), 5000);
        assert_near(statistics_get_latency(&statistics, 0.9), 9000);
        g_assert_cmpfloat(statistics_get_latency(&statistics, 0.99), >=, 9900);
        g_assert_cmpfloat(statistics_get_latency(&statistics, 0.99), <=, 10000);
        g_assert_cmpfloat(statistics_get_latency(&statistics, 1), ==, 10000);
        g_assert_cmpfloat(statistics_get_latency(&total, 0.5), ==, statistics_get_latency(&statistics, 0.5));
        statistics_clear(&statistics);
        g_assert_null(statistics.latency);
        statistics_clear(&total);
}

/* A clock that jumps must not reach beyond the buckets. */
static void test_huge(void)
{
        Statistics statistics;

        statistics_init(&statistics, NULL);
        statistics_add_latency(&statistics, 5);
        statistics_add_latency(&statistics, UINT64_MAX);
        g_assert_cmpfloat(statistics_get_latency(&statistics, 0.5), ==, 6);
        g_assert_cmpfloat(statistics_get_latency(&statistics, 1), ==, (double) UINT64_MAX);
        statistics_clear(&statistics);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/statistics/counts", test_counts);
        g_test_add_func("/statistics/none", test_none);
        g_test_add_func("/statistics/one", test_one);
        g_test_add_func("/statistics/percentiles", test_percentiles);
        g_test_add_func("/statistics/huge", test_huge);
        return g_test_run();
}
