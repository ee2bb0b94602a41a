/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of recovery: files go where their intents say, and nothing else is touched
 */
#include "daemon/recover.h"
#include "daemon/store/store.h"
#include "tests/support/file-scene.h"
#include "tests/support/store-scene.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* What was logged, a line each. */
static GString *logged;

static GLogWriterOutput collect(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
        for (gsize i = 0; i < n; i++) {
                if (g_str_equal(fields[i].key, "MESSAGE"))
                        g_string_append_printf(logged, "%s\n", (const char *) fields[i].value);
        }
        return G_LOG_WRITER_HANDLED;
}

static void assert_recovers(const StoreScene *scene, bool done, const char *said)
{
        g_string_truncate(logged, 0);
        g_assert_true(recover_files(scene->directory) == done);
        if (said)
                g_assert_nonnull(strstr(logged->str, said));
        else
                g_assert_cmpstr(logged->str, ==, "");
}

static char *path_of(const StoreScene *scene, const char *name)
{
        return g_build_filename(scene->root, name, NULL);
}

/* content is NULL where there is to be no file. */
static void save(const StoreScene *scene, const char *name, const char *content)
{
        g_autofree char *path = path_of(scene, name);

        if (content)
                write_file(path, content);
        else
                (void) g_unlink(path);
}

static void assert_file(const StoreScene *scene, const char *name, const char *content)
{
        g_autofree char *path = path_of(scene, name);

        if (content)
                assert_content(path, content);
        else
                g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void free_layer(void *layer)
{
        layer_free(layer);
}

static void add_layer(const StoreScene *scene, Version *version, const char *name, const char *content)
{
        g_autoptr(GBytes) bytes = content ? g_bytes_new(content, strlen(content)) : NULL;
        g_autofree char *path = path_of(scene, name);

        g_ptr_array_add(version->layers, layer_new(path, FORMAT_YAML, bytes));
        save(scene, name, content);
}

/* A version of NAME-1 and NAME-2, which hold it afterwards. */
static uint64_t add_version(const StoreScene *scene, Store *store, const char *config, const char *one,
                            const char *two)
{
        g_autofree char *first = g_strconcat(config, "-1", NULL), *second = g_strconcat(config, "-2", NULL);
        g_autoptr(Version) version = version_new();

        version->is_public = true;
        version->layers = g_ptr_array_new_with_free_func(free_layer);
        add_layer(scene, version, first, one);
        add_layer(scene, version, second, two);
        assert_no_failure(store_add_version(store, config, version, VERSION_SUPERSEDED));
        return version->number;
}

/* Versions 1 and 2, which are to go back to 1 at the next start. */
static void add_unconfirmed(const StoreScene *scene, Store *store, const char *config, Origin origin)
{
        const Intent intent = { .number = 1, .instead_of = 2, .origin = origin };

        g_assert_cmpuint(add_version(scene, store, config, "one: 1\n", NULL), ==, 1);
        g_assert_cmpuint(add_version(scene, store, config, "one: 2\n", "two: 2\n"), ==, 2);
        assert_no_failure(store_save_intent(store, config, &intent));
}

static void make_unconfirmed(const StoreScene *scene, Origin origin)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_unconfirmed(scene, store, "app", origin);
}

static void test_files(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = NULL;
        Intent intent;

        make_unconfirmed(scene, ORIGIN_TIMEOUT);
        assert_recovers(scene, true, "app: version 1 is in its files again (2 of 2 had to be written)");
        assert_file(scene, "app-1", "one: 1\n");
        assert_file(scene, "app-2", NULL);
        /* Once more, as after a kill at its end: all is well. */
        assert_recovers(scene, true, NULL);

        store = store_scene_open(scene->directory);
        assert_history(store, "app", STORE_SCENE_HISTORY);
        assert_no_failure(store_load_intent(store, "app", &intent));
        g_assert_cmpuint(intent.number, ==, 1);
        g_assert_cmpuint(intent.instead_of, ==, 2);
}

static void test_in_the_middle(StoreScene *scene, const void *data)
{
        make_unconfirmed(scene, ORIGIN_TIMEOUT);
        save(scene, "app-2", NULL);
        assert_recovers(scene, true, "(1 of 2 had to be written)");
        assert_file(scene, "app-1", "one: 1\n");
        assert_file(scene, "app-2", NULL);
}

static void test_others_stay(StoreScene *scene, const void *data)
{
        make_unconfirmed(scene, ORIGIN_TIMEOUT);
        save(scene, "app-1", "one: 3\n");
        assert_recovers(scene, true, "app: somebody saved files since; these stay as they are");
        assert_file(scene, "app-1", "one: 3\n");
        assert_file(scene, "app-2", NULL);
}

static void test_rollback_as_a_whole(StoreScene *scene, const void *data)
{
        make_unconfirmed(scene, ORIGIN_ROLLBACK);
        save(scene, "app-2", "two: 3\n");
        assert_recovers(scene, false, "somebody else");
        assert_file(scene, "app-1", "one: 2\n");
        assert_file(scene, "app-2", "two: 3\n");

        save(scene, "app-2", "two: 2\n");
        assert_recovers(scene, true, "version 1 is in its files again");
        assert_file(scene, "app-1", "one: 1\n");
        assert_file(scene, "app-2", NULL);
}

static void test_next_after_failure(StoreScene *scene, const void *data)
{
        g_autofree char *obstacle = path_of(scene, "app-2");

        {
                g_autoptr(Store) store = store_scene_open(scene->directory);

                add_unconfirmed(scene, store, "app", ORIGIN_TIMEOUT);
                add_unconfirmed(scene, store, "other", ORIGIN_TIMEOUT);
        }
        save(scene, "app-2", NULL);
        g_assert_cmpint(g_mkdir(obstacle, 0755), ==, 0);
        assert_recovers(scene, false, "app: the files stay as they are");
        assert_file(scene, "app-1", "one: 2\n");
        assert_file(scene, "other-1", "one: 1\n");
        assert_file(scene, "other-2", NULL);
}

static void test_no_such_version(StoreScene *scene, const void *data)
{
        make_unconfirmed(scene, ORIGIN_TIMEOUT);
        store_scene_run(scene->database, "UPDATE intents SET number = 7");
        assert_recovers(scene, false, "version 7, to go back to, is not in the history");
        assert_file(scene, "app-1", "one: 2\n");
}

static void test_no_state(StoreScene *scene, const void *data)
{
        assert_recovers(scene, true, NULL);
        g_assert_false(g_file_test(scene->directory, G_FILE_TEST_EXISTS));

        g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
        assert_recovers(scene, true, NULL);
        g_assert_false(g_file_test(scene->database, G_FILE_TEST_EXISTS));

        /* As a kill leaves it that came before the tables. */
        write_file(scene->database, "");
        assert_recovers(scene, true, NULL);
        assert_content(scene->database, "");
}

static void test_nothing_to_do(StoreScene *scene, const void *data)
{
        {
                g_autoptr(Store) store = store_scene_open(scene->directory);

                (void) add_version(scene, store, "app", "one: 1\n", NULL);
        }
        save(scene, "app-1", "one: 2\n");
        assert_recovers(scene, true, NULL);
        assert_file(scene, "app-1", "one: 2\n");
}

/* What becomes of these is for the daemon to say. */
static void test_unusable(StoreScene *scene, const void *data)
{
        g_autoptr(GDir) directory = NULL;
        const char *name;

        make_unconfirmed(scene, ORIGIN_TIMEOUT);
        store_scene_run(scene->database, "PRAGMA user_version = 99");
        assert_recovers(scene, false, "is from a newer release");
        write_file(scene->database, "no database\n");
        assert_recovers(scene, false, "is damaged");
        assert_file(scene, "app-1", "one: 2\n");

        assert_content(scene->database, "no database\n");
        directory = g_dir_open(scene->directory, 0, NULL);
        while ((name = g_dir_read_name(directory)))
                g_assert_false(g_str_has_prefix(name, "state.db."));
}

static void recover_beside_another(const StoreScene *scene)
{
        assert_recovers(scene, false, "is in use by another process");
}

static void test_in_use(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_unconfirmed(scene, store, "app", ORIGIN_TIMEOUT);
        store_scene_in_child(recover_beside_another, scene);
        assert_file(scene, "app-1", "one: 2\n");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        logged = g_string_new(NULL);
        g_log_set_writer_func(collect, NULL, NULL);

        store_scene_add("/recover/files", test_files, NULL);
        store_scene_add("/recover/in-the-middle", test_in_the_middle, NULL);
        store_scene_add("/recover/others-stay", test_others_stay, NULL);
        store_scene_add("/recover/rollback-as-a-whole", test_rollback_as_a_whole, NULL);
        store_scene_add("/recover/next-after-failure", test_next_after_failure, NULL);
        store_scene_add("/recover/no-such-version", test_no_such_version, NULL);
        store_scene_add("/recover/no-state", test_no_state, NULL);
        store_scene_add("/recover/nothing-to-do", test_nothing_to_do, NULL);
        store_scene_add("/recover/unusable", test_unusable, NULL);
        store_scene_add("/recover/in-use", test_in_use, NULL);
        return g_test_run();
}
