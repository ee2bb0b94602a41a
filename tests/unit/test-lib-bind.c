/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Binding: properties that follow a config
 *
 * The objects are those that GIO has with properties of many types.
 */
#include "client/lib/config-private.h"
#include "client/lib/mapping.h"

static ReconfConfig *make(const char *text)
{
        return reconf_config_new_for_data(text, -1, "yaml", NULL);
}

static void change(ReconfConfig *config, const char *text)
{
        g_assert_true(reconf_config_set_data(config, text, -1, "yaml", NULL));
        while (g_main_context_iteration(NULL, FALSE))
                ;
}

static GSimpleAction *make_action(void)
{
        return g_simple_action_new("action", NULL);
}

static void test_follows(void)
{
        g_autoptr(ReconfConfig) config = make("{ui: {on: false}}");
        g_autoptr(GSimpleAction) action = make_action();

        g_assert_cmpuint(reconf_config_bind(config, "ui.on", G_OBJECT(action), "enabled",
                                            RECONF_BIND_DEFAULT),
                         !=, 0);
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
        change(config, "{ui: {on: true}}");
        g_assert_true(g_action_get_enabled(G_ACTION(action)));
        change(config, "{ui: {on: false}}");
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
        /* Nothing there: what it was before, which is true. */
        change(config, "{}");
        g_assert_true(g_action_get_enabled(G_ACTION(action)));
}

static void test_invert(void)
{
        g_autoptr(ReconfConfig) config = make("{off: true}");
        g_autoptr(GSimpleAction) action = make_action();

        (void) reconf_config_bind(config, "off", G_OBJECT(action), "enabled", RECONF_BIND_INVERT_BOOLEAN);
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
        change(config, "{off: false}");
        g_assert_true(g_action_get_enabled(G_ACTION(action)));
}

static void test_once(void)
{
        g_autoptr(ReconfConfig) config = make("{on: false}");
        g_autoptr(GSimpleAction) action = make_action();

        g_assert_cmpuint(reconf_config_bind(config, "on", G_OBJECT(action), "enabled", RECONF_BIND_ONCE), ==,
                         0);
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
        change(config, "{on: true}");
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
}

static void test_unsuitable(void)
{
        g_autoptr(ReconfConfig) config = make("{on: false}");
        g_autoptr(GSimpleAction) action = make_action();

        (void) reconf_config_bind(config, "on", G_OBJECT(action), "enabled", RECONF_BIND_DEFAULT);
        g_test_expect_message("reconf", G_LOG_LEVEL_WARNING,
                              "The value of on is not one for property enabled*");
        change(config, "{on: perhaps}");
        g_test_assert_expected_messages();
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
}

static void test_ends(void)
{
        g_autoptr(ReconfConfig) config = make("{on: false}");
        g_autoptr(GSimpleAction) action = make_action();
        guint handle = reconf_config_bind(config, "on", G_OBJECT(action), "enabled", RECONF_BIND_DEFAULT);

        g_assert_true(reconf_config_unwatch(config, handle));
        change(config, "{on: true}");
        g_assert_false(g_action_get_enabled(G_ACTION(action)));

        handle = reconf_config_bind(config, "on", G_OBJECT(action), "enabled", RECONF_BIND_DEFAULT);
        reconf_config_unbind(G_OBJECT(action), "enabled");
        g_assert_false(reconf_config_unwatch(config, handle));

        /* The newer one takes the place of the older, and goes with the object. */
        handle = reconf_config_bind(config, "on", G_OBJECT(action), "enabled", RECONF_BIND_DEFAULT);
        (void) reconf_config_bind(config, "on", G_OBJECT(action), "enabled", RECONF_BIND_INVERT_BOOLEAN);
        g_assert_false(reconf_config_unwatch(config, handle));
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
        g_clear_object(&action);
        g_assert_cmpuint(g_hash_table_size(config->listeners), ==, 0);

        /* The config may go first. */
        action = make_action();
        (void) reconf_config_bind(config, "on", G_OBJECT(action), "enabled", RECONF_BIND_DEFAULT);
        g_clear_object(&config);
}

static gboolean is_more_than_ten(GValue *value, GVariant *variant, void *data)
{
        ++*(unsigned *) data;
        if (!g_variant_is_of_type(variant, G_VARIANT_TYPE_INT64))
                return FALSE;
        g_value_set_boolean(value, g_variant_get_int64(variant) > 10);
        return TRUE;
}

static void count_destroyed(void *data)
{
        *(unsigned *) data += 100;
}

static void test_mapping(void)
{
        g_autoptr(ReconfConfig) config = make("{n: 5}");
        g_autoptr(GSimpleAction) action = make_action();
        unsigned calls = 0;

        (void) reconf_config_bind_with_mapping(config, "n", G_OBJECT(action), "enabled", RECONF_BIND_DEFAULT,
                                               is_more_than_ten, &calls, count_destroyed);
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
        change(config, "{n: 11}");
        g_assert_true(g_action_get_enabled(G_ACTION(action)));
        g_assert_cmpuint(calls, ==, 2);
        g_clear_object(&action);
        g_assert_cmpuint(calls, ==, 102);
}

static gboolean is_positive(GVariant *variant, void *data)
{
        ++*(unsigned *) data;
        return g_variant_get_int64(variant) > 0;
}

static void count_closed(void *data, GClosure *closure)
{
        count_destroyed(data);
}

static void test_closure(void)
{
        g_autoptr(ReconfConfig) config = make("{n: -1}");
        g_autoptr(GSimpleAction) action = make_action();
        unsigned calls = 0;

        (void) reconf_config_bind_with_closure(
                        config, "n", G_OBJECT(action), "enabled", RECONF_BIND_INVERT_BOOLEAN,
                        g_cclosure_new(G_CALLBACK(is_positive), &calls, count_closed));
        g_assert_true(g_action_get_enabled(G_ACTION(action)));
        change(config, "{n: 1}");
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
        g_assert_cmpuint(calls, ==, 2);
        g_clear_object(&action);
        g_assert_cmpuint(calls, ==, 102);
}

static gboolean change_it(GValue *value, GVariant *variant, void *data)
{
        g_value_set_boolean(value, g_variant_get_boolean(variant));
        g_assert_true(reconf_config_set_data(data, "{on: false}", -1, "yaml", NULL));
        return TRUE;
}

/* A version that comes while the binding is made is not missed. */
static void test_meanwhile(void)
{
        g_autoptr(ReconfConfig) config = make("{on: true}");
        g_autoptr(GSimpleAction) action = make_action();

        (void) reconf_config_bind_with_mapping(config, "on", G_OBJECT(action), "enabled",
                                               RECONF_BIND_DEFAULT, change_it, config, NULL);
        g_assert_true(g_action_get_enabled(G_ACTION(action)));
        while (g_main_context_iteration(NULL, FALSE))
                ;
        g_assert_false(g_action_get_enabled(G_ACTION(action)));
}

static void test_no_such_property(void)
{
        g_autoptr(ReconfConfig) config = make("{n: 5}");
        g_autoptr(GSimpleAction) action = make_action();

        g_test_expect_message("reconf", G_LOG_LEVEL_CRITICAL, "*has no property*");
        g_assert_cmpuint(reconf_config_bind(config, "n", G_OBJECT(action), "colour", RECONF_BIND_DEFAULT),
                         ==, 0);
        g_test_expect_message("reconf", G_LOG_LEVEL_CRITICAL, "*both read and set*");
        g_assert_cmpuint(reconf_config_bind(config, "n", G_OBJECT(action), "name", RECONF_BIND_DEFAULT), ==,
                         0);
        g_test_assert_expected_messages();
}

static void assert_maps(GType type, const char *text, const char *expected)
{
        g_autoptr(GVariant) variant = g_variant_ref_sink(g_variant_new_parsed(text));
        g_auto(GValue) value = G_VALUE_INIT;
        g_autofree char *contents = NULL;

        g_value_init(&value, type);
        if (!expected) {
                g_assert_false(mapping_get(&value, variant));
                return;
        }
        g_assert_true(mapping_get(&value, variant));
        contents = g_strdup_value_contents(&value);
        g_assert_cmpstr(contents, ==, expected);
}

static void test_types(void)
{
        assert_maps(G_TYPE_INT, "@x -5", "-5");
        assert_maps(G_TYPE_INT, "@x 2147483648", NULL);
        assert_maps(G_TYPE_INT, "'5'", NULL);
        assert_maps(G_TYPE_UINT, "@x 5", "5");
        assert_maps(G_TYPE_UINT, "@x -5", NULL);
        assert_maps(G_TYPE_INT64, "@x -9223372036854775808", "-9223372036854775808");
        assert_maps(G_TYPE_INT64, "@t 18446744073709551615", NULL);
        assert_maps(G_TYPE_UINT64, "@t 18446744073709551615", "18446744073709551615");
        assert_maps(G_TYPE_CHAR, "@x 127", "127");
        assert_maps(G_TYPE_CHAR, "@x 128", NULL);
        assert_maps(G_TYPE_UCHAR, "@x 255", "255");
        assert_maps(G_TYPE_LONG, "@x -1", "-1");
        assert_maps(G_TYPE_ULONG, "@x 1", "1");
        assert_maps(G_TYPE_DOUBLE, "@d 1.5", "1.500000");
        assert_maps(G_TYPE_FLOAT, "@x 2", "2.000000");
        assert_maps(G_TYPE_DOUBLE, "'x'", NULL);
        assert_maps(G_TYPE_STRING, "'x'", "\"x\"");
        assert_maps(G_TYPE_STRING, "@x 1", NULL);
        assert_maps(G_TYPE_BOOLEAN, "true", "TRUE");
        assert_maps(G_TYPE_BOOLEAN, "@x 1", NULL);
        assert_maps(G_TYPE_STRV, "[<'a'>, <'b'>]", "[\"a\", \"b\"]");
        assert_maps(G_TYPE_STRV, "[<'a'>, <@x 1>]", NULL);
        assert_maps(G_TYPE_STRV, "'a'", NULL);
        assert_maps(G_TYPE_BUS_TYPE, "'session'", "((GBusType) G_BUS_TYPE_SESSION)");
        assert_maps(G_TYPE_BUS_TYPE, "'moon'", NULL);
        assert_maps(G_TYPE_APPLICATION_FLAGS, "[<'is-service'>, <'handles-open'>]",
                    "((GApplicationFlags) G_APPLICATION_IS_SERVICE | G_APPLICATION_HANDLES_OPEN)");
        assert_maps(G_TYPE_APPLICATION_FLAGS, "[<'no-such'>]", NULL);
        assert_maps(G_TYPE_OBJECT, "'x'", NULL);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/lib-bind/follows", test_follows);
        g_test_add_func("/lib-bind/invert", test_invert);
        g_test_add_func("/lib-bind/once", test_once);
        g_test_add_func("/lib-bind/unsuitable", test_unsuitable);
        g_test_add_func("/lib-bind/ends", test_ends);
        g_test_add_func("/lib-bind/mapping", test_mapping);
        g_test_add_func("/lib-bind/closure", test_closure);
        g_test_add_func("/lib-bind/meanwhile", test_meanwhile);
        g_test_add_func("/lib-bind/no-such-property", test_no_such_property);
        g_test_add_func("/lib-bind/types", test_types);
        return g_test_run();
}
