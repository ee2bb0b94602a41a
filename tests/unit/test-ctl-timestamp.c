/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times as systemctl writes them
 */
#include "client/ctl/timestamp.h"

#include <glib.h>
#include <time.h>

#define SECOND UINT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define NOW (UINT64_C(1795232195) * SECOND + 123456)

static void assert_span(uint64_t span, const char *expected)
{
        g_autofree char *text = timestamp_format_span(span);

        g_assert_cmpstr(text, ==, expected);
}

static void test_span(void)
{
        assert_span(0, "0s");
        assert_span(SECOND - 1, "0s");
        assert_span(59 * SECOND, "59s");
        assert_span(MINUTE, "1min");
        assert_span(5 * MINUTE + 30 * SECOND, "5min 30s");
        assert_span(2 * HOUR + 3 * SECOND, "2h");
        assert_span(2 * HOUR + 3 * MINUTE + 4 * SECOND, "2h 3min");
        assert_span(DAY, "1 day");
        assert_span(2 * DAY + HOUR, "2 days 1h");
        assert_span(9 * DAY, "1 week 2 days");
        assert_span(400 * DAY, "1 year 1 month");
}

static void assert_relative(uint64_t time, const char *expected)
{
        g_autofree char *text = timestamp_format_relative(time, NOW);

        g_assert_cmpstr(text, ==, expected);
}

static void test_relative(void)
{
        assert_relative(NOW, "just now");
        assert_relative(NOW - SECOND + 1, "just now");
        assert_relative(NOW - SECOND, "1s ago");
        assert_relative(NOW - 3 * HOUR, "3h ago");
        assert_relative(NOW + 5 * SECOND, "in 5s");
}

static void test_absolute(void)
{
        g_autofree char *text = timestamp_format(NOW);
        g_autofree char *precise = timestamp_format_precise(NOW);
        g_autofree char *never = timestamp_format(0);
        g_autofree char *both = timestamp_format_both(NOW);
        g_autofree char *never_both = timestamp_format_both(0);

        g_assert_cmpstr(text, ==, "Sat 2026-11-21 03:36:35 UTC");
        g_assert_cmpstr(precise, ==, "2026-11-21 03:36:35.123");
        g_assert_cmpstr(never, ==, "n/a");
        g_assert_true(g_str_has_prefix(both, "Sat 2026-11-21 03:36:35 UTC; "));
        g_assert_cmpstr(never_both, ==, "n/a");
}

int main(int argc, char **argv)
{
        g_setenv("TZ", "UTC", TRUE);
        tzset();
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-timestamp/span", test_span);
        g_test_add_func("/ctl-timestamp/relative", test_relative);
        g_test_add_func("/ctl-timestamp/absolute", test_absolute);
        return g_test_run();
}
