/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spans of time as people type them
 */
#include "client/ctl/timespan.h"

#include <glib.h>

#define MILLISECOND UINT64_C(1000)
#define SECOND (1000 * MILLISECOND)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void assert_parsed(const char *text, uint64_t expected)
{
        uint64_t usec = 1;

        g_assert_true(timespan_parse(text, &usec));
        g_assert_cmpuint(usec, ==, expected);
}

static void assert_refused(const char *text)
{
        uint64_t usec = 4711;

        g_assert_false(timespan_parse(text, &usec));
        g_assert_cmpuint(usec, ==, 4711);
}

static void test_units(void)
{
        assert_parsed("7us", 7);
        assert_parsed("500ms", 500 * MILLISECOND);
        assert_parsed("30s", 30 * SECOND);
        assert_parsed("30sec", 30 * SECOND);
        assert_parsed("2min", 2 * MINUTE);
        assert_parsed("2m", 2 * MINUTE);
        assert_parsed("3h", 3 * HOUR);
        assert_parsed("3hr", 3 * HOUR);
        assert_parsed("1d", DAY);
        assert_parsed("0", 0);
        assert_parsed("0s", 0);
}

static void test_sums(void)
{
        assert_parsed("2min 30s", 2 * MINUTE + 30 * SECOND);
        assert_parsed("2min30s", 2 * MINUTE + 30 * SECOND);
        assert_parsed(" 1 s  500 ms ", SECOND + 500 * MILLISECOND);
        assert_parsed("1s 1s", 2 * SECOND);
}

static void test_alone(void)
{
        assert_parsed("5", 5 * SECOND);
        assert_parsed(" 0.25 ", 250 * MILLISECOND);
        assert_refused("1 2");
        assert_refused("1min 30");
        assert_refused("30 1min");
}

static void test_fractions(void)
{
        assert_parsed("1.5h", HOUR + 30 * MINUTE);
        assert_parsed("0.05s", 50 * MILLISECOND);
        assert_parsed("0.000001s", 1);
        assert_parsed("0.0000019s", 1);
        assert_parsed("0.999999d", DAY - 86400);
        assert_parsed("1.9us", 1);
        assert_refused("1.s");
        assert_refused("1.");
        assert_refused(".5s");
        assert_refused("1.5.5s");
        assert_refused("1,5s");
}

/* Those of systemd.time(7), of which the long ones are never written. */
static void test_long_units(void)
{
        g_autofree char *written = timespan_format(8 * DAY);

        assert_parsed("1 day", DAY);
        assert_parsed("2 days 3 hours 4 minutes", 2 * DAY + 3 * HOUR + 4 * MINUTE);
        assert_parsed("1w", 7 * DAY);
        assert_parsed("2 weeks", 14 * DAY);
        assert_parsed("1month", UINT64_C(2629800) * SECOND);
        assert_parsed("12M", UINT64_C(31557600) * SECOND);
        assert_parsed("1 year", UINT64_C(31557600) * SECOND);
        assert_parsed("3usec 2msec", 2003);
        g_assert_cmpstr(written, ==, "8d");
}

static void test_refused(void)
{
        assert_refused("");
        assert_refused(" ");
        assert_refused("s");
        assert_refused("-1s");
        assert_refused("+1s");
        assert_refused("1 yr");
        assert_refused("1Y");
        assert_refused("1S");
        assert_refused("1e3s");
        assert_refused("0x10s");
        assert_refused("1s,");
        assert_refused("infinity");
        assert_refused("1s\n");
}

static void test_largest(void)
{
        assert_parsed("18446744073709551615us", UINT64_MAX);
        assert_refused("18446744073709551616us");
        assert_refused("18446744073709551614us 2us");
        assert_refused("18446744073709551615ms");
        assert_parsed("213503982d", UINT64_C(213503982) * DAY);
        assert_refused("213503982.9d");
        assert_refused("213503983d");
}

static void assert_formatted(uint64_t usec, const char *expected)
{
        g_autofree char *text = timespan_format(usec);

        g_assert_cmpstr(text, ==, expected);
        assert_parsed(text, usec);
}

static void test_format(void)
{
        assert_formatted(0, "0s");
        assert_formatted(1, "1us");
        assert_formatted(500 * MILLISECOND, "500ms");
        assert_formatted(2 * SECOND, "2s");
        assert_formatted(150 * SECOND, "2min 30s");
        assert_formatted(DAY + HOUR + SECOND + 1001, "1d 1h 1s 1ms 1us");
        assert_formatted(UINT64_MAX, "213503982d 8h 1min 49s 551ms 615us");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-timespan/units", test_units);
        g_test_add_func("/ctl-timespan/sums", test_sums);
        g_test_add_func("/ctl-timespan/alone", test_alone);
        g_test_add_func("/ctl-timespan/fractions", test_fractions);
        g_test_add_func("/ctl-timespan/long-units", test_long_units);
        g_test_add_func("/ctl-timespan/refused", test_refused);
        g_test_add_func("/ctl-timespan/largest", test_largest);
        g_test_add_func("/ctl-timespan/format", test_format);
        return g_test_run();
}
