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

static void assert_parsed(const char *text, uint64_t expected)
{
        uint64_t found = 1;

        g_test_message("%s", text);
        g_assert_true(timestamp_parse(text, NOW, &found));
        g_assert_cmpuint(found, ==, expected);
}

static void test_parse(void)
{
        static const char *const bad[] = {
                "",
                " ",
                "1",
                "1.5",
                "-",
                "--1h",
                "1h before",
                "ago",
                "2026-11",
                "26:00",
                "2026-13-01",
                "12:60",
                "2026-02-30",
                "@",
                "@-1",
                "@1h",
                "-1h ago",
                "+1h ago",
                "+",
                "now ago",
                "2026-11-21 03:36:35 x",
                "2026-11-21 03:36:35 CET",
                "2026-11-21 03:36:35.",
                "2026-11-21 03:36:35.1x",
                "2026-11-21 03:36.5",
                "Fri 2026-11-21 03:36:35",
                "Sat",
                "Sat ",
                "Sa 2026-11-21",
                "Sat today",
                "Z",
                "UTC",
                " UTC",
                "1969-01-01",
        };
        const uint64_t midnight = NOW - (3 * HOUR + 36 * MINUTE + 35 * SECOND + 123456);
        uint64_t untouched = 7;

        assert_parsed("2026-11-21 03:36:35", NOW - 123456);
        assert_parsed("2026-11-21 03:36", midnight + 3 * HOUR + 36 * MINUTE);
        assert_parsed("2026-11-21", midnight);
        assert_parsed("today", midnight);
        assert_parsed("yesterday", midnight - DAY);
        assert_parsed("02:30", midnight + 2 * HOUR + 30 * MINUTE);
        assert_parsed("02:30:15", midnight + 2 * HOUR + 30 * MINUTE + 15 * SECOND);
        assert_parsed("tomorrow", midnight + DAY);
        assert_parsed("now", NOW);
        /* As timestamp_format() and ISO 8601 have it. */
        assert_parsed("Sat 2026-11-21 03:36:35 UTC", NOW - 123456);
        assert_parsed("saturday 2026-11-21", midnight);
        assert_parsed("2026-11-21T03:36:35Z", NOW - 123456);
        assert_parsed("2026-11-21T03:36", midnight + 3 * HOUR + 36 * MINUTE);
        assert_parsed("2026-11-21 03:36:35.123456", NOW);
        assert_parsed("2026-11-21 03:36:35.1234567", NOW);
        assert_parsed("03:36:35.12", NOW - 3456);
        assert_parsed("today UTC", midnight);
        assert_parsed("+2h", NOW + 2 * HOUR);
        assert_parsed("2 days ago", NOW - 2 * DAY);
        assert_parsed("1week", NOW - 7 * DAY);
        assert_parsed("2h", NOW - 2 * HOUR);
        assert_parsed("-2h", NOW - 2 * HOUR);
        assert_parsed("1h 30min ago", NOW - HOUR - 30 * MINUTE);
        assert_parsed("@1795232195", NOW - 123456);
        assert_parsed("@0", 0);
        assert_parsed("1000000d", 0);
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_test_message("%s", bad[i]);
                g_assert_false(timestamp_parse(bad[i], NOW, &untouched));
        }
        g_assert_cmpuint(untouched, ==, 7);
}

static void set_zone(const char *zone)
{
        g_setenv("TZ", zone, TRUE);
        tzset();
}

/* Where the hour before the clock is set back is there twice, only the zone tells which is meant. */
static void test_zones(void)
{
        set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
        assert_parsed("2026-11-21 04:36:35", NOW - 123456);
        assert_parsed("Sat 2026-11-21 04:36:35 CET", NOW - 123456);
        assert_parsed("Sat 2026-11-21 03:36:35 UTC", NOW - 123456);
        assert_parsed("2026-10-25 02:30:00 CEST", UINT64_C(1792888200) * SECOND);
        assert_parsed("2026-10-25 02:30:00 CET", UINT64_C(1792891800) * SECOND);
        set_zone("UTC");
}

int main(int argc, char **argv)
{
        g_setenv("TZ", "UTC", TRUE);
        tzset();
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-timestamp/span", test_span);
        g_test_add_func("/ctl-timestamp/relative", test_relative);
        g_test_add_func("/ctl-timestamp/absolute", test_absolute);
        g_test_add_func("/ctl-timestamp/parse", test_parse);
        g_test_add_func("/ctl-timestamp/zones", test_zones);
        return g_test_run();
}
