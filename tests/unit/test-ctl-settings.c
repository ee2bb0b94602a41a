/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options of a registration, as reconfctl sends them
 */
#include "client/ctl/ctl-error.h"
#include "client/ctl/settings.h"
#include "tests/support/message-scene.h"

#include <string.h>

static void append(MessageScene *scene, const char *const *settings)
{
        g_autoptr(GPtrArray) array = g_ptr_array_new();

        for (; *settings; settings++) {
                g_autoptr(GError) error = NULL;

                g_assert_true(settings_check(*settings, &error));
                g_assert_no_error(error);
                g_ptr_array_add(array, (void *) *settings);
        }
        g_assert_cmpint(settings_append(scene->m, array), >=, 0);
        message_scene_seal(scene);
        g_assert_cmpstr(sd_bus_message_get_signature(scene->m, true), ==, "a{sv}");
}

/* The next entry must be that one, of that type. */
static void read_setting(MessageScene *scene, const char *name, char type, void *ret)
{
        const char contents[] = { type, '\0' };
        const char *key;

        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'e', "sv"), >, 0);
        g_assert_cmpint(sd_bus_message_read_basic(scene->m, 's', &key), >, 0);
        g_assert_cmpstr(key, ==, name);
        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'v', contents), >, 0);
        g_assert_cmpint(sd_bus_message_read_basic(scene->m, type, ret), >, 0);
        g_assert_cmpint(sd_bus_message_exit_container(scene->m), >=, 0);
        g_assert_cmpint(sd_bus_message_exit_container(scene->m), >=, 0);
}

static void test_types(MessageScene *scene, const void *unused)
{
        static const char *const settings[] = {
                "format=ini",  "debounce-ms=4294967295", "hot-reload=off", "max-size=18446744073709551615",
                "priority=-7", "env-separator==",        "persist=yes",    NULL
        };
        const char *separator, *format;
        int hot_reload, persist;
        uint32_t debounce;
        uint64_t max_size;
        int32_t priority;

        append(scene, settings);
        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'a', "{sv}"), >, 0);
        read_setting(scene, "debounce-ms", 'u', &debounce);
        read_setting(scene, "env-separator", 's', &separator);
        read_setting(scene, "format", 's', &format);
        read_setting(scene, "hot-reload", 'b', &hot_reload);
        read_setting(scene, "max-size", 't', &max_size);
        read_setting(scene, "persist", 'b', &persist);
        read_setting(scene, "priority", 'i', &priority);
        g_assert_cmpint(sd_bus_message_exit_container(scene->m), >=, 0);
        g_assert_cmpuint(debounce, ==, UINT32_MAX);
        g_assert_cmpstr(separator, ==, "=");
        g_assert_cmpstr(format, ==, "ini");
        g_assert_false(hot_reload);
        g_assert_cmpuint(max_size, ==, UINT64_MAX);
        g_assert_true(persist);
        g_assert_cmpint(priority, ==, -7);
}

static void test_last_counts(MessageScene *scene, const void *unused)
{
        static const char *const settings[] = { "priority=1", "merge=deep", "priority=2", NULL };
        const char *merge;
        int32_t priority;

        append(scene, settings);
        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'a', "{sv}"), >, 0);
        read_setting(scene, "merge", 's', &merge);
        read_setting(scene, "priority", 'i', &priority);
        g_assert_cmpint(sd_bus_message_exit_container(scene->m), >=, 0);
        g_assert_cmpstr(merge, ==, "deep");
        g_assert_cmpint(priority, ==, 2);
}

static void test_none(MessageScene *scene, const void *unused)
{
        static const char *const settings[] = { NULL };

        append(scene, settings);
        g_assert_cmpint(sd_bus_message_enter_container(scene->m, 'a', "{sv}"), >, 0);
        g_assert_cmpint(sd_bus_message_at_end(scene->m, false), >, 0);
}

static void test_refused(void)
{
        static const char *const settings[] = { "",           "=",
                                                "format",     "Format=ini",
                                                "forma=ini",  "formats=ini",
                                                "priority=",  "priority=2147483648",
                                                "hot-reload=" };

        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_false(settings_check(settings[i], &error));
                g_assert_error(error, CTL_ERROR, CTL_EXIT_USAGE);
        }
}

static void test_names(void)
{
        const char *name, *previous = "";

        for (size_t i = 0; (name = settings_name(i)); i++) {
                g_assert_cmpint(strcmp(previous, name), <, 0);
                previous = name;
        }
        g_assert_cmpstr(previous, ==, "voters");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

#define ADD(name, function)                                                                   \
        g_test_add("/ctl-settings/" name, MessageScene, NULL, message_scene_set_up, function, \
                   message_scene_tear_down)
        ADD("types", test_types);
        ADD("last-counts", test_last_counts);
        ADD("none", test_none);
#undef ADD
        g_test_add_func("/ctl-settings/refused", test_refused);
        g_test_add_func("/ctl-settings/names", test_names);
        return g_test_run();
}
