/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding versions in a history: steps back, by label, by who is behind
 */
#include "client/ctl/history.h"

#include "tests/support/notation.h"

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

/* The details of a version; its entry is borrowed. */
static HistoryEntry *set_details(GPtrArray *history, uint64_t version, const char *details)
{
        HistoryEntry *entry = (HistoryEntry *) history_find(history, version);

        g_assert_nonnull(entry);
        document_unref(entry->details);
        entry->details = notation_parse(details, 0);
        return entry;
}

static void test_labels(void)
{
        g_autoptr(GPtrArray) history = make_history("3:C:active 2:B:superseded 1:A:superseded");

        set_details(history, 3, "{}");
        set_details(history, 2, "{label: 'good'}");
        set_details(history, 1, "{label: 'first'}");
        g_assert_cmpuint(number(history_find_label(history, "good")), ==, 2);
        g_assert_cmpuint(number(history_find_label(history, "first")), ==, 1);
        g_assert_null(history_find_label(history, "goo"));
        g_assert_null(history_find_label(history, ""));
        g_assert_null(history_find(history, 4));
}

static void assert_behind(const GPtrArray *history, uint64_t version, uint64_t active, uint64_t expected)
{
        uint64_t count = 4711;

        g_assert_true(history_count_behind(history, version, active, &count));
        g_assert_cmpuint(count, ==, expected);
}

/* Gaps and what was set aside do not count. */
static void test_behind(void)
{
        g_autoptr(GPtrArray) history =
                        make_history("9:E:rejected 8:D:active 7:X:rejected 5:C:rolled-back 2:B:superseded");
        uint64_t count = 4711;

        assert_behind(history, 2, 8, 2);
        assert_behind(history, 5, 8, 1);
        assert_behind(history, 8, 8, 0);
        g_assert_false(history_count_behind(history, 1, 8, &count));
        g_assert_false(history_count_behind(history, 2, 10, &count));
        g_assert_cmpuint(count, ==, 4711);
}

static void assert_author(GPtrArray *history, const char *details, const char *user, const char *expected)
{
        const HistoryEntry *entry = set_details(history, 1, details);
        g_autofree char *short_form = history_entry_format_user(entry);
        g_autofree char *author = history_entry_format_author(entry);

        g_assert_cmpstr(short_form, ==, user);
        g_assert_cmpstr(author, ==, expected);
}

static void test_authors(void)
{
        g_autoptr(GPtrArray) history = make_history("1:A:active");

        assert_author(history, "{}", NULL, NULL);
        assert_author(history, "{uid: 0}", "root", "root");
        assert_author(history, "{uid: 0, pid: 7}", "root", "root (pid 7)");
        assert_author(history, "{uid: 0, unit: 'ssh.service'}", "root", "root (ssh.service)");
        assert_author(history, "{uid: 0, pid: 7, unit: 'ssh.service'}", "root", "root (pid 7, ssh.service)");
        assert_author(history, "{unit: 'ssh.service'}", "ssh.service", "ssh.service");
        /* Nobody has this one. */
        assert_author(history, "{uid: 4294967294}", "4294967294", "4294967294");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-history/steps", test_steps);
        g_test_add_func("/ctl-history/rolled-back", test_rolled_back);
        g_test_add_func("/ctl-history/same-twice", test_same_twice);
        g_test_add_func("/ctl-history/rejected", test_rejected);
        g_test_add_func("/ctl-history/active-and-previous", test_active_and_previous);
        g_test_add_func("/ctl-history/labels", test_labels);
        g_test_add_func("/ctl-history/behind", test_behind);
        g_test_add_func("/ctl-history/authors", test_authors);
        return g_test_run();
}
