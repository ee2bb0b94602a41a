/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of opening a database that is not to be had: another has it, or there is no place for any
 */
#include "tests/support/store-scene.h"

#include <unistd.h>

static void open_in_vain(const StoreScene *scene)
{
        Store *store = NULL;

        assert_failed(store_open(scene->directory, &store, NULL), FAILURE_BUSY,
                      "is in use by another process");
        g_assert_null(store);
}

static void open_read_only_in_vain(const StoreScene *scene)
{
        enter_or_skip();
        mount_read_only(scene->directory);
        open_in_vain(scene);
}

static void test_second_daemon(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        store_scene_in_child(open_in_vain, scene);
        g_assert_cmpuint(add_content(store, "app", "a: 1\n"), ==, 1);
        store_scene_in_child(open_in_vain, scene);
        g_assert_cmpuint(add_content(store, "app", "a: 2\n"), ==, 2);
        store = store_close(store);
        store = store_scene_open(scene->directory);
        assert_history(store, "app", STORE_SCENE_HISTORY);
}

/* What may still be written by another is not to be copied. */
static void test_second_daemon_on_read_only_disk(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        g_assert_cmpuint(add_content(store, "app", "a: 1\n"), ==, 1);
        store_scene_in_child(open_read_only_in_vain, scene);
        g_assert_cmpuint(add_content(store, "app", "a: 2\n"), ==, 2);
}

static void open_without_any_place(const StoreScene *scene)
{
        Store *store = NULL;

        store_scene_make_history(scene);
        enter_or_skip();
        mount_read_only("/run");
        mount_read_only("/tmp");
        mount_read_only(scene->root);
        assert_failed(store_open(scene->directory, &store, NULL), FAILURE_WRITE_FAILED, "no other place");
        assert_failed(store_open(scene->directory, &store, NULL), FAILURE_WRITE_FAILED, "is read-only");
        g_assert_null(store);
}

static void test_no_place(StoreScene *scene, const void *data)
{
        g_unsetenv("XDG_RUNTIME_DIR");
        store_scene_in_child(open_without_any_place, scene);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/database-refused/second-daemon", test_second_daemon, NULL);
        store_scene_add("/database-refused/second-daemon-on-read-only-disk",
                        test_second_daemon_on_read_only_disk, NULL);
        store_scene_add("/database-refused/no-place", test_no_place, NULL);
        return g_test_run();
}
