/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What reconfctl watch prints
 */
#include "client/ctl/problems.h"
#include "client/ctl/watch-report.h"
#include "tests/support/message-scene.h"
#include "tests/support/notation.h"

#include <string.h>
#include <time.h>

#define TIME (UINT64_C(1795232195) * 1000000 + 123456)

static void assert_report(const WatchReport *report, const char *text, const char *json)
{
        const Style style = { .unicode = true };
        g_autofree char *formatted = watch_report_format(report, &style);
        g_autofree char *as_json = watch_report_format_json(report, JSON_SHORT);

        g_assert_cmpstr(formatted, ==, text);
        g_assert_cmpstr(as_json, ==, json);
        /* One object a line, whatever is in it. */
        g_assert_true(strchr(as_json, '\n') == as_json + strlen(as_json) - 1);
}

static ChangeList *make_changes(MessageScene *scene)
{
        g_autoptr(Document) before = notation_parse("{a: 1}", 0);
        g_autoptr(Document) after = notation_parse("{a: 'x\ny'}", 0);
        ChangeList *changes = NULL;

        message_scene_seal_changes(scene, before, after);
        g_assert_cmpint(change_list_read(scene->m, &changes), >=, 0);
        return changes;
}

static void test_changed(MessageScene *scene, const void *unused)
{
        g_autoptr(ChangeList) changes = make_changes(scene);
        g_autoptr(Document) details = notation_parse("{origin: 'rollback', message: 'why\nnot'}", 0);
        const WatchReport report = {
                .kind = WATCH_REPORT_CHANGED,
                .name = "app",
                .time = TIME,
                .version = 5,
                .previous = 4,
                .root = "/a/",
                .changes = changes,
                .details = details,
        };

        assert_report(&report,
                      "2026-11-21 03:36:35.123 app version 4 → 5 (rollback) \"why\\nnot\"\n"
                      "  ~ a:\n"
                      "  -   1\n"
                      "  +   |-\n"
                      "  +     x\n"
                      "  +     y\n",
                      "{\"event\":\"changed\",\"name\":\"app\",\"time\":1795232195123456,\"version\":5,"
                      "\"previous\":4,"
                      "\"origin\":\"rollback\",\"root\":\"/a/\","
                      "\"changes\":[{\"path\":\"a\",\"kind\":\"modified\",\"before\":1,\"after\":\"x\\ny\"}]"
                      ","
                      "\"details\":{\"message\":\"why\\nnot\",\"origin\":\"rollback\"}}\n");
}

static void test_truncated(MessageScene *scene, const void *unused)
{
        g_autoptr(ChangeList) changes = make_changes(scene);
        g_autoptr(Document) details = notation_parse("{origin: 'file', truncated: true}", 0);
        const Style style = { 0 };
        g_autofree char *text = watch_report_format(
                        &(WatchReport){
                                        .kind = WATCH_REPORT_CHANGED,
                                        .name = "app",
                                        .version = 5,
                                        .previous = 4,
                                        .changes = changes,
                                        .details = details,
                        },
                        &style);

        g_assert_true(g_str_has_suffix(text, "\n  and more: 'reconfctl diff app 4 5'\n"));
}

static void test_missed(MessageScene *scene, const void *unused)
{
        const WatchReport report = {
                .kind = WATCH_REPORT_MISSED,
                .name = "app",
                .time = TIME,
                .version = 9,
                .previous = 4,
        };

        assert_report(&report,
                      "2026-11-21 03:36:35.123 app version 4 → 9 (missed)\n"
                      "  changes: 'reconfctl diff app 4 9'\n",
                      "{\"event\":\"missed\",\"name\":\"app\",\"time\":1795232195123456,\"version\":9,"
                      "\"previous\":4}\n");
}

static void test_failed(MessageScene *scene, const void *unused)
{
        g_autoptr(Document) files = notation_parse("{files: ['/f']}", 0);
        g_autoptr(GPtrArray) problems = NULL;
        WatchReport report = { .kind = WATCH_REPORT_FAILED, .name = "app", .time = TIME, .stage = "parse" };

        g_assert_cmpint(sd_bus_message_append(scene->m, "a(suus)", 1, "", 3, 5, "bad"), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpint(problems_read(scene->m, value_get(files, "files"), NULL, &problems), >=, 0);
        report.problems = problems;
        assert_report(&report,
                      "2026-11-21 03:36:35.123 app not reloaded (parse)\n"
                      "  /f:3:5: bad\n",
                      "{\"event\":\"failed\",\"name\":\"app\",\"time\":1795232195123456,\"stage\":\"parse\","
                      "\"problems\":[{\"path\":\"\",\"file\":\"/"
                      "f\",\"line\":3,\"column\":5,\"message\":\"bad\"}]}\n");
}

static void test_coming(MessageScene *scene, const void *unused)
{
        const WatchReport added = { .kind = WATCH_REPORT_ADDED, .name = "app", .time = TIME };
        const WatchReport removed = { .kind = WATCH_REPORT_REMOVED, .name = "app", .time = TIME };

        assert_report(&added, "2026-11-21 03:36:35.123 app registered\n",
                      "{\"event\":\"added\",\"name\":\"app\",\"time\":1795232195123456}\n");
        assert_report(&removed, "2026-11-21 03:36:35.123 app unregistered\n",
                      "{\"event\":\"removed\",\"name\":\"app\",\"time\":1795232195123456}\n");
}

int main(int argc, char **argv)
{
        g_setenv("TZ", "UTC", TRUE);
        tzset();
        g_test_init(&argc, &argv, NULL);

#define ADD(name, function)                                                                       \
        g_test_add("/ctl-watch-report/" name, MessageScene, NULL, message_scene_set_up, function, \
                   message_scene_tear_down)
        ADD("changed", test_changed);
        ADD("truncated", test_truncated);
        ADD("missed", test_missed);
        ADD("failed", test_failed);
        ADD("coming", test_coming);
#undef ADD
        return g_test_run();
}
