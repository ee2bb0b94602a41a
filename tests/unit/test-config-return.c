/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of versions on their way back
 */
#include "tests/support/config-scene.h"

/* Version 2 of what is small or large waits, and has begun to go back. */
static Config *begin_return(ConfigScene *scene, bool large)
{
        const char *options = "{'hot-reload': <false>, 'confirm-ms': <uint32 3600000>,"
                              " 'confirm-by': <'instances'>, 'on-failure': <'rollback'>}";
        g_autofree char *first = large ? large_yaml("last: 1\n") : g_strdup("last: 1\n");
        Config *config;

        config_scene_save(scene, "app.yaml", first);
        config = config_scene_register(scene, options, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "last: 2\n");
        ask_reload(scene, config);
        assert_told(scene, "state; 2<1 reload public; done 2");
        config_reject(config, 2, "it cannot");
        g_assert_cmpuint(worker_pending(scene->context.worker), ==, 1);
        g_string_truncate(scene->audited, 0);
        return config;
}

/* It is too late to accept it. */
static void assert_returns(ConfigScene *scene, Config *config)
{
        config_accept(config, 2);
        assert_audited(scene, "");
        assert_told(scene, "failed instance public; state; 3<2 failure public");
        g_assert_false(config_is_on_trial(config));
        g_assert_null(config_failure(config));
}

static void test_accepted_while_writing(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = begin_return(scene, false);

        assert_returns(scene, config);
        config_scene_assert_file(scene, "app.yaml", "last: 1\n");
}

static void test_accepted_while_loading(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = begin_return(scene, true);

        assert_returns(scene, config);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        config_scene_add("/config-return/accepted-while-writing", test_accepted_while_writing);
        config_scene_add("/config-return/accepted-while-loading", test_accepted_while_loading);
        return g_test_run();
}
