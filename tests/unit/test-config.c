/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the transaction: what a config tells, keeps and leaves alone as its files change
 */
#include "tests/support/config-scene.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

static void test_register(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        g_assert_cmpuint(config_version(config), ==, 0);
        g_assert_null(config_document(config));
        ask_start(scene, config, ORIGIN_REGISTER);
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

        ask_start(scene, missing, ORIGIN_REGISTER);
        assert_told(scene, "failed read private; state,pending; done FileNotFound");
        g_assert_cmpint(config_state(missing), ==, CONFIG_MISSING);
        g_assert_cmpuint(config_version(missing), ==, 0);

        config_scene_save(scene, "app.yaml", "a: [\n");
        broken = config_scene_new(scene, NULL, "app.yaml", NULL);
        ask_start(scene, broken, ORIGIN_REGISTER);
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
        ask_rollback(scene, config, 1);
        assert_told(scene, "3<2 rollback public; done 3");
        config_scene_assert_file(scene, "app.yaml", "a: 1 # why\n");
}

/* Somebody has yet to be told: whoever asked for it is answered after that, and nothing else happens. */
static void test_held(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        scene->hold = true;
        config_scene_save(scene, "app.yaml", "a: 2\n");
        ask_reload(scene, config);
        assert_told(scene, "2<1 reload public");
        config_scene_save(scene, "app.yaml", "a: [\n");
        ask_reload(scene, config);
        assert_told(scene, "");
        g_assert_cmpuint(config_version(config), ==, 2);

        /* As often as it was held. */
        config_hold(config);
        config_let_go(config);
        assert_told(scene, "");
        config_let_go(config);
        assert_told(scene, "done 2; failed parse public; state,pending");
        config_let_go(config);
        assert_told(scene, "done ParseFailed");

        ask_rollback(scene, config, 1);
        assert_told(scene, "state,pending; 3<2 rollback public");
        config_let_go(config);
        assert_told(scene, "done 3");
}

static void test_stopped_while_held(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        Config *registered;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        registered = config_scene_register(scene, NULL, "app.yaml", NULL);
        config = config_ref(registered);
        scene->hold = true;
        config_scene_save(scene, "app.yaml", "a: 2\n");
        ask_reload(scene, config);
        ask_reload(scene, config);
        assert_told(scene, "2<1 reload public");
        end_config(registered);
        assert_told(scene, "done NoSuchConfig; done 2");
        config_let_go(config);
        assert_told(scene, "");
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
        ask_reload(scene, config);
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
        ask_reload(scene, config);
        assert_told(scene, "3<2 reload public; done 3");
}

static void test_new_half_written(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL, gone = NULL;

        config_scene_save(scene, "app.yaml", "");
        config = config_scene_new(scene, "{'debounce-ms': <uint32 500>}", "app.yaml", NULL);
        ask_start(scene, config, ORIGIN_FILE);
        assert_told(scene, "done 0");
        config_scene_save(scene, "app.yaml", "a: 1\n");
        await_told(scene, "public; 1<0 file public");

        /* For one that is not there nobody waits. (It has the same name, so it takes up what was public.) */
        gone = config_scene_new(scene, "{'debounce-ms': <uint32 500>}", "none.yaml", NULL);
        ask_start(scene, gone, ORIGIN_FILE);
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
        ask_reload(scene, config);
        assert_told(scene, "public; 2<1 reload private; done 2");
        /* The files are public again, the value before is not. */
        config_scene_save(scene, "app.yaml", "a: 3\n");
        g_assert_cmpint(chmod(path, 0644), ==, 0);
        ask_reload(scene, config);
        assert_told(scene, "public; 3<2 reload private; done 3");
        config_scene_save(scene, "app.yaml", "a: 4\n");
        g_assert_cmpint(chmod(path, 0644), ==, 0);
        ask_reload(scene, config);
        assert_told(scene, "4<3 reload public; done 4");
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
        ask_reload(scene, config);
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
        ask_reload(scene, config);
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
        end_config(config);
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        ask_start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "done 1");
        g_assert_true(config_is_public(config));
        end_config(config);

        config_scene_save(scene, "app.yaml", "a: 2\n");
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        ask_start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "2<1 startup public; done 2");
        end_config(config);

        config_scene_save(scene, "app.yaml", "a: [\n");
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        ask_start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "failed parse public; state,pending; done ParseFailed");
        g_assert_cmpuint(config_version(config), ==, 2);
        end_config(config);
}

static void test_restart_while_off(ConfigScene *scene, const void *data)
{
        Config *config;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        end_config(config);
        config_scene_save(scene, "app.yaml", "a: 2\n");
        config = config_scene_new(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        ask_start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "pending; done 1");
        /* It is watched all the same. */
        config_scene_save(scene, "app.yaml", "a: 1\n");
        await_told(scene, "pending");
        end_config(config);
}

/* The bytes are the same, what they are made into is not. */
static void test_restart_with_other_options(ConfigScene *scene, const void *data)
{
        Config *config;

        config_scene_save(scene, "one.yaml", "l: [1]\n");
        config_scene_save(scene, "two.yaml", "l: [2]\n");
        config = config_scene_register(scene, NULL, "one.yaml", "two.yaml", NULL);
        end_config(config);
        config = config_scene_new(scene, "{'merge': <'append'>}", "one.yaml", "two.yaml", NULL);
        ask_start(scene, config, ORIGIN_STARTUP);
        assert_told(scene, "2<1 startup public; done 2");
        g_assert_cmpstr(changes_get(scene->changes, 0)->path, ==, "l");
        end_config(config);
}

static void test_set_files(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *one = config_scene_path(scene, "one.yaml");

        config_scene_save(scene, "one.yaml", "a: 1\n");
        config_scene_save(scene, "two.json", "{\"a\": 2}");
        config = config_scene_register(scene, NULL, "one.yaml", NULL);
        ask_files(scene, config, "two.json", false);
        assert_told(scene, "files,format; 2<1 reload public; done 2");
        config_scene_save(scene, "one.yaml", "a: 7\n");
        assert_told(scene, "");
        config_scene_save(scene, "two.json", "{\"a\": 3}");
        await_told(scene, "3<2 file public");

        /* That others cannot be loaded is nobody else's business, and changes nothing. */
        ask_files(scene, config, "none.yaml", false);
        assert_told(scene, "done FileNotFound");
        g_assert_cmpint(config_state(config), ==, CONFIG_ACTIVE);
        config_scene_save(scene, "two.json", "{\"a\": 4}");
        await_told(scene, "4<3 file public");

        /* A version brings its files along. */
        ask_rollback(scene, config, 1);
        assert_told(scene, "files,format; 5<4 rollback public; done 5");
        g_assert_cmpstr(config_files(config)[0], ==, one);
        config_scene_assert_file(scene, "one.yaml", "a: 1\n");
        config_scene_assert_file(scene, "two.json", "{\"a\": 4}");

        ask_files(scene, config, "none.yaml", true);
        assert_told(scene, "files,format,options; failed read public; state,pending; done FileNotFound");
        config_scene_save(scene, "none.yaml", "a: 9\n");
        await_told(scene, "state,pending; 6<5 file public");
}

static void test_stop(ConfigScene *scene, const void *data)
{
        g_autofree char *content = large_yaml("last: 1\n");
        g_autoptr(Config) config = NULL;

        config_scene_save(scene, "app.yaml", content);
        config = config_scene_new(scene, NULL, "app.yaml", NULL);
        ask_start(scene, config, ORIGIN_REGISTER);
        ask_reload(scene, config);
        ask_rollback(scene, config, 1);
        config_stop(config);
        g_assert_cmpstr(scene->told->str, ==, "done NoSuchConfig; done NoSuchConfig");
        ask_reload(scene, config);
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
        ask_start(scene, config, ORIGIN_REGISTER);
        for (unsigned i = 0; i < 3; i++)
                ask_reload(scene, config);
        assert_told(scene, "failed parse public; state,public,pending; done ParseFailed; "
                           "done NoSuchConfig; done NoSuchConfig; done NoSuchConfig");
        g_assert_cmpuint(config_statistics(config)->reloads, ==, 1);
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
        g_autoptr(Failure) failure = config_check_files(files, options, NULL);

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
                                         options, NULL));
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
        g_assert_null(config_check_files(FILES("/a.yaml", "/app.conf"), options, NULL));
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
        config_scene_add("/config/held", test_held);
        config_scene_add("/config/stopped-while-held", test_stopped_while_held);
        config_scene_add("/config/failure-changes-nothing", test_failure_changes_nothing);
        config_scene_add("/config/missing", test_missing);
        config_scene_add("/config/half-written", test_half_written);
        config_scene_add("/config/new-half-written", test_new_half_written);
        config_scene_add("/config/private", test_private);
        config_scene_add("/config/hot-reload-off", test_hot_reload_off);
        config_scene_add("/config/hot-reload-of-all", test_hot_reload_of_all);
        config_scene_add("/config/mended-while-off", test_mended_while_off);
        config_scene_add("/config/switched-while-loading", test_switched_while_loading);
        config_scene_add("/config/restart", test_restart);
        config_scene_add("/config/restart-while-off", test_restart_while_off);
        config_scene_add("/config/restart-with-other-options", test_restart_with_other_options);
        config_scene_add("/config/set-files", test_set_files);
        config_scene_add("/config/stop", test_stop);
        config_scene_add("/config/stop-when-done", test_stop_when_done);
        return g_test_run();
}
