/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes as reconfctl shows them
 */
#include "client/ctl/diff-text.h"
#include "tests/support/message-scene.h"
#include "tests/support/notation.h"

#include <string.h>

static ChangeList *find_changes(MessageScene *scene, const char *before, const char *after)
{
        g_autoptr(Document) old = notation_parse(before, 0);
        g_autoptr(Document) new = notation_parse(after, 0);
        ChangeList *changes = NULL;

        message_scene_seal_changes(scene, old, new);
        g_assert_cmpint(change_list_read(scene->m, &changes), >=, 0);
        return changes;
}

static void assert_text(MessageScene *scene, const char *before, const char *after, const char *expected)
{
        g_autoptr(ChangeList) changes = find_changes(scene, before, after);
        g_autoptr(GString) out = g_string_new(NULL);
        const Style style = { .unicode = true };

        diff_text_append(out, changes, &style, 0);
        g_assert_cmpstr(out->str, ==, expected);
}

static void test_lines(MessageScene *scene, const void *unused)
{
        assert_text(scene, "{a: 1, b: {c: 'x', d: true}, e: [1]}",
                    "{b: {c: 'z', d: true, f: null}, e: [2], g: {h: 1}}",
                    "- a: 1\n"
                    "~ b.c: x → z\n"
                    "+ b.f: null\n"
                    "~ e: [1] → [2]\n"
                    "+ g: {h: 1}\n");
}

static void test_restart(MessageScene *scene, const void *unused)
{
        g_autoptr(ChangeList) changes =
                        find_changes(scene, "{a: 1, b: 1, t: 'one\ntwo\n'}", "{a: 2, t: 'one\n'}");
        g_autoptr(GString) out = g_string_new(NULL);
        const Style style = { 0 };
        Json *json = json_new(JSON_SHORT);
        g_autofree char *as_json = NULL;

        change_list_add_restart(changes, "a");
        change_list_add_restart(changes, "t");
        diff_text_append(out, changes, &style, 0);
        g_assert_true(g_str_has_prefix(out->str, "~ a: 1 -> 2 (restart)\n"
                                                 "- b: 1\n"
                                                 "~ t: (restart)\n"));
        diff_text_append_json(json, changes);
        as_json = json_end(json);
        g_assert_nonnull(strstr(as_json, "{\"path\":\"a\",\"kind\":\"modified\",\"before\":1,\"after\":2,"
                                         "\"restart\":true}"));
        g_assert_nonnull(strstr(as_json, "{\"path\":\"b\",\"kind\":\"removed\",\"before\":1}"));
}

static void test_nothing(MessageScene *scene, const void *unused)
{
        assert_text(scene, "{a: 1}", "{a: 1}", "");
}

static void test_text_of_lines(MessageScene *scene, const void *unused)
{
        assert_text(scene, "{t: 'one\ntwo\nthree\n'}", "{t: 'one\n2\nthree\n'}",
                    "~ t:\n"
                    "      one\n"
                    "-     two\n"
                    "+     2\n"
                    "      three\n");
}

/* What ends differently shows it. */
static void test_text_end(MessageScene *scene, const void *unused)
{
        assert_text(scene, "{t: 'a\nb'}", "{t: 'a\nb\n'}",
                    "~ t:\n"
                    "-   |-\n"
                    "+   |\n"
                    "      a\n"
                    "      b\n");
}

static void test_added_text(MessageScene *scene, const void *unused)
{
        assert_text(scene, "{}", "{t: 'a\nb\n'}",
                    "+ t:\n"
                    "+   |\n"
                    "+     a\n"
                    "+     b\n");
}

static char *make_list(const char *changed)
{
        GString *list = g_string_new("{list: [");

        for (unsigned i = 0; i < 9; i++)
                g_string_append_printf(list, "{name: '%s', size: 1000000}, ",
                                       i == 4 ? changed : "the same name");
        g_string_append(list, "0]}");
        return g_string_free(list, FALSE);
}

/* Of a long list only the lines that differ, and a few around them. */
static void test_long_list(MessageScene *scene, const void *unused)
{
        g_autofree char *before = make_list("before");
        g_autofree char *after = make_list("after");

        assert_text(scene, before, after,
                    "~ list:\n"
                    "    …\n"
                    "    - name: the same name\n"
                    "      size: 1000000\n"
                    "-   - name: before\n"
                    "+   - name: after\n"
                    "      size: 1000000\n"
                    "    - name: the same name\n"
                    "    …\n");
}

static void test_escaped(MessageScene *scene, const void *unused)
{
        assert_text(scene, "{'a\x1b': 'x\x1b[2J'}", "{'a\x1b': 'z\xe2\x80\xae'}",
                    "~ \"a\\x1b\": \"x\\x1b[2J\" → \"z\\u202e\"\n");
}

static void test_colors(MessageScene *scene, const void *unused)
{
        g_autoptr(ChangeList) changes = find_changes(scene, "{a: 1, b: 1}", "{b: 2, c: 3}");
        g_autoptr(GString) out = g_string_new(NULL);
        const Style style = { .colors = true };

        diff_text_append(out, changes, &style, 2);
        g_assert_cmpstr(out->str, ==,
                        "  \x1b[31m- a: 1\x1b[0m\n"
                        "  \x1b[33m~ b: 1 -> 2\x1b[0m\n"
                        "  \x1b[32m+ c: 3\x1b[0m\n");
}

static void test_json(MessageScene *scene, const void *unused)
{
        g_autoptr(ChangeList) changes = find_changes(scene, "{a: 1, b: 1}", "{b: [2], c: null}");
        Json *json = json_new(JSON_SHORT);
        g_autofree char *text = NULL;

        diff_text_append_json(json, changes);
        text = json_end(json);
        g_assert_cmpstr(text, ==,
                        "[{\"path\":\"a\",\"kind\":\"removed\",\"before\":1},"
                        "{\"path\":\"b\",\"kind\":\"modified\",\"before\":1,\"after\":[2]},"
                        "{\"path\":\"c\",\"kind\":\"added\",\"after\":null}]");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

#define ADD(name, function)                                                                    \
        g_test_add("/ctl-diff-text/" name, MessageScene, NULL, message_scene_set_up, function, \
                   message_scene_tear_down)
        ADD("lines", test_lines);
        ADD("restart", test_restart);
        ADD("nothing", test_nothing);
        ADD("text-of-lines", test_text_of_lines);
        ADD("text-end", test_text_end);
        ADD("added-text", test_added_text);
        ADD("long-list", test_long_list);
        ADD("escaped", test_escaped);
        ADD("colors", test_colors);
        ADD("json", test_json);
#undef ADD
        return g_test_run();
}
