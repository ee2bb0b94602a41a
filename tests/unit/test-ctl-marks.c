/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a schema marks as secret, and what of it is shown
 */
#include "client/ctl/marks.h"
#include "tests/support/file-scene.h"
#include "tests/support/message-scene.h"
#include "tests/support/notation.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECRET "{\"writeOnly\": true}"

static const char schema_text[] =
                "{\"properties\": {\"a\": {}, \"port\": {\"x-restart\": true}, \"password\": " SECRET ","
                " \"credentials\": {\"writeOnly\": true, \"properties\": {\"user\": {}}},"
                " \"users\": {\"additionalProperties\": {\"properties\": {\"token\": " SECRET "}}},"
                " \"keys\": {\"items\": " SECRET
                "}, \"pairs\": {\"items\": {\"properties\": {\"key\": " SECRET "}}}}}";

static Marks *make_marks(const FileScene *scene, const char *text)
{
        g_autofree char *path = scene_path(scene, "schema.json");

        write_file(path, text);
        return marks_new(path);
}

static void assert_redacted(const Marks *marks, const char *before, const char *expected)
{
        g_autoptr(Document) document = notation_parse(before, 0);
        g_autoptr(Document) shown = NULL;
        g_autofree char *text = NULL;
        const Node *node;

        marks_redact(marks, document, document_root(document), "", document_root(document), &shown, &node);
        text = notation_format(node);
        g_assert_cmpstr(text, ==, expected);
}

static void test_document(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene, schema_text);

        g_assert_true(marks_are_known(marks));
        g_assert_true(marks_hide_any(marks));
        assert_redacted(marks, "{a: 1, b: [{password: 'x'}]}", "{a: 1, b: [{password: 'x'}]}");
        assert_redacted(marks, "{a: 1, password: 'x'}", "{a: 1, password: '***'}");
        assert_redacted(marks, "{password: {a: [1]}}", "{password: '***'}");
        assert_redacted(marks, "{password: null}", "{password: '***'}");
        assert_redacted(marks, "{keys: [1, 2]}", "{keys: ['***', '***']}");
        assert_redacted(marks, "{pairs: [{key: 1, name: 'n'}, {name: 'm'}]}",
                        "{pairs: [{key: '***', name: 'n'}, {name: 'm'}]}");
}

/* Of a map that is secret not even the keys are shown; of one with secrets in it, they are. */
static void test_maps(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene, schema_text);

        assert_redacted(marks, "{credentials: {user: 'x', other: 1}}", "{credentials: '***'}");
        assert_redacted(marks, "{users: {ann: {token: 1, name: 'Ann'}, bob: {}}}",
                        "{users: {ann: {name: 'Ann', token: '***'}, bob: {}}}");
}

static void test_place(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene, schema_text);
        g_autoptr(Document) document = notation_parse("{pairs: [{key: 'x'}]}", 0);
        const Node *pairs = &document_root(document)->map->members[0].value;
        const Node *pair = &pairs->list->items[0];
        g_autoptr(Document) list = NULL;
        g_autoptr(Document) map = NULL;
        g_autoptr(Document) key = NULL;
        g_autofree char *text = NULL;
        const Node *node;

        marks_redact(marks, document, document_root(document), "pairs", pairs, &list, &node);
        text = notation_format(node);
        g_assert_cmpstr(text, ==, "[{key: '***'}]");
        marks_redact(marks, document, document_root(document), "pairs.0", pair, &map, &node);
        g_assert_cmpint(node->kind, ==, NODE_MAP);
        g_assert_cmpstr(node->map->members[0].value.string, ==, MARKS_SECRET);
        marks_redact(marks, document, document_root(document), "pairs.0.key", &pair->map->members[0].value,
                     &key, &node);
        g_assert_cmpstr(node->string, ==, MARKS_SECRET);
}

static void test_no_schema(void)
{
        g_autoptr(Marks) none = marks_new(NULL);
        g_autoptr(Marks) empty = marks_new("");

        g_assert_true(marks_are_known(none));
        g_assert_false(marks_hide_any(none));
        g_assert_null(marks_schema(none));
        assert_redacted(none, "{password: 'x'}", "{password: 'x'}");
        assert_redacted(empty, "{password: 'x'}", "{password: 'x'}");
}

/* Nobody knows what is secret, so everything is. */
static void test_unknown(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) broken = make_marks(scene, "{\"type\": 5}");
        g_autoptr(Marks) missing = marks_new("/there/is/no/schema.json");
        g_autofree char *why = marks_explain(missing);

        g_assert_false(marks_are_known(broken));
        g_assert_true(marks_hide_any(broken));
        g_assert_nonnull(marks_failure(broken));
        g_assert_nonnull(strstr(why, "/there/is/no/schema.json"));
        assert_redacted(broken, "{a: 1, b: {c: 2}}", "'***'");
        g_assert_false(marks_need_restart(broken, NULL, "port"));
}

static ChangeList *find_changes(MessageScene *scene, const char *before, const char *after)
{
        g_autoptr(Document) old = notation_parse(before, 0);
        g_autoptr(Document) new = notation_parse(after, 0);
        ChangeList *changes = NULL;

        message_scene_set_up(scene, NULL);
        message_scene_seal_changes(scene, old, new);
        g_assert_cmpint(change_list_read(scene->m, &changes), >=, 0);
        return changes;
}

static void assert_change(const ChangeList *changes, guint index, const char *path, const char *before,
                          const char *after)
{
        const Change *change = &g_array_index(changes->items, Change, index);
        g_autofree char *old = change->before ? notation_format(change->before) : NULL;
        g_autofree char *new = change->after ? notation_format(change->after) : NULL;

        g_assert_cmpstr(change->path, ==, path);
        g_assert_cmpstr(old, ==, before);
        g_assert_cmpstr(new, ==, after);
}

static void test_changes(FileScene *scene, const void *unused)
{
        g_autoptr(Marks) marks = make_marks(scene, schema_text);
        g_autoptr(ChangeList) changes = NULL;
        MessageScene message;

        changes = find_changes(&message,
                               "{a: 1, password: 'x', pairs: [{key: 1}], users: {ann: {token: 1}}, port: 1}",
                               "{a: 2, password: 'y', pairs: [{key: 2}], keys: ['z'], port: 2}");
        marks_redact_changes(marks, changes);
        marks_find_restarts(marks, changes);
        g_assert_cmpuint(changes->items->len, ==, 6);
        assert_change(changes, 0, "a", "1", "2");
        assert_change(changes, 1, "keys", NULL, "['***']");
        assert_change(changes, 2, "pairs", "[{key: '***'}]", "[{key: '***'}]");
        assert_change(changes, 3, "password", "'***'", "'***'");
        assert_change(changes, 4, "port", "1", "2");
        assert_change(changes, 5, "users", "{ann: {token: '***'}}", NULL);
        for (guint i = 0; i < changes->items->len; i++)
                g_assert_cmpint(change_list_needs_restart(changes,
                                                          &g_array_index(changes->items, Change, i)),
                                ==, i == 4);
        message_scene_tear_down(&message, NULL);
}

static void test_unknown_changes(void)
{
        g_autoptr(Marks) marks = marks_new("/there/is/no/schema.json");
        g_autoptr(ChangeList) changes = NULL;
        MessageScene message;

        changes = find_changes(&message, "{a: 1}", "{a: 2, b: {c: 1}}");
        marks_redact_changes(marks, changes);
        marks_find_restarts(marks, changes);
        assert_change(changes, 0, "a", "'***'", "'***'");
        assert_change(changes, 1, "b", NULL, "'***'");
        g_assert_cmpuint(g_hash_table_size(changes->restart), ==, 0);
        message_scene_tear_down(&message, NULL);
}

static void test_fresh(FileScene *scene, const void *unused)
{
        g_autofree char *other = scene_path(scene, "other.json");
        g_autofree char *path = scene_path(scene, "schema.json");
        g_autoptr(Marks) none = marks_new(NULL);
        g_autoptr(Marks) marks = NULL;

        write_file(other, "{}");
        marks = make_marks(scene, "{\"$ref\": \"other.json\"}");
        g_assert_true(marks_are_fresh(marks, path));
        g_assert_false(marks_are_fresh(marks, other));
        g_assert_false(marks_are_fresh(marks, ""));
        g_assert_true(marks_are_fresh(none, ""));
        g_assert_true(marks_are_fresh(none, NULL));
        g_assert_false(marks_are_fresh(none, path));
        write_file(other, "{\"writeOnly\": true}");
        g_assert_false(marks_are_fresh(marks, path));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        scene_add("/ctl-marks/document", test_document);
        scene_add("/ctl-marks/maps", test_maps);
        scene_add("/ctl-marks/place", test_place);
        g_test_add_func("/ctl-marks/no-schema", test_no_schema);
        scene_add("/ctl-marks/unknown", test_unknown);
        scene_add("/ctl-marks/changes", test_changes);
        g_test_add_func("/ctl-marks/unknown-changes", test_unknown_changes);
        scene_add("/ctl-marks/fresh", test_fresh);
        return g_test_run();
}
