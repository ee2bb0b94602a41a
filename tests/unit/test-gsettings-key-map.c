/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key maps: where keys are, and which of them a change is about
 */
#include "client/gsettings/key-map.h"

#include <gio/gio.h>

static KeyMap *make(const char *text)
{
        g_autoptr(GError) error = NULL;
        KeyMap *map = key_map_new(text, &error);

        g_assert_no_error(error);
        return map;
}

/* place: NULL for none */
static void assert_found(const KeyMap *map, const char *key, const char *config, const char *place)
{
        g_autofree char *found = NULL;
        size_t item = 0;

        g_assert_cmpint(key_map_find(map, key, &item, &found), ==, place != NULL);
        g_assert_cmpstr(found, ==, place);
        if (place)
                g_assert_cmpstr(key_map_configs(map)[item], ==, config);
}

static void test_find(void)
{
        g_autoptr(KeyMap) map = make("desktop; app=/org/app/ ;app=/org/app/sub;;");

        g_assert_cmpuint(g_strv_length((char **) key_map_configs(map)), ==, 3);
        assert_found(map, "/org/x/font-size", "desktop", "org.x.font-size");
        assert_found(map, "/org/app/font-size", "app", "font-size");
        assert_found(map, "/org/app/sub/size", "app", "size");
        assert_found(map, "/org/app/subs/size", "app", "subs.size");
        assert_found(map, "/org/app", "desktop", "org.app");
        assert_found(map, "/a/:b c/size", "desktop", "a.\":b c\".size");
        assert_found(map, "/key", "desktop", "key");
}

static void test_nowhere(void)
{
        g_autoptr(KeyMap) map = make("app=/org/app/");
        g_autoptr(KeyMap) empty = make("");

        assert_found(map, "/org/other/size", NULL, NULL);
        assert_found(map, "/org/application/size", NULL, NULL);
        assert_found(empty, "/org/app/size", NULL, NULL);
        g_assert_null(key_map_configs(empty)[0]);
}

static void test_malformed(void)
{
        static const char *const texts[] = { "=/a/", "a=", "a=b/", "a=//", "a=/b//c/", "a;b", "a=/x/;b=/x" };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(key_map_new(texts[i], &error));
                g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
        }
}

/* expected: the keys, with spaces between */
static void assert_changed(const char *configs, size_t item, const char *before, const char *after,
                           const char *expected)
{
        g_autoptr(KeyMap) map = make(configs);
        g_autoptr(ReconfConfig) old = reconf_config_new_for_data(before, -1, "yaml", NULL);
        g_autoptr(ReconfConfig) new = reconf_config_new_for_data(after, -1, "yaml", NULL);
        g_autoptr(ReconfSnapshot) was = reconf_config_dup_snapshot(old);
        g_autoptr(ReconfSnapshot) is = reconf_config_dup_snapshot(new);
        g_autoptr(ReconfChange) change = reconf_change_new(was, is);
        g_auto(GStrv) keys = key_map_list_changed(map, item, change);
        g_autofree char *joined = g_strjoinv(" ", keys);

        g_assert_cmpstr(joined, ==, expected);
}

static void test_changed(void)
{
        assert_changed("a", 0, "{x: {a: 1, b: 1}}", "{x: {a: 2, b: 1}}", "x x/a");
        assert_changed("a=/org/app/", 0, "{x: {a: 1}}", "{x: {a: 2}}", "org/app/x org/app/x/a");
        /* All below a map that came, went, or took the place of something else; lists have no keys. */
        assert_changed("a", 0, "{}", "{x: {a: {b: 1}, c: [{d: 1}]}}", "x x/a x/a/b x/c");
        assert_changed("a", 0, "{x: {a: 1}, y: 1}", "{y: 1}", "x x/a");
        assert_changed("a", 0, "{x: {a: 1}}", "{x: 1}", "x x/a");
        assert_changed("a", 0, "{x: {a: 1}}", "{x: {a: 1}}", "");
}

static void test_changed_elsewhere(void)
{
        /* What another config holds is hidden. */
        assert_changed("a;b=/x/", 0, "{}", "{x: {c: 1}, y: 1}", "x y");
        assert_changed("a;b=/x/", 1, "{}", "{c: 1}", "x/c");
}

static void test_changed_odd(void)
{
        assert_changed("a", 0, "{}", "{'a/b': {c: 1}, '': {c: 1}, d: {'/': 1, '': 1, 'e.f': 1}}", "d d/e.f");
        assert_changed("a", 0, "{'a/b': {c: 1}}", "{'a/b': {c: 2}}", "");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/gsettings-key-map/find", test_find);
        g_test_add_func("/gsettings-key-map/nowhere", test_nowhere);
        g_test_add_func("/gsettings-key-map/malformed", test_malformed);
        g_test_add_func("/gsettings-key-map/changed", test_changed);
        g_test_add_func("/gsettings-key-map/changed-elsewhere", test_changed_elsewhere);
        g_test_add_func("/gsettings-key-map/changed-odd", test_changed_odd);
        return g_test_run();
}
