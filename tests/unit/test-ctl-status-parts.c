/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What reconfctl status says of states and versions
 */
#include "client/ctl/status-parts.h"

#include "tests/support/notation.h"

#include <string.h>

#define NOW UINT64_C(1795232195123456)

static void assert_explained(const char *properties, const char *expected)
{
        g_autoptr(Document) document = notation_parse(properties, 0);
        g_autofree char *text = status_explain(document, "reconfctl --user", NOW);

        g_assert_cmpstr(text, ==, expected);
}

static void test_states(void)
{
        assert_explained("{Name: 'app', State: 'active', Pending: false}", NULL);
        assert_explained("{Name: 'app', State: 'active', Pending: true}",
                         "the files hold something newer; 'reconfctl --user reload app' applies it");
        assert_explained("{Name: 'app', State: 'invalid'}", "the version below stays active");
        assert_explained("{Name: 'app', State: 'missing'}", "the version below stays active");
        assert_explained("{Name: 'app', State: 'suspended', Pending: true}",
                         "went back by itself too often; files are read again with 'reconfctl --user reload "
                         "app'");
        assert_explained(
                        "{Name: 'app', State: 'diverged'}",
                        "went back, but the files could not be written; 'reconfctl --user reload app' tries "
                        "again");
        assert_explained("{}", NULL);
}

/* A second that has begun is left still. */
static void test_unconfirmed(void)
{
        assert_explained("{Name: 'app', State: 'unconfirmed', ConfirmDeadline: 1795232285123456}",
                         "goes back in 1min 30s; 'reconfctl --user confirm app' keeps it");
        assert_explained("{Name: 'app', State: 'unconfirmed', ConfirmDeadline: 1795232195123457}",
                         "goes back in 1s; 'reconfctl --user confirm app' keeps it");
        assert_explained("{Name: 'app', State: 'unconfirmed', ConfirmDeadline: 1795232195123456}",
                         "the time to confirm it is up, it goes back");
}

static void destroy_entry(void *entry)
{
        history_entry_free(entry);
}

static void add_entry(GPtrArray *history, uint64_t version, const char *origin, const char *state,
                      const char *details)
{
        HistoryEntry *entry = history_entry_new(version, "0123", state);

        entry->time = NOW;
        entry->origin = g_strdup(origin);
        entry->details = notation_parse(details, 0);
        g_ptr_array_add(history, entry);
}

static void test_versions(void)
{
        g_autoptr(GPtrArray) history = g_ptr_array_new_with_free_func(destroy_entry);
        g_autoptr(GString) out = g_string_new(NULL);
        const Style style = { 0 };
        g_auto(GStrv) lines = NULL;

        add_entry(history, 9, "rollback", "active",
                  "{uid: 0, pid: 7, unit: 'a.service', 'from-version': 3, message: 'too\nearly'}");
        add_entry(history, 8, "file", "rolled-back", "{}");
        add_entry(history, 7, "reload", "superseded", "{uid: 0, label: 'good'}");
        for (uint64_t version = 6; version > 0; version--)
                add_entry(history, version, "file", "superseded", "{}");
        status_append_versions(out, history, &style);

        lines = g_strsplit(out->str, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), ==, 11);
        g_assert_true(g_str_has_prefix(lines[0], "    Versions: 9 active, "));
        g_assert_nonnull(strstr(lines[0], " UTC; "));
        g_assert_cmpstr(lines[1], ==,
                        "                rollback by root (pid 7, a.service), content of 3: too\\nearly");
        g_assert_true(g_str_has_prefix(lines[2], "              8 rolled-back, "));
        g_assert_cmpstr(lines[3], ==, "                file");
        g_assert_cmpstr(lines[5], ==, "                reload by root, label good");
        g_assert_true(g_str_has_prefix(lines[8], "              5 superseded, "));
        g_assert_cmpstr(lines[10], ==, "");
}

int main(int argc, char **argv)
{
        g_setenv("TZ", "UTC", TRUE);
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-status-parts/states", test_states);
        g_test_add_func("/ctl-status-parts/unconfirmed", test_unconfirmed);
        g_test_add_func("/ctl-status-parts/versions", test_versions);
        return g_test_run();
}
