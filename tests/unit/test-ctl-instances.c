/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instances: read off the bus, in tables, in reports, and how far they are behind
 */
#include "client/ctl/history.h"
#include "client/ctl/instance-changes.h"
#include "client/ctl/instance-report.h"
#include "client/ctl/instance-table.h"
#include "tests/support/message-scene.h"
#include "tests/support/notation.h"

#include <string.h>

#define TIME (UINT64_C(1795232195) * 1000000 + 123456)
#define PREFIX "/org/reconf/Reconf1/instance/"

static void append(MessageScene *scene, const char *id, const char *config, uint32_t pid,
                   const char *program, const char *state, uint64_t version, const char *name,
                   const char *message)
{
        g_autofree char *object = g_strconcat(PREFIX, id, NULL);

        g_assert_cmpint(sd_bus_message_open_container(scene->m, 'r', "osuststa{sv}"), >=, 0);
        g_assert_cmpint(sd_bus_message_append(scene->m, "osustst", object, config, pid, program,
                                              pid > 0 ? TIME : UINT64_C(0), state, version),
                        >=, 0);
        g_assert_cmpint(sd_bus_message_append(scene->m, "a{sv}", 3, "message", "s", message, "name", "s",
                                              name, "vote", "b", 1),
                        >=, 0);
        g_assert_cmpint(sd_bus_message_close_container(scene->m), >=, 0);
}

static GPtrArray *make_instances(MessageScene *scene)
{
        GPtrArray *instances = NULL;

        g_assert_cmpint(sd_bus_message_open_container(scene->m, 'a', "(osuststa{sv})"), >=, 0);
        append(scene, "4711", "web", 300, "reconfctl", "failed", 2, "nginx", "no\nport");
        append(scene, "c", "web", 0, "", "pending", 0, "", "");
        append(scene, "b", "app", 20, "worker", "current", 4, "worker", "");
        append(scene, "a", "app", 9, "worker", "partial", 3, "", "");
        g_assert_cmpint(sd_bus_message_close_container(scene->m), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(instance_list_read(scene->m, &instances), >=, 0);
        return instances;
}

static void test_list(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) instances = make_instances(scene);
        g_autoptr(GString) order = g_string_new(NULL);

        for (guint i = 0; i < instances->len; i++) {
                g_autofree char *text = listed_instance_format(instances->pdata[i]);

                g_string_append_printf(order, "%s %s;", listed_instance_id(instances->pdata[i]), text);
        }
        g_assert_cmpstr(order->str, ==, "a worker[9];b worker[20];c ?;4711 nginx (reconfctl)[300];");
        g_assert_true(instance_list_find(instances, PREFIX "b") == instances->pdata[1]);
        g_assert_null(instance_list_find(instances, PREFIX));
}

static void test_words(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) instances = make_instances(scene);
        const ListedInstance *hidden = instances->pdata[2], *last = instances->pdata[3];

        g_assert_true(listed_instance_is(last, "300"));
        g_assert_true(listed_instance_is(last, "4711"));
        g_assert_true(listed_instance_is(last, PREFIX "4711"));
        g_assert_false(listed_instance_is(last, "30"));
        g_assert_false(listed_instance_is(last, "nginx"));
        g_assert_false(listed_instance_is(hidden, "0"));
}

static void destroy_entry(void *entry)
{
        history_entry_free(entry);
}

static GPtrArray *make_history(void)
{
        GPtrArray *history = g_ptr_array_new_with_free_func(destroy_entry);

        g_ptr_array_add(history, history_entry_new(9, "C", "active"));
        g_ptr_array_add(history, history_entry_new(8, "B", "rejected"));
        g_ptr_array_add(history, history_entry_new(5, "B", "superseded"));
        g_ptr_array_add(history, history_entry_new(2, "A", "superseded"));
        return history;
}

/* The history of one config is known, that of the other may not be read. */
static Standings *make_standings(void)
{
        Standings *standings = standings_new(NULL);
        g_autoptr(GPtrArray) history = make_history();

        standings_set(standings, "app", 4, NULL);
        standings_set(standings, "web", 9, history);
        return standings;
}

static void test_behind(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) instances = make_instances(scene);
        g_autoptr(Standings) standings = make_standings();
        ListedInstance pruned = *(ListedInstance *) instances->pdata[3];
        ListedInstance elsewhere = pruned;
        uint64_t behind;

        g_assert_true(standings_count_behind(standings, instances->pdata[0], &behind) && behind == 1);
        g_assert_true(standings_count_behind(standings, instances->pdata[1], &behind) && behind == 0);
        g_assert_false(standings_count_behind(standings, instances->pdata[2], &behind));
        g_assert_true(standings_count_behind(standings, instances->pdata[3], &behind) && behind == 2);
        pruned.version = 1;
        g_assert_true(standings_count_behind(standings, &pruned, &behind) && behind == 8);
        elsewhere.config = (char *) "other";
        g_assert_false(standings_count_behind(standings, &elsewhere, &behind));
}

static void test_table(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) instances = make_instances(scene);
        g_autoptr(Standings) standings = make_standings();
        g_autoptr(Table) table = instance_table_new(true);
        g_autoptr(Table) of_one = instance_table_new(false);
        const Style style = { .legend = true };
        g_autofree char *text = NULL, *text_of_one = NULL;

        instance_table_add_all(table, instances, standings);
        text = table_format(table, &style);
        g_assert_cmpstr(text, ==,
                        "CONFIG PROGRAM           PID UNIT VERSION STATE   BEHIND MESSAGE\n"
                        "app    worker              9 -          3 partial      1 -\n"
                        "app    worker             20 -          4 current      - -\n"
                        "web    ?                   - -          - pending      - -\n"
                        "web    nginx (reconfctl) 300 -          2 failed       2 no\\nport\n");
        instance_table_add(of_one, instances->pdata[1], standings);
        text_of_one = table_format(of_one, &style);
        g_assert_cmpstr(text_of_one, ==,
                        "PROGRAM PID UNIT VERSION STATE   BEHIND MESSAGE\n"
                        "worker   20 -          4 current      - -\n");
}

static void assert_report(const InstanceReport *report, const char *text, const char *json)
{
        const Style style = { 0 };
        g_autofree char *formatted = instance_report_format(report, &style);
        g_autofree char *as_json = instance_report_format_json(report, JSON_SHORT);

        g_assert_cmpstr(formatted, ==, text);
        g_assert_cmpstr(as_json, ==, json);
}

static void test_reports(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) instances = make_instances(scene);
        g_autoptr(Standings) standings = make_standings();
        InstanceReport report = {
                .kind = INSTANCE_REPORT_STATE,
                .time = TIME,
                .config = "web",
                .instance = instances->pdata[3],
                .standings = standings,
        };

        assert_report(&report,
                      "2026-11-21 03:36:35.123 web nginx (reconfctl)[300] failed, version 2, 2 behind: "
                      "no\\nport\n",
                      "{\"event\":\"state\",\"time\":1795232195123456,\"config\":\"web\",\"program\":"
                      "\"reconfctl\",\"name\":\"nginx\",\"pid\":300,\"unit\":null,\"version\":2,\"state\":"
                      "\"failed\",\"behind\":2,\"message\":\"no\\nport\",\"since\":1795232195123456,"
                      "\"object\":\"/org/reconf/Reconf1/instance/4711\",\"details\":{\"message\":"
                      "\"no\\nport\",\"name\":\"nginx\",\"vote\":true}}\n");
        report.instance = instances->pdata[2];
        report.kind = INSTANCE_REPORT_CAME;
        assert_report(&report, "2026-11-21 03:36:35.123 web ? came, pending\n",
                      "{\"event\":\"came\",\"time\":1795232195123456,\"config\":\"web\",\"program\":null,"
                      "\"name\":null,\"pid\":null,\"unit\":null,\"version\":null,\"state\":\"pending\","
                      "\"behind\":null,\"message\":null,\"since\":null,"
                      "\"object\":\"/org/reconf/Reconf1/instance/c\",\"details\":{\"message\":\"\",\"name\":"
                      "\"\",\"vote\":true}}\n");
        report.kind = INSTANCE_REPORT_VERSION;
        report.instance = NULL;
        report.version = 9;
        assert_report(&report, "2026-11-21 03:36:35.123 web version 9\n",
                      "{\"event\":\"version\",\"time\":1795232195123456,\"config\":\"web\",\"version\":9}"
                      "\n");
}

static void test_left(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) instances = make_instances(scene);
        g_autoptr(Standings) standings = make_standings();
        const Style style = { 0 };
        g_autofree char *text = instance_report_format(
                        &(InstanceReport){
                                        .kind = INSTANCE_REPORT_LEFT,
                                        .time = TIME,
                                        .config = "app",
                                        .instance = instances->pdata[0],
                                        .standings = standings,
                        },
                        &style);

        g_assert_cmpstr(text, ==, "2026-11-21 03:36:35.123 app worker[9] left\n");
}

/* "came app a partial 3;" and so on. */
static void note(const InstanceReport *report, void *userdata)
{
        static const char *const kinds[] = { "came", "left", "state", "version" };
        const ListedInstance *instance = report->instance;
        GString *out = userdata;

        g_string_append_printf(out, "%s %s ", kinds[report->kind], report->config);
        if (instance)
                g_string_append_printf(out, "%s %s ", listed_instance_id(instance), instance->state);
        g_string_append_printf(out, "%" G_GUINT64_FORMAT "%s%s;",
                               instance ? instance->version : report->version,
                               instance && instance->message ? " " : "",
                               instance && instance->message ? instance->message : "");
}

static void assert_told(InstanceChanges *changes, const GPtrArray *before, const GPtrArray *now,
                        const char *expected)
{
        g_autoptr(Standings) standings = make_standings();
        g_autoptr(GString) out = g_string_new(NULL);

        instance_changes_tell(changes, before, now, standings, note, out);
        g_assert_cmpstr(out->str, ==, expected);
        g_string_truncate(out, 0);
        instance_changes_tell(changes, now, now, standings, note, out);
        g_assert_cmpstr(out->str, ==, "");
}

static void test_changes_of_lists(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) now = make_instances(scene);
        g_autoptr(GPtrArray) before = g_ptr_array_new();
        g_autoptr(InstanceChanges) changes = instance_changes_new();
        ListedInstance same = *(ListedInstance *) now->pdata[0], other = same, gone = same;
        ListedInstance said = *(ListedInstance *) now->pdata[3];

        gone.object = (char *) PREFIX "d";
        other.object = (char *) PREFIX "b";
        said.message = "yes";
        g_ptr_array_add(before, &same);
        g_ptr_array_add(before, &other);
        g_ptr_array_add(before, &said);
        g_ptr_array_add(before, &gone);
        assert_told(changes, before, now,
                    "state app b current 4;came web c pending 0;state web 4711 failed 2 no\nport;left app d "
                    "partial 3;");
}

/* What is over by now is told, too, but nothing twice. */
static void test_changes_heard(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) instances = make_instances(scene);
        g_autoptr(InstanceChanges) changes = instance_changes_new();

        instance_changes_hear(changes, "web", PREFIX "4711", "failed", 2);
        instance_changes_hear(changes, "web", NULL, NULL, 9);
        instance_changes_hear(changes, "web", PREFIX "4711", "pending", 2);
        instance_changes_hear(changes, "web", PREFIX "4711", "pending", 2);
        instance_changes_hear(changes, "web", PREFIX "4711", "failed", 2);
        instance_changes_hear(changes, "app", PREFIX "b", "pending", 3);
        instance_changes_hear(changes, "app", PREFIX "unknown", "failed", 3);
        assert_told(changes, instances, instances,
                    "version web 9;state web 4711 pending 2;state web 4711 failed 2 no\nport;state app b "
                    "pending 3;state app b current 4;");
}

/* One that came meanwhile is told of once. */
static void test_changes_of_newcomers(MessageScene *scene, const void *unused)
{
        g_autoptr(GPtrArray) now = make_instances(scene);
        g_autoptr(GPtrArray) before = g_ptr_array_new();
        g_autoptr(InstanceChanges) changes = instance_changes_new();

        for (guint i = 0; i < 3; i++)
                g_ptr_array_add(before, now->pdata[i]);
        instance_changes_hear(changes, "web", PREFIX "4711", "pending", 0);
        instance_changes_hear(changes, "web", PREFIX "4711", "failed", 2);
        assert_told(changes, before, now, "came web 4711 failed 2 no\nport;");
}

/* Where a message is cut, or of another type, it is not taken for an empty list. */
static void test_broken(MessageScene *scene, const void *unused)
{
        GPtrArray *instances = NULL;

        g_assert_cmpint(sd_bus_message_append(scene->m, "a(os)", 1, "/", "x"), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(instance_list_read(scene->m, &instances), <, 0);
        g_assert_null(instances);
}

static void add(const char *path, void (*test)(MessageScene *, const void *))
{
        g_test_add(path, MessageScene, NULL, message_scene_set_up, test, message_scene_tear_down);
}

int main(int argc, char **argv)
{
        g_setenv("TZ", "UTC", TRUE);
        g_test_init(&argc, &argv, NULL);
        add("/ctl-instances/list", test_list);
        add("/ctl-instances/words", test_words);
        add("/ctl-instances/behind", test_behind);
        add("/ctl-instances/table", test_table);
        add("/ctl-instances/reports", test_reports);
        add("/ctl-instances/left", test_left);
        add("/ctl-instances/changes-of-lists", test_changes_of_lists);
        add("/ctl-instances/changes-heard", test_changes_heard);
        add("/ctl-instances/changes-of-newcomers", test_changes_of_newcomers);
        add("/ctl-instances/broken", test_broken);
        return g_test_run();
}
