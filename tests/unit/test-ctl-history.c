/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which version so many steps back is
 */
#include "client/ctl/history.h"

static void destroy_entry(void *entry)
{
        history_entry_free(entry);
}

/* "6:A:active 5:B:rolled-back": number, digest and state of each version, newest first. */
static GPtrArray *make_history(const char *text)
{
        GPtrArray *history = g_ptr_array_new_with_free_func(destroy_entry);
        g_auto(GStrv) entries = g_strsplit(text, " ", -1);

        for (char **entry = entries; *entry && **entry; entry++) {
                g_auto(GStrv) fields = g_strsplit(*entry, ":", 3);

                g_ptr_array_add(history, history_entry_new(g_ascii_strtoull(fields[0], NULL, 10), fields[1],
                                                           fields[2]));
        }
        return history;
}

static uint64_t number(const HistoryEntry *entry)
{
        return entry ? entry->version : 0;
}

static void assert_step(const char *text, unsigned steps, uint64_t expected)
{
        g_autoptr(GPtrArray) history = make_history(text);

        g_assert_cmpuint(number(history_step_back(history, steps)), ==, expected);
}

static void test_steps(void)
{
        assert_step("3:C:active 2:B:superseded 1:A:superseded", 1, 2);
        assert_step("3:C:active 2:B:superseded 1:A:superseded", 2, 1);
        assert_step("3:C:active 2:B:superseded 1:A:superseded", 3, 0);
        assert_step("1:A:active", 1, 0);
        assert_step("", 1, 0);
}

static void test_rolled_back(void)
{
        /* 3 went back to 2, as 4. */
        assert_step("4:B:active 3:C:rolled-back 2:B:superseded 1:A:superseded", 1, 1);
        assert_step("4:B:active 3:C:rolled-back 2:B:superseded 1:A:superseded", 2, 0);
}

static void test_same_twice(void)
{
        assert_step("5:C:active 4:B:superseded 3:A:superseded 2:B:superseded 1:D:superseded", 2, 3);
        assert_step("5:C:active 4:B:superseded 3:A:superseded 2:B:superseded 1:D:superseded", 3, 1);
        assert_step("3:A:active 2:B:superseded 1:A:superseded", 2, 0);
}

static void test_rejected(void)
{
        assert_step("4:B:active 3:X:rejected 2:A:superseded", 1, 2);
        /* What was set aside after the active version was made. */
        assert_step("4:X:rejected 3:B:active 2:A:superseded", 1, 2);
}

static void test_active_and_previous(void)
{
        g_autoptr(GPtrArray) history =
                        make_history("5:X:rejected 4:B:active 3:Y:rejected 2:C:rolled-back 1:A:superseded");
        g_autoptr(GPtrArray) first = make_history("1:A:active");
        g_autoptr(GPtrArray) none = make_history("");

        g_assert_cmpuint(number(history_active(history)), ==, 4);
        g_assert_cmpuint(number(history_previous(history)), ==, 2);
        g_assert_cmpuint(number(history_active(first)), ==, 1);
        g_assert_null(history_previous(first));
        g_assert_null(history_active(none));
        g_assert_null(history_previous(none));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-history/steps", test_steps);
        g_test_add_func("/ctl-history/rolled-back", test_rolled_back);
        g_test_add_func("/ctl-history/same-twice", test_same_twice);
        g_test_add_func("/ctl-history/rejected", test_rejected);
        g_test_add_func("/ctl-history/active-and-previous", test_active_and_previous);
        return g_test_run();
}
