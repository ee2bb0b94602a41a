/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of going back: which version, what becomes of files and history, and what is in the way
 */
#include "tests/support/config-scene.h"

#include <glib/gstdio.h>

static void test_rollback(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autoptr(Failure) failure = NULL;
        Intent intent = { .number = 1 };

        config_scene_save(scene, "app.yaml", "a: 1 # one\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 2 # two\n");
        await_told(scene, "2<1 file public");
        ask_rollback(scene, config, 1);
        assert_told(scene, "3<2 rollback public; done 3");
        config_scene_assert_file(scene, "app.yaml", "a: 1 # one\n");
        assert_history(scene, "3 active from 1, 2 rolled-back, 1 superseded");
        failure = store_load_intent(scene->context.store, "app", &intent);
        g_assert_null(failure);
        g_assert_cmpuint(intent.number, ==, 0);
        g_assert_cmpuint(config_statistics(config)->rollbacks, ==, 1);

        /* Nothing before it differs that was not itself gone back from. */
        ask_rollback(scene, config, 0);
        assert_told(scene, "done NoSuchVersion");
        ask_rollback(scene, config, 99);
        assert_told(scene, "done NoSuchVersion");
        g_assert_cmpuint(config_version(config), ==, 3);
}

static void test_rollback_steps(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        for (char c = '2'; c <= '3'; c++) {
                char content[] = { 'a', ':', ' ', c, '\0' };

                config_scene_save(scene, "app.yaml", content);
                ask_reload(scene, config);
        }
        assert_told(scene, "2<1 reload public; done 2; 3<2 reload public; done 3");
        ask_rollback(scene, config, 0);
        assert_told(scene, "4<3 rollback public; done 4");
        config_scene_assert_file(scene, "app.yaml", "a: 2");
        ask_rollback(scene, config, 0);
        assert_told(scene, "5<4 rollback public; done 5");
        config_scene_assert_file(scene, "app.yaml", "a: 1\n");
        assert_history(scene,
                       "5 active from 1, 4 rolled-back from 2, 3 rolled-back, 2 superseded, 1 superseded");
}

static void test_rollback_mends(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1 # one\n");
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: [\n");
        ask_reload(scene, config);
        assert_told(scene, "failed parse public; state,pending; done ParseFailed");
        ask_rollback(scene, config, 1);
        assert_told(scene, "state,pending; done 1");
        config_scene_assert_file(scene, "app.yaml", "a: 1 # one\n");
        assert_history(scene, "1 active");
}

static void test_rollback_fails(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *path = config_scene_path(scene, "two.yaml");

        config_scene_save(scene, "one.yaml", "a: 1\n");
        config_scene_save(scene, "two.yaml", "b: 1\n");
        config = config_scene_register(scene, "{'hot-reload': <false>}", "one.yaml", "two.yaml", NULL);
        config_scene_save(scene, "one.yaml", "a: 2\n");
        ask_reload(scene, config);
        assert_told(scene, "2<1 reload public; done 2");

        /* The first is written, the second cannot be. */
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_cmpint(g_mkdir(path, 0755), ==, 0);
        assert_told(scene, "");
        ask_rollback(scene, config, 1);
        config_scene_drain(scene);
        g_assert_true(g_str_has_prefix(scene->told->str, "done WriteFailed"));
        g_assert_cmpuint(config_version(config), ==, 2);
        config_scene_assert_file(scene, "one.yaml", "a: 2\n");
        assert_history(scene, "2 active, 1 superseded");
}

/* A config at version 2 that is to go back to 1, as a crash in the middle leaves it. */
static void crash_in_rollback(ConfigScene *scene, const Author *author)
{
        const Intent intent = { .number = 1, .origin = ORIGIN_ROLLBACK, .author = author };
        g_autoptr(Failure) failure = NULL;
        Config *config;

        config_scene_save(scene, "app.yaml", "a: 1 # one\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "2<1 file public");
        end_config(config);
        failure = store_save_intent(scene->context.store, "app", &intent);
        g_assert_null(failure);
        g_string_truncate(scene->audited, 0);
}

static Version *load_version(ConfigScene *scene, uint64_t number)
{
        g_autoptr(Failure) failure = NULL;
        Version *version = NULL;

        failure = store_load_version(scene->context.store, "app", number, &version);
        g_assert_null(failure);
        g_assert_nonnull(version);
        return version;
}

static void test_restart_in_rollback(ConfigScene *scene, const void *data)
{
        const Author author = { .uid = 4711, .pid = 12, .unit = (char *) "web.service" };
        g_autoptr(Version) version = NULL;
        Config *config;

        crash_in_rollback(scene, &author);
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        ask_start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "3<2 rollback public; done 3");
        config_scene_assert_file(scene, "app.yaml", "a: 1 # one\n");
        assert_audited(scene, "rollback ok 3 by 4711 (recorded)");
        version = load_version(scene, 3);
        g_assert_cmpuint(version->author.uid, ==, 4711);
        g_assert_cmpint(version->author.pid, ==, 12);
        g_assert_cmpstr(version->author.unit, ==, "web.service");
        end_config(config);
}

static void test_restart_in_rollback_of_nobody(ConfigScene *scene, const void *data)
{
        g_autoptr(Version) version = NULL;
        Config *config;

        crash_in_rollback(scene, NULL);
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        ask_start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "3<2 rollback public; done 3");
        assert_audited(scene, "rollback ok 3 (recorded)");
        version = load_version(scene, 3);
        g_assert_cmpuint(version->author.uid, ==, (uid_t) -1);
        end_config(config);
}

/* What was saved since is no part of it; whoever asked is recorded all the same. */
static void test_edit_before_restart(ConfigScene *scene, const void *data)
{
        const Author author = { .uid = 4711 };
        Config *config;

        crash_in_rollback(scene, &author);
        config_scene_save(scene, "app.yaml", "a: 3\n");
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        ask_start(scene, config, ORIGIN_STARTUP);
        config_scene_drain(scene);
        config_scene_assert_file(scene, "app.yaml", "a: 3\n");
        g_assert_true(g_str_has_prefix(scene->audited->str, "rollback failed VersionConflict by 4711; "));
        end_config(config);
}

static void test_layers(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *over = config_scene_path(scene, ".env");

        config_scene_save(scene, "app.yaml", "a: {b: 1}\n");
        config = config_scene_register(scene, "{'env-separator': <'__'>}", "app.yaml", ".env", NULL);
        config_scene_save(scene, ".env", "A__B=2\n");
        await_told(scene, "2<1 file public");
        g_assert_cmpstr(changes_root(scene->changes), ==, "/a/b/");
        ask_rollback(scene, config, 1);
        assert_told(scene, "3<2 rollback public; done 3");
        g_assert_false(g_file_test(over, G_FILE_TEST_EXISTS));
        ask_rollback(scene, config, 2);
        assert_told(scene, "4<3 rollback public; done 4");
        config_scene_assert_file(scene, ".env", "A__B=2\n");
}

static void test_queue(ConfigScene *scene, const void *data)
{
        g_autofree char *first = large_yaml("last: 1\n"), *second = large_yaml("last: 2\n");
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", first);
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", second);
        config_scene_save(scene, "two.yaml", "a: 1\n");
        ask_reload(scene, config);
        ask_files(scene, config, "two.yaml", false);
        ask_rollback(scene, config, 1);
        ask_reload(scene, config);
        assert_told(scene, "2<1 reload public; done 2; files,format; 3<2 reload public; done 3; "
                           "files,format; 4<3 rollback public; done 4; done 4");
        config_scene_assert_file(scene, "app.yaml", first);
}

static void test_stop_in_rollback(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "2<1 file public");
        ask_rollback(scene, config, 1);
        g_assert_cmpuint(worker_pending(scene->context.worker), ==, 1);
        config_stop(config);
        assert_told(scene, "done NoSuchConfig");
        assert_history(scene, "2 active, 1 superseded");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        config_scene_add("/config-rollback/rollback", test_rollback);
        config_scene_add("/config-rollback/rollback-steps", test_rollback_steps);
        config_scene_add("/config-rollback/rollback-mends", test_rollback_mends);
        config_scene_add("/config-rollback/rollback-fails", test_rollback_fails);
        config_scene_add("/config-rollback/restart-in-rollback", test_restart_in_rollback);
        config_scene_add("/config-rollback/restart-in-rollback-of-nobody",
                         test_restart_in_rollback_of_nobody);
        config_scene_add("/config-rollback/edit-before-restart", test_edit_before_restart);
        config_scene_add("/config-rollback/layers", test_layers);
        config_scene_add("/config-rollback/queue", test_queue);
        config_scene_add("/config-rollback/stop-in-rollback", test_stop_in_rollback);
        return g_test_run();
}
