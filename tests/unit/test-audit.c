/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what the journal gets to know of who did what
 */
#include "daemon/audit.h"

#include "introspection/names.h"

#include <string.h>

/* The fields of the last record, "NAME=value", as far as they are the audit's; in order. */
static GString *record;

static GLogWriterOutput take_record(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                    void *userdata)
{
        g_string_truncate(record, 0);
        for (gsize i = 0; i < n_fields; i++) {
                if (!g_str_has_prefix(fields[i].key, "RECONF_") && !g_str_equal(fields[i].key, "MESSAGE") &&
                    !g_str_equal(fields[i].key, "PRIORITY") && !g_str_equal(fields[i].key, "MESSAGE_ID"))
                        continue;
                g_assert_cmpint(fields[i].length, ==, -1);
                g_string_append_printf(record, "%s=%s\n", fields[i].key, (const char *) fields[i].value);
        }
        return G_LOG_WRITER_HANDLED;
}

static void assert_logged(const AuditEntry *entry, const char *expected)
{
        audit_log(entry);
        g_assert_cmpstr(record->str, ==, expected);
}

static void test_somebody(void)
{
        const AuditEntry entry = {
                .action = AUDIT_ROLLBACK,
                .config = (char *) "app",
                .version = 3,
                .author = { .uid = 1000, .pid = 42, .unit = (char *) "ssh.service" },
                .message = (char *) "what only readers of the config may know",
        };

        assert_logged(&entry, "MESSAGE=app: was rolled back, version 3 is active"
                              " (uid 1000, pid 42, ssh.service)\n"
                              "PRIORITY=6\n"
                              "MESSAGE_ID=" RECONF_MESSAGE_ROLLED_BACK "\n"
                              "RECONF_ACTION=rollback\n"
                              "RECONF_OUTCOME=ok\n"
                              "RECONF_CONFIG=app\n"
                              "RECONF_VERSION=3\n"
                              "RECONF_UID=1000\n"
                              "RECONF_PID=42\n"
                              "RECONF_UNIT=ssh.service\n");
}

static void test_nobody(void)
{
        const AuditEntry entry = {
                .action = AUDIT_CHANGE,
                .config = (char *) "app",
                .version = 2,
                .author = { .uid = (uid_t) -1 },
        };

        assert_logged(&entry, "MESSAGE=app: its files changed, version 2 is active\n"
                              "PRIORITY=6\n"
                              "MESSAGE_ID=" RECONF_MESSAGE_CHANGED "\n"
                              "RECONF_ACTION=change\n"
                              "RECONF_OUTCOME=ok\n"
                              "RECONF_CONFIG=app\n"
                              "RECONF_VERSION=2\n");
}

static void test_all_configs(void)
{
        const AuditEntry entry = {
                .action = AUDIT_HOT_RELOAD,
                .config = (char *) "",
                .author = { .uid = 0, .pid = 1 },
        };

        assert_logged(&entry, "MESSAGE=all configs: hot reload was switched (uid 0, pid 1)\n"
                              "PRIORITY=6\n"
                              "MESSAGE_ID=" RECONF_MESSAGE_HOT_RELOAD_SET "\n"
                              "RECONF_ACTION=hot-reload\n"
                              "RECONF_OUTCOME=ok\n"
                              "RECONF_UID=0\n"
                              "RECONF_PID=1\n");
}

static void test_failed(void)
{
        const AuditEntry entry = {
                .action = AUDIT_RELOAD,
                .outcome = AUDIT_FAILED,
                .config = (char *) "app",
                .author = { .uid = 1000, .pid = 42 },
                .error = (char *) "ParseFailed",
        };

        assert_logged(&entry, "MESSAGE=app: reload failed with ParseFailed (uid 1000, pid 42)\n"
                              "PRIORITY=5\n"
                              "MESSAGE_ID=" RECONF_MESSAGE_FAILED "\n"
                              "RECONF_ACTION=reload\n"
                              "RECONF_OUTCOME=failed\n"
                              "RECONF_CONFIG=app\n"
                              "RECONF_UID=1000\n"
                              "RECONF_PID=42\n"
                              "RECONF_ERROR=ParseFailed\n");
}

static void test_denied(void)
{
        const AuditEntry entry = {
                .action = AUDIT_READ,
                .outcome = AUDIT_DENIED,
                .config = (char *) "app",
                .author = { .uid = 1000, .pid = 42 },
        };

        assert_logged(&entry, "MESSAGE=app: read was denied (uid 1000, pid 42)\n"
                              "PRIORITY=5\n"
                              "MESSAGE_ID=" RECONF_MESSAGE_DENIED "\n"
                              "RECONF_ACTION=read\n"
                              "RECONF_OUTCOME=denied\n"
                              "RECONF_CONFIG=app\n"
                              "RECONF_UID=1000\n"
                              "RECONF_PID=42\n");
}

/* What stands for many, of one user and of several. */
static void test_folded(void)
{
        AuditEntry entry = {
                .action = AUDIT_RELOAD,
                .outcome = AUDIT_FAILED,
                .config = (char *) "app",
                .author = { .uid = 1000, .pid = 42 },
                .error = (char *) "ParseFailed",
                .more = 17,
        };

        assert_logged(&entry,
                      "MESSAGE=app: 17 more failed within a minute, the last was reload (uid 1000, pid 42)\n"
                      "PRIORITY=5\n"
                      "MESSAGE_ID=" RECONF_MESSAGE_FOLDED "\n"
                      "RECONF_ACTION=reload\n"
                      "RECONF_OUTCOME=failed\n"
                      "RECONF_CONFIG=app\n"
                      "RECONF_UID=1000\n"
                      "RECONF_PID=42\n"
                      "RECONF_ERROR=ParseFailed\n"
                      "RECONF_MORE=17\n");
        entry = (AuditEntry){
                .action = AUDIT_READ,
                .outcome = AUDIT_DENIED,
                .config = (char *) "",
                .author = { .uid = (uid_t) -1 },
                .more = 1,
        };
        assert_logged(&entry,
                      "MESSAGE=several configs: 1 more were denied within a minute, the last was read\n"
                      "PRIORITY=5\n"
                      "MESSAGE_ID=" RECONF_MESSAGE_FOLDED "\n"
                      "RECONF_ACTION=read\n"
                      "RECONF_OUTCOME=denied\n"
                      "RECONF_MORE=1\n");
}

/* Whatever can be done has an id and words; the rest was only ever denied. */
static void test_all_actions(void)
{
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        for (AuditAction action = AUDIT_NONE + 1; action < N_AUDIT_ACTIONS; action++) {
                const AuditEntry entry = { .action = action, .config = (char *) "app", .version = 3 };
                char *id;

                if (action == AUDIT_INSTANCE || action == AUDIT_READ || action == AUDIT_VALIDATOR)
                        continue;
                audit_log(&entry);
                id = g_strndup(strstr(record->str, "MESSAGE_ID=") + strlen("MESSAGE_ID="), 33);
                g_assert_cmpint(id[32], ==, '\n');
                g_assert_true(g_hash_table_add(seen, id));
                g_assert_null(strchr(record->str, '%'));
        }
}

int main(int argc, char **argv)
{
        record = g_string_new(NULL);
        g_test_init(&argc, &argv, NULL);
        g_log_set_writer_func(take_record, NULL, NULL);
        g_test_add_func("/audit/somebody", test_somebody);
        g_test_add_func("/audit/nobody", test_nobody);
        g_test_add_func("/audit/all-configs", test_all_configs);
        g_test_add_func("/audit/failed", test_failed);
        g_test_add_func("/audit/denied", test_denied);
        g_test_add_func("/audit/folded", test_folded);
        g_test_add_func("/audit/all-actions", test_all_actions);
        return g_test_run();
}
