/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/watch/debounce.h"

#define MS UINT64_C(1000)
#define WINDOW (100 * MS)
#define START (5000 * MS)

static Debounce single(void)
{
        Debounce debounce;

        debounce_init(&debounce, WINDOW, false);
        return debounce;
}

static void test_nothing_waits(void)
{
        Debounce debounce = single();

        g_assert_cmpuint(debounce_deadline(&debounce), ==, DEBOUNCE_NEVER);
}

static void test_finished_at_once(void)
{
        Debounce debounce = single();

        g_assert_true(debounce_event(&debounce, WATCH_FINISHED, START));
        debounce_act(&debounce, START);
        g_assert_cmpuint(debounce_deadline(&debounce), ==, DEBOUNCE_NEVER);

        /* The window is over with its last µs. */
        g_assert_true(debounce_event(&debounce, WATCH_FINISHED, START + WINDOW));
}

static void test_second_one_waits(void)
{
        Debounce debounce = single();

        g_assert_true(debounce_event(&debounce, WATCH_FINISHED, START));
        debounce_act(&debounce, START);

        g_assert_false(debounce_event(&debounce, WATCH_FINISHED, START + WINDOW - 1));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + 2 * WINDOW - 1);

        /* All that follows is folded into the same wait. */
        g_assert_false(debounce_event(&debounce, WATCH_WRITING, START + WINDOW + 10 * MS));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + 2 * WINDOW + 10 * MS);
        debounce_act(&debounce, START + 2 * WINDOW + 10 * MS);
        g_assert_cmpuint(debounce_deadline(&debounce), ==, DEBOUNCE_NEVER);
}

static void test_writing_waits_for_quiet(void)
{
        Debounce debounce = single();

        g_assert_false(debounce_event(&debounce, WATCH_WRITING, START));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + WINDOW);
        g_assert_false(debounce_event(&debounce, WATCH_WRITING, START + 60 * MS));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + 60 * MS + WINDOW);
}

static void test_finished_ends_a_wait(void)
{
        Debounce debounce = single();

        g_assert_false(debounce_event(&debounce, WATCH_WRITING, START));
        g_assert_true(debounce_event(&debounce, WATCH_FINISHED, START + 1 * MS));
        debounce_act(&debounce, START + 1 * MS);
        g_assert_cmpuint(debounce_deadline(&debounce), ==, DEBOUNCE_NEVER);
}

static void test_cap(void)
{
        Debounce debounce = single();
        uint64_t now = START;

        for (; now < START + DEBOUNCE_CAP_USEC; now += 50 * MS) {
                g_assert_false(debounce_event(&debounce, WATCH_WRITING, now));
                g_assert_cmpuint(debounce_deadline(&debounce), ==,
                                 MIN(now + WINDOW, START + DEBOUNCE_CAP_USEC));
        }

        /* The next wait starts afresh. */
        debounce_act(&debounce, now);
        g_assert_false(debounce_event(&debounce, WATCH_WRITING, now));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, now + WINDOW);
}

static void test_window_above_cap(void)
{
        uint64_t window = 5 * DEBOUNCE_CAP_USEC;
        Debounce debounce;

        debounce_init(&debounce, window, false);
        g_assert_false(debounce_event(&debounce, WATCH_WRITING, START));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + window);
        g_assert_false(debounce_event(&debounce, WATCH_WRITING, START + window / 2));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + window);
}

static void test_no_window(void)
{
        Debounce debounce;

        debounce_init(&debounce, 0, false);
        for (unsigned i = 0; i < 3; i++) {
                g_assert_true(debounce_event(&debounce, WATCH_FINISHED, START));
                debounce_act(&debounce, START);
        }
        g_assert_false(debounce_event(&debounce, WATCH_WRITING, START));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START);
        g_assert_true(debounce_is_still(&debounce, START));
}

static void test_several(void)
{
        Debounce debounce;

        debounce_init(&debounce, WINDOW, true);
        g_assert_false(debounce_event(&debounce, WATCH_FINISHED, START));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + DEBOUNCE_SEVERAL_USEC);
        g_assert_false(debounce_event(&debounce, WATCH_WRITING, START + 15 * MS));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + 15 * MS + DEBOUNCE_SEVERAL_USEC);
        g_assert_false(debounce_event(&debounce, WATCH_FINISHED, START + DEBOUNCE_CAP_USEC - 1));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + DEBOUNCE_CAP_USEC);

        debounce_init(&debounce, 5 * MS, true);
        g_assert_false(debounce_event(&debounce, WATCH_FINISHED, START));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + 5 * MS);
}

static void test_still(void)
{
        Debounce debounce = single();

        /* Bad from the start, without any event. */
        g_assert_true(debounce_is_still(&debounce, START));

        /* Acted on at once, and half written. */
        g_assert_true(debounce_event(&debounce, WATCH_FINISHED, START));
        debounce_act(&debounce, START);
        g_assert_false(debounce_is_still(&debounce, START + 1 * MS));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + WINDOW);

        /* Nothing more came: so it is how it is. */
        debounce_act(&debounce, START + WINDOW);
        g_assert_true(debounce_is_still(&debounce, START + WINDOW));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, DEBOUNCE_NEVER);
}

static void test_not_still(void)
{
        Debounce debounce = single();

        g_assert_true(debounce_event(&debounce, WATCH_FINISHED, START));
        debounce_act(&debounce, START);
        g_assert_false(debounce_is_still(&debounce, START + 1 * MS));

        /* The writer goes on: the look is put off, but not for ever. */
        for (uint64_t now = START + 2 * MS; now < START + DEBOUNCE_CAP_USEC; now += 50 * MS)
                g_assert_false(debounce_event(&debounce, WATCH_WRITING, now));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + 1 * MS + DEBOUNCE_CAP_USEC);
        debounce_act(&debounce, debounce_deadline(&debounce));
        g_assert_false(debounce_is_still(&debounce, START + 1 * MS + DEBOUNCE_CAP_USEC));
        g_assert_cmpuint(debounce_deadline(&debounce), >, START + 1 * MS + DEBOUNCE_CAP_USEC);
        g_assert_cmpuint(debounce_deadline(&debounce), <=, START + 1 * MS + DEBOUNCE_CAP_USEC + WINDOW);
}

static void test_still_of_several(void)
{
        Debounce debounce;

        /* Quiet for 20 ms is enough to act, not to call a file broken. */
        debounce_init(&debounce, WINDOW, true);
        g_assert_false(debounce_event(&debounce, WATCH_FINISHED, START));
        debounce_act(&debounce, START + DEBOUNCE_SEVERAL_USEC);
        g_assert_false(debounce_is_still(&debounce, START + DEBOUNCE_SEVERAL_USEC));
        g_assert_cmpuint(debounce_deadline(&debounce), ==, START + WINDOW);
}

int main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/debounce/nothing-waits", test_nothing_waits);
        g_test_add_func("/debounce/finished-at-once", test_finished_at_once);
        g_test_add_func("/debounce/second-one-waits", test_second_one_waits);
        g_test_add_func("/debounce/writing-waits-for-quiet", test_writing_waits_for_quiet);
        g_test_add_func("/debounce/finished-ends-a-wait", test_finished_ends_a_wait);
        g_test_add_func("/debounce/cap", test_cap);
        g_test_add_func("/debounce/window-above-cap", test_window_above_cap);
        g_test_add_func("/debounce/no-window", test_no_window);
        g_test_add_func("/debounce/several", test_several);
        g_test_add_func("/debounce/still", test_still);
        g_test_add_func("/debounce/not-still", test_not_still);
        g_test_add_func("/debounce/still-of-several", test_still_of_several);
        return g_test_run();
}
