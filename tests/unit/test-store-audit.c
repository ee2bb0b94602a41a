/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of who did what, as it is kept
 */
#include "tests/support/store-scene.h"

#include <string.h>

static AuditEntry entry_of(AuditAction action, const char *config, uint64_t time)
{
        return (AuditEntry){
                .time = time,
                .action = action,
                .config = (char *) config,
                .author = { .uid = (uid_t) -1 },
        };
}

static void add(Store *store, AuditAction action, const char *config, uint64_t time)
{
        const AuditEntry entry = entry_of(action, config, time);

        assert_no_failure(store_add_audit(store, &entry));
}

static void add_refused(Store *store, AuditOutcome outcome, uid_t uid, uint64_t time)
{
        AuditEntry entry = entry_of(AUDIT_RELOAD, "app", time);

        entry.outcome = outcome;
        entry.author.uid = uid;
        assert_no_failure(store_add_audit(store, &entry));
}

static GPtrArray *list(Store *store, const char *config, uint64_t since, unsigned most)
{
        GPtrArray *entries = NULL;

        assert_no_failure(store_list_audit(store, config, since, most, &entries));
        return entries;
}

/* "rollback app 3, change app 2", newest first. */
static void assert_list(Store *store, const char *config, uint64_t since, unsigned most,
                        const char *expected)
{
        g_autoptr(GPtrArray) entries = list(store, config, since, most);
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; i < entries->len; i++) {
                const AuditEntry *entry = g_ptr_array_index(entries, i);

                g_string_append_printf(text, "%s%s %s", i > 0 ? ", " : "",
                                       audit_action_to_string(entry->action), entry->config);
                if (entry->version > 0)
                        g_string_append_printf(text, " %" G_GUINT64_FORMAT, entry->version);
        }
        g_assert_cmpstr(text->str, ==, expected);
}

static void test_list(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        assert_list(store, NULL, 0, 10, "");
        add(store, AUDIT_REGISTER, "app", 100);
        add(store, AUDIT_REGISTER, "web", 200);
        add(store, AUDIT_HOT_RELOAD, "", 300);
        add(store, AUDIT_UNREGISTER, "app", 400);
        assert_list(store, NULL, 0, 10, "unregister app, hot-reload , register web, register app");
        assert_list(store, NULL, 0, 2, "unregister app, hot-reload ");
        assert_list(store, NULL, 200, 10, "unregister app, hot-reload , register web");
        assert_list(store, "app", 0, 10, "unregister app, register app");
        assert_list(store, "app", 101, 10, "unregister app");
        assert_list(store, "app", UINT64_MAX, 10, "");
        assert_list(store, "other", 0, 10, "");
}

static void test_whole_entry(StoreScene *scene, const void *data)
{
        const AuditEntry given = {
                .time = 123,
                .action = AUDIT_SET_FILES,
                .outcome = AUDIT_FAILED,
                .config = (char *) "app",
                .version = 7,
                .author = { .uid = 1000, .pid = 4711, .unit = (char *) "ssh.service" },
                .message = (char *) "caf\xc3\xa9",
                .error = (char *) "ParseFailed",
        };
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(GPtrArray) entries = NULL;
        const AuditEntry *found;

        assert_no_failure(store_add_audit(store, &given));
        store = store_close(store);
        store = store_scene_open(scene->directory);
        entries = list(store, NULL, 0, 10);
        g_assert_cmpuint(entries->len, ==, 1);
        found = g_ptr_array_index(entries, 0);
        g_assert_cmpuint(found->time, ==, 123);
        g_assert_cmpint(found->action, ==, AUDIT_SET_FILES);
        g_assert_cmpint(found->outcome, ==, AUDIT_FAILED);
        g_assert_cmpuint(found->version, ==, 7);
        g_assert_cmpuint(found->author.uid, ==, 1000);
        g_assert_cmpint(found->author.pid, ==, 4711);
        g_assert_cmpstr(found->author.unit, ==, "ssh.service");
        g_assert_cmpstr(found->message, ==, "caf\xc3\xa9");
        g_assert_cmpstr(found->error, ==, "ParseFailed");
}

static void test_nobody(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(GPtrArray) entries = NULL;
        const AuditEntry *found;

        add(store, AUDIT_CONFIRM, "app", 1);
        entries = list(store, NULL, 0, 10);
        found = g_ptr_array_index(entries, 0);
        g_assert_cmpuint(found->author.uid, ==, (uid_t) -1);
        g_assert_cmpint(found->author.pid, ==, 0);
        g_assert_null(found->author.unit);
        g_assert_null(found->message);
        g_assert_null(found->error);
}

static void test_no_text(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        AuditEntry entry = entry_of(AUDIT_LABEL, "app", 1);

        entry.message = (char *) "\xff";
        assert_failed(store_add_audit(store, &entry), FAILURE_INVALID_ARGUMENT, "UTF-8");
        assert_list(store, NULL, 0, 10, "");
}

/* Neither is there without the other. */
static void test_with_version(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = version_of("a: 1\n", NULL);
        g_autoptr(Version) rejected = version_of("a: 2\n", NULL);
        g_autoptr(Version) broken = version_of("a: 3\n", NULL);
        g_autofree char *snapshot = NULL;

        version->time = 1;
        version->action = AUDIT_REGISTER;
        assert_no_failure(store_add_version(store, "app", version, VERSION_SUPERSEDED));
        rejected->time = 2;
        rejected->action = AUDIT_REVERT;
        rejected->state = VERSION_REJECTED;
        assert_no_failure(store_add_version(store, "app", rejected, VERSION_SUPERSEDED));
        broken->action = AUDIT_CHANGE;
        broken->message = g_strdup("\xff");
        assert_failed(store_add_version(store, "app", broken, VERSION_SUPERSEDED), FAILURE_INVALID_ARGUMENT,
                      "UTF-8");
        /* One that is not to be recorded. */
        (void) add_content(store, "app", "a: 4\n");
        assert_list(store, NULL, 0, 10, "revert app 2, register app 1");

        snapshot = store_scene_snapshot(scene, scene->directory);
        store = store_close(store);
        store = store_scene_open(snapshot);
        assert_list(store, NULL, 0, 10, "revert app 2, register app 1");
}

static void test_outlasts_config(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = version_of("a: 1\n", NULL);

        version->action = AUDIT_REGISTER;
        assert_no_failure(store_add_version(store, "app", version, VERSION_SUPERSEDED));
        assert_no_failure(store_forget(store, "app"));
        assert_list(store, "app", 0, 10, "register app 1");
}

/* The bounds of what is there, as times. */
static void assert_range(Store *store, AuditOutcome outcome, unsigned count, uint64_t oldest,
                         uint64_t newest)
{
        g_autoptr(GPtrArray) entries = list(store, NULL, 0, 100000);
        uint64_t first = UINT64_MAX, last = 0;
        unsigned found = 0;

        for (guint i = 0; i < entries->len; i++) {
                const AuditEntry *entry = g_ptr_array_index(entries, i);

                if (entry->outcome != outcome)
                        continue;
                first = MIN(first, entry->time);
                last = MAX(last, entry->time);
                found++;
        }
        g_assert_cmpuint(found, ==, count);
        g_assert_cmpuint(first, ==, oldest);
        g_assert_cmpuint(last, ==, newest);
}

static void test_limit(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = NULL;
        g_autofree char *fill = g_strdup_printf(
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
                        " INSERT INTO audit SELECT 0, i, i, 'change', 'ok', 'app', i, NULL, NULL, NULL,"
                        " NULL, NULL FROM n",
                        STORE_MAX_AUDIT);

        store = store_close(store_scene_open(scene->directory));
        store_scene_run(scene->database, fill);
        store = store_scene_open(scene->directory);
        assert_range(store, AUDIT_OK, STORE_MAX_AUDIT, 1, STORE_MAX_AUDIT);
        add(store, AUDIT_LABEL, "app", STORE_MAX_AUDIT + 1);
        assert_range(store, AUDIT_OK, STORE_MAX_AUDIT, 2, STORE_MAX_AUDIT + 1);
}

/* Whoever does nothing pushes out nothing of what was done. */
static void test_refused_limit(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        AuditOutcome outcome = (AuditOutcome) GPOINTER_TO_INT(data);

        add(store, AUDIT_ROLLBACK, "app", 1);
        for (unsigned i = 0; i < STORE_MAX_AUDIT_REFUSED + 3; i++)
                add_refused(store, outcome, 1000, 10 + i);
        add(store, AUDIT_CONFIRM, "app", 5000);
        assert_range(store, outcome, STORE_MAX_AUDIT_REFUSED, 13, 12 + STORE_MAX_AUDIT_REFUSED);
        assert_range(store, AUDIT_OK, 2, 1, 5000);
}

/* Nor does he push out what others were denied, until there are too many others. */
static void test_refused_others(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_refused(store, AUDIT_FAILED, 0, 1);
        for (unsigned i = 0; i < STORE_MAX_AUDIT_REFUSED + 3; i++)
                add_refused(store, AUDIT_DENIED, 1000, 10 + i);
        assert_range(store, AUDIT_FAILED, 1, 1, 1);
        assert_range(store, AUDIT_DENIED, STORE_MAX_AUDIT_REFUSED - 1, 14, 12 + STORE_MAX_AUDIT_REFUSED);
        for (unsigned i = 0; i < STORE_MAX_AUDIT_REFUSED; i++)
                add_refused(store, AUDIT_DENIED, 2000 + i, 5000 + i);
        assert_range(store, AUDIT_FAILED, 0, UINT64_MAX, 0);
        assert_range(store, AUDIT_DENIED, STORE_MAX_AUDIT_REFUSED, 5000, 4999 + STORE_MAX_AUDIT_REFUSED);
}

/* What versions bring is pruned when subscribers were told. */
static void test_tidy(StoreScene *scene, const void *data)
{
        g_autoptr(Version) version = version_of("a: 1\n", NULL);
        g_autoptr(Store) store = NULL;

        store = store_close(store_scene_open(scene->directory));
        store_scene_run(scene->database, "INSERT INTO audit VALUES(0, 1, 1, 'change', 'ok', 'app', 1, NULL, "
                                         "NULL, NULL, NULL, NULL),"
                                         "(0, 9001, 2, 'change', 'ok', 'app', 2, NULL, NULL, NULL, NULL, "
                                         "NULL)");
        store = store_scene_open(scene->directory);
        version->time = 3;
        version->action = AUDIT_RELOAD;
        assert_no_failure(store_add_version(store, "app", version, VERSION_SUPERSEDED));
        assert_list(store, NULL, 0, 10, "reload app 1, change app 2, change app 1");
        tidy_up(store, "app", 10);
        assert_list(store, NULL, 0, 10, "reload app 1, change app 2");
}

/* What only someone else can have written there. */
static void test_damaged(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        GPtrArray *entries = NULL;

        add(store, AUDIT_LABEL, "app", 1);
        store = store_close(store);
        store_scene_run(scene->database, data);
        store = store_scene_open(scene->directory);
        assert_failed(store_list_audit(store, NULL, 0, 10, &entries), FAILURE_FILE_UNREADABLE, "damaged");
        g_assert_null(entries);
}

static void test_names(void)
{
        AuditOutcome outcome;
        AuditAction action;

        for (AuditAction i = AUDIT_NONE + 1; i < N_AUDIT_ACTIONS; i++) {
                g_assert_true(audit_action_from_string(audit_action_to_string(i), &action));
                g_assert_cmpint(action, ==, i);
        }
        for (AuditOutcome i = 0; i < N_AUDIT_OUTCOMES; i++) {
                g_assert_true(audit_outcome_from_string(audit_outcome_to_string(i), &outcome));
                g_assert_cmpint(outcome, ==, i);
        }
        g_assert_false(audit_action_from_string("none", &action));
        g_assert_false(audit_outcome_from_string("", &outcome));
        for (Origin origin = 0; origin < N_ORIGINS; origin++)
                g_assert_cmpint(origin_to_audit_action(origin), !=, AUDIT_NONE);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/store-audit/names", test_names);
        store_scene_add("/store-audit/list", test_list, NULL);
        store_scene_add("/store-audit/whole-entry", test_whole_entry, NULL);
        store_scene_add("/store-audit/nobody", test_nobody, NULL);
        store_scene_add("/store-audit/no-text", test_no_text, NULL);
        store_scene_add("/store-audit/with-version", test_with_version, NULL);
        store_scene_add("/store-audit/outlasts-config", test_outlasts_config, NULL);
        store_scene_add("/store-audit/limit", test_limit, NULL);
        store_scene_add("/store-audit/refused-limit/denied", test_refused_limit,
                        GINT_TO_POINTER(AUDIT_DENIED));
        store_scene_add("/store-audit/refused-limit/failed", test_refused_limit,
                        GINT_TO_POINTER(AUDIT_FAILED));
        store_scene_add("/store-audit/refused-limit/others", test_refused_others, NULL);
        store_scene_add("/store-audit/tidy", test_tidy, NULL);
        store_scene_add("/store-audit/damaged/action", test_damaged, "UPDATE audit SET action = 'none'");
        store_scene_add("/store-audit/damaged/outcome", test_damaged, "UPDATE audit SET outcome = ''");
        store_scene_add("/store-audit/damaged/uid", test_damaged, "UPDATE audit SET uid = -2");
        store_scene_add("/store-audit/damaged/text", test_damaged,
                        "UPDATE audit SET message = CAST(x'ff' AS TEXT)");
        return g_test_run();
}
