/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the transaction: what a config tells, keeps and leaves alone as its files change
 */
#include "tests/support/config-scene.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

static void assert_history(ConfigScene *scene, const char *expected)
{
        g_autoptr(GPtrArray) versions = NULL;
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(Failure) failure = store_list_versions(scene->context.store, "app", &versions);

        g_assert_null(failure);
        for (guint i = 0; i < versions->len; i++) {
                const Version *version = g_ptr_array_index(versions, i);

                g_string_append_printf(text, "%s%" G_GUINT64_FORMAT " %s", i > 0 ? ", " : "",
                                       version->number, version_state_to_string(version->state));
                if (version->from_version > 0)
                        g_string_append_printf(text, " from %" G_GUINT64_FORMAT, version->from_version);
        }
        g_assert_cmpstr(text->str, ==, expected);
}

static void rollback(ConfigScene *scene, Config *config, uint64_t version)
{
        ConfigRequest request = request_of(scene, ORIGIN_ROLLBACK);

        config_rollback(config, version, &request);
}

static void reload(ConfigScene *scene, Config *config)
{
        ConfigRequest request = request_of(scene, ORIGIN_RELOAD);

        config_reload(config, &request);
}

static void start(ConfigScene *scene, Config *config, Origin origin)
{
        ConfigRequest request = request_of(scene, origin);

        config_start(config, &request);
}

static void stop(Config *config)
{
        config_stop(config);
        config_unref(config);
}

static void test_register(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        g_assert_cmpuint(config_version(config), ==, 0);
        g_assert_null(config_document(config));
        start(scene, config, ORIGIN_REGISTER);
        assert_told(scene, "public; 1<0 register public; done 1");
        g_assert_cmpuint(config_version(config), ==, 1);
        g_assert_cmpint(config_state(config), ==, CONFIG_ACTIVE);
        g_assert_cmpint(config_format(config), ==, FORMAT_YAML);
        g_assert_true(config_is_public(config));
        g_assert_false(config_is_pending(config));
        g_assert_cmpuint(config_version_time(config), <=, config_last_reload(config));
        g_assert_cmpstr(changes_root(scene->changes), ==, "/a/");
}

static void test_register_bad(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) missing = config_scene_new(scene, NULL, "none.yaml", NULL);
        g_autoptr(Config) broken = NULL;

        start(scene, missing, ORIGIN_REGISTER);
        assert_told(scene, "failed read private; state,pending; done FileNotFound");
        g_assert_cmpint(config_state(missing), ==, CONFIG_MISSING);
        g_assert_cmpuint(config_version(missing), ==, 0);

        config_scene_save(scene, "app.yaml", "a: [\n");
        broken = config_scene_new(scene, NULL, "app.yaml", NULL);
        start(scene, broken, ORIGIN_REGISTER);
        assert_told(scene, "failed parse public; state,public,pending; done ParseFailed");
        g_assert_cmpint(config_state(broken), ==, CONFIG_INVALID);
        g_assert_nonnull(config_failure(broken));
        /* It goes on looking. */
        config_scene_save(scene, "app.yaml", "a: []\n");
        await_told(scene, "state,pending; 1<0 file public");
        g_assert_null(config_failure(broken));
}

static void test_change(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\nb: {c: 2}\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 1\nb: {c: 3}\n");
        assert_told(scene, "2<1 file public");
        g_assert_cmpuint(changes_count(scene->changes), ==, 1);
        g_assert_cmpstr(changes_get(scene->changes, 0)->path, ==, "b.c");
        assert_history(scene, "2 active, 1 superseded");
        g_assert_cmpuint(config_statistics(config)->reloads, ==, 2);
        g_assert_cmpuint(scene->statistics.reloads, ==, 2);
        g_assert_cmpfloat(statistics_get_latency(config_statistics(config), 1), >, 0);
}

static void test_same_content(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 1 # why\n");
        assert_told(scene, "");
        assert_history(scene, "1 active");
        g_assert_cmpuint(config_statistics(config)->unchanged, ==, 1);

        /* What is kept for going back are the newer bytes. */
        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "2<1 file public");
        rollback(scene, config, 1);
        assert_told(scene, "3<2 rollback public; done 3");
        config_scene_assert_file(scene, "app.yaml", "a: 1 # why\n");
}

static void test_failure_changes_nothing(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        Document *document;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'debounce-ms': <uint32 10>}", "app.yaml", NULL);
        document = config_document(config);
        config_scene_save(scene, "app.yaml", "a: 1\na: 2\n");
        await_told(scene, "failed parse public; state,pending");
        g_assert_true(config_document(config) == document);
        g_assert_cmpuint(config_version(config), ==, 1);
        g_assert_cmpint(config_state(config), ==, CONFIG_INVALID);
        assert_history(scene, "1 active");
        g_assert_cmpuint(config_statistics(config)->failures[FAILURE_STAGE_PARSE], ==, 1);

        /* Told once, however often it is seen; but to whoever asks, each time. */
        config_scene_save(scene, "app.yaml", "a: 1\na: 2\n");
        assert_told(scene, "");
        reload(scene, config);
        assert_told(scene, "failed parse public; done ParseFailed");

        config_scene_save(scene, "app.yaml", "a: 1\n");
        await_told(scene, "state,pending");
        g_assert_null(config_failure(config));
        g_assert_cmpuint(config_version(config), ==, 1);
}

static void test_missing(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *path = config_scene_path(scene, "app.yaml");

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'debounce-ms': <uint32 10>}", "app.yaml", NULL);
        g_assert_cmpint(g_unlink(path), ==, 0);
        await_told(scene, "failed read public; state,pending");
        g_assert_cmpint(config_state(config), ==, CONFIG_MISSING);
        g_assert_nonnull(config_document(config));
        config_scene_save(scene, "app.yaml", "a: 1\n");
        await_told(scene, "state,pending");
}

static void test_half_written(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'debounce-ms': <uint32 500>}", "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "");
        assert_told(scene, "");
        config_scene_save(scene, "app.yaml", "a: [\n");
        assert_told(scene, "");
        config_scene_save(scene, "app.yaml", "a: [2]\n");
        await_told(scene, "2<1 file public");

        /* Asked for, it is what it is. */
        config_scene_save(scene, "app.yaml", "");
        reload(scene, config);
        assert_told(scene, "3<2 reload public; done 3");
}

static void test_new_half_written(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL, gone = NULL;

        config_scene_save(scene, "app.yaml", "");
        config = config_scene_new(scene, "{'debounce-ms': <uint32 500>}", "app.yaml", NULL);
        start(scene, config, ORIGIN_FILE);
        assert_told(scene, "done 0");
        config_scene_save(scene, "app.yaml", "a: 1\n");
        await_told(scene, "public; 1<0 file public");

        /* For one that is not there nobody waits. (It has the same name, so it takes up what was public.) */
        gone = config_scene_new(scene, "{'debounce-ms': <uint32 500>}", "none.yaml", NULL);
        start(scene, gone, ORIGIN_FILE);
        assert_told(scene, "failed read public; state,pending; done FileNotFound");
}

static void test_private(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *path = config_scene_path(scene, "app.yaml");

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 2\n");
        g_assert_cmpint(chmod(path, 0600), ==, 0);
        reload(scene, config);
        assert_told(scene, "public; 2<1 reload private; done 2");
        /* The files are public again, the value before is not. */
        config_scene_save(scene, "app.yaml", "a: 3\n");
        g_assert_cmpint(chmod(path, 0644), ==, 0);
        reload(scene, config);
        assert_told(scene, "public; 3<2 reload private; done 3");
        config_scene_save(scene, "app.yaml", "a: 4\n");
        g_assert_cmpint(chmod(path, 0644), ==, 0);
        reload(scene, config);
        assert_told(scene, "4<3 reload public; done 4");
}

static void test_rollback(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autoptr(Failure) failure = NULL;
        uint64_t intent = 1;

        config_scene_save(scene, "app.yaml", "a: 1 # one\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 2 # two\n");
        await_told(scene, "2<1 file public");
        rollback(scene, config, 1);
        assert_told(scene, "3<2 rollback public; done 3");
        config_scene_assert_file(scene, "app.yaml", "a: 1 # one\n");
        assert_history(scene, "3 active from 1, 2 rolled-back, 1 superseded");
        failure = store_load_intent(scene->context.store, "app", &intent);
        g_assert_null(failure);
        g_assert_cmpuint(intent, ==, 0);
        g_assert_cmpuint(config_statistics(config)->rollbacks, ==, 1);

        /* Nothing before it differs that was not itself gone back from. */
        rollback(scene, config, 0);
        assert_told(scene, "done NoSuchVersion");
        rollback(scene, config, 99);
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
                reload(scene, config);
        }
        assert_told(scene, "2<1 reload public; done 2; 3<2 reload public; done 3");
        rollback(scene, config, 0);
        assert_told(scene, "4<3 rollback public; done 4");
        config_scene_assert_file(scene, "app.yaml", "a: 2");
        rollback(scene, config, 0);
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
        reload(scene, config);
        assert_told(scene, "failed parse public; state,pending; done ParseFailed");
        rollback(scene, config, 1);
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
        reload(scene, config);
        assert_told(scene, "2<1 reload public; done 2");

        /* The first is written, the second cannot be. */
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_cmpint(g_mkdir(path, 0755), ==, 0);
        assert_told(scene, "");
        rollback(scene, config, 1);
        config_scene_drain(scene);
        g_assert_true(g_str_has_prefix(scene->told->str, "done WriteFailed"));
        g_assert_cmpuint(config_version(config), ==, 2);
        config_scene_assert_file(scene, "one.yaml", "a: 2\n");
        assert_history(scene, "2 active, 1 superseded");
}

static void test_hot_reload_off(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        g_assert_false(config_hot_reload(config));
        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "pending");
        g_assert_cmpuint(config_version(config), ==, 1);
        g_assert_true(config_is_pending(config));
        config_scene_save(scene, "app.yaml", "a: 1 # again\n");
        await_told(scene, "pending");
        g_assert_false(config_is_pending(config));

        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "pending");
        reload(scene, config);
        assert_told(scene, "pending; 2<1 reload public; done 2");

        config_scene_save(scene, "app.yaml", "a: 3\n");
        await_told(scene, "pending");
        config_set_hot_reload(config, true);
        assert_told(scene, "hot-reload,options; pending; 3<2 file public");
}

static void test_hot_reload_of_all(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        scene->context.hot_reload = false;
        config_update_hot_reload(config);
        assert_told(scene, "hot-reload");
        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "pending");
        scene->context.hot_reload = true;
        config_update_hot_reload(config);
        assert_told(scene, "hot-reload; pending; 2<1 file public");

        /* One with a setting of its own does not care. */
        config_set_hot_reload(config, true);
        assert_told(scene, "options");
        scene->context.hot_reload = false;
        config_update_hot_reload(config);
        assert_told(scene, "");
        g_assert_true(config_hot_reload(config));
}

/* A problem that is gone is forgotten, although nothing may be applied. */
static void test_mended_while_off(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'hot-reload': <false>, 'debounce-ms': <uint32 10>}",
                                       "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: [\n");
        reload(scene, config);
        assert_told(scene, "failed parse public; state,pending; done ParseFailed");
        config_scene_save(scene, "app.yaml", "a: 1\n");
        await_told(scene, "state,pending");
        g_assert_cmpint(config_state(config), ==, CONFIG_ACTIVE);
        g_assert_null(config_failure(config));
}

/* The switch counts as it is when the worker has read the files. */
static void test_switched_while_loading(ConfigScene *scene, const void *data)
{
        g_autofree char *first = large_yaml("last: 1\n"), *second = large_yaml("last: 2\n");
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", first);
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", second);
        config_run_due(config);
        g_assert_cmpuint(worker_pending(scene->context.worker), ==, 1);
        config_set_hot_reload(config, true);
        assert_told(scene, "hot-reload,options; 2<1 file public");
}

static void test_restart(ConfigScene *scene, const void *data)
{
        Config *config;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        stop(config);
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "done 1");
        g_assert_true(config_is_public(config));
        stop(config);

        config_scene_save(scene, "app.yaml", "a: 2\n");
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "2<1 startup public; done 2");
        stop(config);

        config_scene_save(scene, "app.yaml", "a: [\n");
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "failed parse public; state,pending; done ParseFailed");
        g_assert_cmpuint(config_version(config), ==, 2);
        stop(config);
}

static void test_restart_while_off(ConfigScene *scene, const void *data)
{
        Config *config;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        stop(config);
        config_scene_save(scene, "app.yaml", "a: 2\n");
        config = config_scene_new(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "pending; done 1");
        /* It is watched all the same. */
        config_scene_save(scene, "app.yaml", "a: 1\n");
        await_told(scene, "pending");
        stop(config);
}

/* The bytes are the same, what they are made into is not. */
static void test_restart_with_other_options(ConfigScene *scene, const void *data)
{
        Config *config;

        config_scene_save(scene, "one.yaml", "l: [1]\n");
        config_scene_save(scene, "two.yaml", "l: [2]\n");
        config = config_scene_register(scene, NULL, "one.yaml", "two.yaml", NULL);
        stop(config);
        config = config_scene_new(scene, "{'merge': <'append'>}", "one.yaml", "two.yaml", NULL);
        start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "2<1 startup public; done 2");
        g_assert_cmpstr(changes_get(scene->changes, 0)->path, ==, "l");
        stop(config);
}

static void test_restart_in_rollback(ConfigScene *scene, const void *data)
{
        g_autoptr(Failure) failure = NULL;
        Config *config;

        config_scene_save(scene, "app.yaml", "a: 1 # one\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "2<1 file public");
        stop(config);
        failure = store_save_intent(scene->context.store, "app", 1);
        g_assert_null(failure);

        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "3<2 rollback public; done 3");
        config_scene_assert_file(scene, "app.yaml", "a: 1 # one\n");
        stop(config);
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
        rollback(scene, config, 1);
        assert_told(scene, "3<2 rollback public; done 3");
        g_assert_false(g_file_test(over, G_FILE_TEST_EXISTS));
        rollback(scene, config, 2);
        assert_told(scene, "4<3 rollback public; done 4");
        config_scene_assert_file(scene, ".env", "A__B=2\n");
}

static void set_files(ConfigScene *scene, Config *config, const char *name, bool insist)
{
        ConfigRequest request = request_of(scene, ORIGIN_RELOAD);
        g_autofree char *path = config_scene_path(scene, name);
        char *files[] = { path, NULL };

        config_set_files(config, files, NULL, insist, &request);
}

static void test_set_files(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *one = config_scene_path(scene, "one.yaml");

        config_scene_save(scene, "one.yaml", "a: 1\n");
        config_scene_save(scene, "two.json", "{\"a\": 2}");
        config = config_scene_register(scene, NULL, "one.yaml", NULL);
        set_files(scene, config, "two.json", false);
        assert_told(scene, "files,format; 2<1 reload public; done 2");
        config_scene_save(scene, "one.yaml", "a: 7\n");
        assert_told(scene, "");
        config_scene_save(scene, "two.json", "{\"a\": 3}");
        await_told(scene, "3<2 file public");

        /* That others cannot be loaded is nobody else's business, and changes nothing. */
        set_files(scene, config, "none.yaml", false);
        assert_told(scene, "done FileNotFound");
        g_assert_cmpint(config_state(config), ==, CONFIG_ACTIVE);
        config_scene_save(scene, "two.json", "{\"a\": 4}");
        await_told(scene, "4<3 file public");

        /* A version brings its files along. */
        rollback(scene, config, 1);
        assert_told(scene, "files,format; 5<4 rollback public; done 5");
        g_assert_cmpstr(config_files(config)[0], ==, one);
        config_scene_assert_file(scene, "one.yaml", "a: 1\n");
        config_scene_assert_file(scene, "two.json", "{\"a\": 4}");

        set_files(scene, config, "none.yaml", true);
        assert_told(scene, "files,format,options; failed read public; state,pending; done FileNotFound");
        config_scene_save(scene, "none.yaml", "a: 9\n");
        await_told(scene, "state,pending; 6<5 file public");
}

static void test_queue(ConfigScene *scene, const void *data)
{
        g_autofree char *first = large_yaml("last: 1\n"), *second = large_yaml("last: 2\n");
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", first);
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", second);
        config_scene_save(scene, "two.yaml", "a: 1\n");
        reload(scene, config);
        set_files(scene, config, "two.yaml", false);
        rollback(scene, config, 1);
        reload(scene, config);
        assert_told(scene, "2<1 reload public; done 2; files,format; 3<2 reload public; done 3; "
                           "files,format; 4<3 rollback public; done 4; done 4");
        config_scene_assert_file(scene, "app.yaml", first);
}

static void test_stop(ConfigScene *scene, const void *data)
{
        g_autofree char *content = large_yaml("last: 1\n");
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", content);
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        start(scene, config, ORIGIN_REGISTER);
        reload(scene, config);
        rollback(scene, config, 1);
        config_stop(config);
        g_assert_cmpstr(scene->told->str, ==, "done NoSuchConfig; done NoSuchConfig");
        reload(scene, config);
        assert_told(scene, "done NoSuchConfig; done NoSuchConfig; done NoSuchConfig; done NoSuchConfig");
        assert_history(scene, "");
}

/* An operation's end may be the end of its config, as that of a registration that fails. */
static void test_stop_when_done(ConfigScene *scene, const void *data)
{
        g_autofree char *content = large_yaml("last: [\n");
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", content);
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        scene->stop_when_done = true;
        start(scene, config, ORIGIN_REGISTER);
        for (unsigned i = 0; i < 3; i++)
                reload(scene, config);
        assert_told(scene, "failed parse public; state,public,pending; done ParseFailed; "
                           "done NoSuchConfig; done NoSuchConfig; done NoSuchConfig");
        g_assert_cmpuint(config_statistics(config)->reloads, ==, 1);
}

static void test_stop_in_rollback(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "2<1 file public");
        rollback(scene, config, 1);
        g_assert_cmpuint(worker_pending(scene->context.worker), ==, 1);
        config_stop(config);
        assert_told(scene, "done NoSuchConfig");
        assert_history(scene, "2 active, 1 superseded");
}

typedef struct Asked {
        uint64_t version;
        ino_t inode;
        size_t size;
} Asked;

static void take_snapshot(Config *config, uint64_t version, int fd, void *userdata)
{
        Asked *asked = userdata;
        struct stat status;

        g_assert_cmpint(fstat(fd, &status), ==, 0);
        *asked = (Asked){ .version = version, .inode = status.st_ino, .size = (size_t) status.st_size };
}

static void test_snapshot(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        Asked first = { 0 }, second = { 0 };

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        config_get_snapshot(config, take_snapshot, &first);
        config_get_snapshot(config, take_snapshot, &second);
        g_assert_cmpuint(first.version, ==, 1);
        g_assert_cmpuint(first.size, >, 0);
        g_assert_cmpuint(first.inode, ==, second.inode);

        config_scene_save(scene, "app.yaml", "a: 1\nb: some more\n");
        reload(scene, config);
        config_get_snapshot(config, take_snapshot, &second);
        g_assert_cmpuint(second.version, ==, 2);
        g_assert_cmpuint(second.size, >, first.size);
}

static void test_snapshot_large(ConfigScene *scene, const void *data)
{
        g_autoptr(GString) content = g_string_new(NULL);
        g_autoptr(Config) config = NULL;
        Asked first = { 0 }, second = { 0 };

        while (content->len < 2 * 1024 * 1024)
                g_string_append_printf(content, "k%zu: '%0128d'\n", content->len, 0);
        config_scene_save(scene, "app.yaml", content->str);
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        config_get_snapshot(config, take_snapshot, &first);
        g_assert_cmpuint(worker_pending(scene->context.worker), ==, 1);
        config_get_snapshot(config, take_snapshot, &second);
        config_scene_drain(scene);
        g_assert_cmpuint(first.version, ==, 1);
        g_assert_cmpuint(first.inode, ==, second.inode);

        /* A new version while the old one is written: the answer is of one or the other, not of both. */
        config_get_snapshot(config, take_snapshot, &second);
        config_scene_save(scene, "app.yaml", "a: 1\n");
        reload(scene, config);
        config_scene_drain(scene);
        g_assert_cmpuint(second.version, ==, 1);
        g_assert_cmpuint(second.size, ==, first.size);
        config_get_snapshot(config, take_snapshot, &second);
        g_assert_cmpuint(second.version, ==, 2);
        g_assert_cmpuint(second.size, <, first.size);
}

static void take_document(Config *config, Document *document, const Failure *failure, void *userdata)
{
        g_assert_null(failure);
        *(int *) userdata = document ? (int) document_root(document)->map->members[0].value.integer : -1;
}

static void test_earlier_documents(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        int value = 0;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "2<1 file public");
        config_get_document(config, 0, take_document, &value);
        g_assert_cmpint(value, ==, 2);
        config_get_document(config, 1, take_document, &value);
        g_assert_cmpint(value, ==, 1);
        config_get_document(config, 3, take_document, &value);
        g_assert_cmpint(value, ==, -1);
}

static void test_names(void)
{
        static const char *const good[] = { "a", "0", "a.b", "tenant@x", "A_b-c:d" };
        static const char *const bad[] = { "", ".a", "-a", "a/b", "a b", "ä", "a\n", "@" };
        g_autofree char *longest = g_strnfill(128, 'x'), *longer = g_strnfill(129, 'x');

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
                g_assert_null(config_check_name(good[i]));
        g_assert_null(config_check_name(longest));
        for (size_t i = 0; i <= G_N_ELEMENTS(bad); i++) {
                g_autoptr(Failure) failure = config_check_name(i < G_N_ELEMENTS(bad) ? bad[i] : longer);

                g_assert_nonnull(failure);
                g_assert_cmpint(failure->code, ==, FAILURE_INVALID_NAME);
        }
}

static void assert_bad_files(const Options *options, FailureCode code, char *const *files)
{
        g_autoptr(Failure) failure = config_check_files(files, options);

        g_assert_nonnull(failure);
        g_assert_cmpstr(failure_code_to_string(failure->code), ==, failure_code_to_string(code));
}

#define FILES(...) ((char *[]){ __VA_ARGS__, NULL })

static void test_files(void)
{
        g_autoptr(Options) options = options_new();
        g_autofree char *longest = g_strnfill(PATH_MAX, 'x');
        char *none[] = { NULL };
        char *many[MERGE_MAX_LAYERS + 2] = { NULL };

        longest[0] = '/';
        g_assert_null(config_check_files(FILES("/a.yaml", "/b.json", "/.env", "/.env.local", "/c.ini"),
                                         options));
        assert_bad_files(options, FAILURE_INVALID_ARGUMENT, none);
        assert_bad_files(options, FAILURE_INVALID_PATH, FILES("a.yaml"));
        assert_bad_files(options, FAILURE_INVALID_PATH, FILES(""));
        assert_bad_files(options, FAILURE_INVALID_PATH, FILES("/a/../b.yaml"));
        assert_bad_files(options, FAILURE_INVALID_PATH, FILES("/a//b.yaml"));
        assert_bad_files(options, FAILURE_INVALID_PATH, FILES("/a.yaml/"));
        assert_bad_files(options, FAILURE_INVALID_PATH, FILES("/\xff.yaml"));
        assert_bad_files(options, FAILURE_INVALID_PATH, FILES(longest));
        assert_bad_files(options, FAILURE_INVALID_ARGUMENT, FILES("/a.yaml", "/a.yaml"));
        assert_bad_files(options, FAILURE_INVALID_ARGUMENT, FILES("/a.yaml", "/app.conf"));
        for (size_t i = 0; i <= MERGE_MAX_LAYERS; i++)
                many[i] = "/a.yaml";
        assert_bad_files(options, FAILURE_LIMIT_EXCEEDED, many);
        options->format = FORMAT_INI;
        g_assert_null(config_check_files(FILES("/a.yaml", "/app.conf"), options));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/config/names", test_names);
        g_test_add_func("/config/files", test_files);
        config_scene_add("/config/register", test_register);
        config_scene_add("/config/register-bad", test_register_bad);
        config_scene_add("/config/change", test_change);
        config_scene_add("/config/same-content", test_same_content);
        config_scene_add("/config/failure-changes-nothing", test_failure_changes_nothing);
        config_scene_add("/config/missing", test_missing);
        config_scene_add("/config/half-written", test_half_written);
        config_scene_add("/config/new-half-written", test_new_half_written);
        config_scene_add("/config/private", test_private);
        config_scene_add("/config/rollback", test_rollback);
        config_scene_add("/config/rollback-steps", test_rollback_steps);
        config_scene_add("/config/rollback-mends", test_rollback_mends);
        config_scene_add("/config/rollback-fails", test_rollback_fails);
        config_scene_add("/config/hot-reload-off", test_hot_reload_off);
        config_scene_add("/config/hot-reload-of-all", test_hot_reload_of_all);
        config_scene_add("/config/mended-while-off", test_mended_while_off);
        config_scene_add("/config/switched-while-loading", test_switched_while_loading);
        config_scene_add("/config/restart", test_restart);
        config_scene_add("/config/restart-while-off", test_restart_while_off);
        config_scene_add("/config/restart-with-other-options", test_restart_with_other_options);
        config_scene_add("/config/restart-in-rollback", test_restart_in_rollback);
        config_scene_add("/config/layers", test_layers);
        config_scene_add("/config/set-files", test_set_files);
        config_scene_add("/config/queue", test_queue);
        config_scene_add("/config/stop", test_stop);
        config_scene_add("/config/stop-when-done", test_stop_when_done);
        config_scene_add("/config/stop-in-rollback", test_stop_in_rollback);
        config_scene_add("/config/snapshot", test_snapshot);
        config_scene_add("/config/snapshot-large", test_snapshot_large);
        config_scene_add("/config/earlier-documents", test_earlier_documents);
        return g_test_run();
}
