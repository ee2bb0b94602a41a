/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what stands for itself in the audit, and what is counted
 */
#include "daemon/audit-fold.h"

#define STRANGER 1000U

static bool admit(AuditFold *fold, uid_t uid, const char *config, AuditOutcome outcome, pid_t pid)
{
        const AuditEntry entry = {
                .time = (uint64_t) pid,
                .action = AUDIT_ROLLBACK,
                .outcome = outcome,
                .config = (char *) config,
                .author = { .uid = uid, .pid = pid, .unit = (char *) "ssh.service" },
                .error = outcome == AUDIT_FAILED ? (char *) "NoSuchVersion" : NULL,
        };

        return audit_fold_admit(fold, &entry);
}

/* How many of so many tries stand for themselves: the first ones. */
static unsigned count_admitted(AuditFold *fold, uid_t uid, const char *config, unsigned tries)
{
        unsigned admitted = 0;

        for (unsigned i = 0; i < tries; i++)
                if (admit(fold, uid, config, AUDIT_DENIED, (pid_t) i + 1))
                        g_assert_cmpuint(admitted++, ==, i);
        return admitted;
}

static sd_event *event;
static GString *text;

static void append(const AuditEntry *entry, void *userdata)
{
        g_string_append_printf(text, "%d '%s' %s %u more, pid %d %s%s%s; ", (int) entry->author.uid,
                               entry->config, audit_outcome_to_string(entry->outcome), entry->more,
                               (int) entry->author.pid, entry->author.unit ?: "-", entry->error ? " " : "",
                               entry->error ?: "");
        g_assert_cmpint(entry->action, ==, AUDIT_ROLLBACK);
        g_assert_cmpuint(entry->time, >, 0);
}

/* One that ends when it is told to. */
static AuditFold *fold_new(void)
{
        AuditFold *fold = NULL;

        g_assert_cmpint(audit_fold_new(event, UINT64_C(3600) * G_USEC_PER_SEC, append, NULL, &fold), ==, 0);
        return fold;
}

static void assert_told(AuditFold *fold, const char *expected)
{
        g_string_truncate(text, 0);
        audit_fold_end(fold);
        g_assert_cmpstr(text->str, ==, expected);
}

static void test_few(void)
{
        g_autoptr(AuditFold) fold = fold_new();

        g_assert_cmpuint(count_admitted(fold, STRANGER, "app", AUDIT_FOLD_MAX_CONFIG), ==,
                         AUDIT_FOLD_MAX_CONFIG);
        assert_told(fold, "");
}

static void test_many(void)
{
        g_autoptr(AuditFold) fold = fold_new();

        g_assert_cmpuint(count_admitted(fold, STRANGER, "app", 1000), ==, AUDIT_FOLD_MAX_CONFIG);
        /* What else he does is seen. */
        g_assert_cmpuint(count_admitted(fold, STRANGER, "web", 7), ==, AUDIT_FOLD_MAX_CONFIG);
        g_assert_true(admit(fold, STRANGER, "app", AUDIT_FAILED, 1));
        /* So is what others do. */
        g_assert_true(admit(fold, STRANGER + 1, "app", AUDIT_DENIED, 1));
        assert_told(fold, "1000 'app' denied 995 more, pid 1000 ssh.service; "
                          "1000 'web' denied 2 more, pid 7 ssh.service; ");
        /* The next minute is as the first. */
        g_assert_cmpuint(count_admitted(fold, STRANGER, "app", 6), ==, AUDIT_FOLD_MAX_CONFIG);
        assert_told(fold, "1000 'app' denied 1 more, pid 6 ssh.service; ");
        assert_told(fold, "");
}

/* There is no end of names. */
static void test_many_names(void)
{
        g_autoptr(AuditFold) fold = fold_new();

        for (unsigned i = 0; i < 1000; i++) {
                g_autofree char *name = g_strdup_printf("made-up-%u", i);

                g_assert_true(admit(fold, STRANGER, name, AUDIT_DENIED, 3) == (i < AUDIT_FOLD_MAX_USER));
        }
        g_assert_false(admit(fold, STRANGER, "made-up-7", AUDIT_DENIED, 4));
        g_assert_false(admit(fold, STRANGER, "app", AUDIT_FAILED, 5));
        g_assert_true(admit(fold, STRANGER + 1, "app", AUDIT_DENIED, 6));
        assert_told(fold, "1000 '' failed 1 more, pid 5 ssh.service NoSuchVersion; "
                          "1000 '' denied 980 more, pid 3 ssh.service; "
                          "1000 'made-up-7' denied 1 more, pid 4 ssh.service; ");
}

/* Of users there are as many as somebody has subordinate ids. */
static void test_many_users(void)
{
        g_autoptr(AuditFold) fold = fold_new();

        for (unsigned i = 0; i < 1000; i++)
                g_assert_true(admit(fold, STRANGER + i, "app", AUDIT_DENIED, 3) ==
                              (i < AUDIT_FOLD_MAX_USERS));
        g_assert_true(admit(fold, STRANGER, "app", AUDIT_DENIED, 3));
        assert_told(fold, "-1 '' denied 984 more, pid 0 -; ");
}

static void test_root(void)
{
        g_autoptr(AuditFold) fold = fold_new();

        g_assert_cmpuint(count_admitted(fold, 0, "app", 100), ==, 100);
}

/* By itself, and again. */
static void test_time(void)
{
        g_autoptr(AuditFold) fold = NULL;

        g_assert_cmpint(audit_fold_new(event, 1, append, NULL, &fold), ==, 0);
        for (unsigned i = 0; i < 2; i++) {
                g_string_truncate(text, 0);
                g_assert_cmpuint(count_admitted(fold, STRANGER, "app", 7), ==, AUDIT_FOLD_MAX_CONFIG);
                while (text->len == 0)
                        g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
                g_assert_cmpstr(text->str, ==, "1000 'app' denied 2 more, pid 7 ssh.service; ");
        }
}

int main(int argc, char **argv)
{
        int r;

        g_test_init(&argc, &argv, NULL);
        g_assert_cmpint(sd_event_new(&event), ==, 0);
        text = g_string_new(NULL);
        g_test_add_func("/audit-fold/few", test_few);
        g_test_add_func("/audit-fold/many", test_many);
        g_test_add_func("/audit-fold/many-names", test_many_names);
        g_test_add_func("/audit-fold/many-users", test_many_users);
        g_test_add_func("/audit-fold/root", test_root);
        g_test_add_func("/audit-fold/time", test_time);
        r = g_test_run();
        g_string_free(text, TRUE);
        sd_event_unref(event);
        return r;
}
