/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of numbers: never one twice, and no gap that need not be
 */
#include "daemon/store/store-internal.h"
#include "tests/support/store-scene.h"

static uint64_t left(Store *store, const char *config)
{
        Numbers numbers;

        g_assert_cmpint(numbers_load(store, config, &numbers), ==, SQLITE_OK);
        return numbers_left(&numbers);
}

static void add_several(Store *store, const char *config, uint64_t first, uint64_t last)
{
        for (uint64_t number = first; number <= last; number++)
                g_assert_cmpuint(add_content(store, config, "a: 1\n"), ==, number);
}

static void test_count(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_several(store, "app", 1, 3);
        add_several(store, "other", 1, 2);
        add_several(store, "app", 4, 3 * STORE_NUMBERS_BLOCK);
}

static void test_clean_end(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open_in_boot(scene->directory, 1);

        add_several(store, "app", 1, 3);
        store = store_close(store);
        store = store_scene_open_in_boot(scene->directory, 1);
        add_several(store, "app", 4, 5);
        store = store_close(store);
        store = store_scene_open_in_boot(scene->directory, 2);
        add_several(store, "app", 6, 7);
        store = store_close(store);
        store = store_scene_open_in_boot(scene->directory, 3);
        store = store_close(store);
        store = store_scene_open_in_boot(scene->directory, 4);
        add_several(store, "app", 8, 8);
}

static void test_killed(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open_in_boot(scene->directory, 1);
        g_autofree char *first = NULL, *second = NULL;

        add_several(store, "app", 1, 3);
        first = store_scene_snapshot(scene, scene->directory);
        store = store_close(store);
        store = store_scene_open_in_boot(first, 1);
        add_several(store, "app", 4, STORE_NUMBERS_BLOCK + 1);
        second = store_scene_snapshot(scene, first);
        store = store_close(store);
        store = store_scene_open_in_boot(second, 1);
        add_several(store, "app", STORE_NUMBERS_BLOCK + 2, STORE_NUMBERS_BLOCK + 2);
}

static void test_killed_before_another_boot(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open_in_boot(scene->directory, 1);
        g_autofree char *left_behind = NULL;

        add_several(store, "app", 1, 3);
        left_behind = store_scene_snapshot(scene, scene->directory);
        store = store_close(store);
        store = store_scene_open_in_boot(left_behind, 2);
        add_several(store, "app", STORE_NUMBERS_BLOCK + 1, STORE_NUMBERS_BLOCK + 3);
        store = store_close(store);
        store = store_scene_open_in_boot(left_behind, 3);
        add_several(store, "app", STORE_NUMBERS_BLOCK + 4, STORE_NUMBERS_BLOCK + 4);
}

static void test_forgotten(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open_in_boot(scene->directory, 1);
        g_autofree char *left_behind = NULL;

        add_several(store, "app", 1, 3);
        assert_no_failure(store_forget(store, "app"));
        add_several(store, "app", 4, 5);
        assert_no_failure(store_forget(store, "app"));
        assert_no_failure(store_forget(store, "app"));
        left_behind = store_scene_snapshot(scene, scene->directory);
        store = store_close(store);
        store = store_scene_open_in_boot(scene->directory, 2);
        add_several(store, "app", 6, 6);
        store = store_close(store);
        store = store_scene_open_in_boot(left_behind, 2);
        add_several(store, "app", STORE_NUMBERS_BLOCK + 1, STORE_NUMBERS_BLOCK + 1);
}

/* A name without versions takes no part in a start, nor in the end that follows. */
static void test_forgotten_and_killed(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open_in_boot(scene->directory, 1);
        g_autofree char *left_behind = NULL;

        add_several(store, "app", 1, 3);
        assert_no_failure(store_forget(store, "app"));
        left_behind = store_scene_snapshot(scene, scene->directory);
        store = store_close(store);
        store = store_scene_open_in_boot(left_behind, 2);
        store = store_close(store);
        store = store_scene_open_in_boot(left_behind, 3);
        add_several(store, "app", STORE_NUMBERS_BLOCK + 1, STORE_NUMBERS_BLOCK + 1);
}

/* As it may be in a database that somebody mended by hand. */
static void test_newest_not_active(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_several(store, "app", 1, 3);
        store = store_close(store);
        store_scene_run(scene->database, "UPDATE versions SET state = CASE number WHEN 2 THEN 'active'"
                                         " ELSE 'superseded' END");
        store = store_scene_open(scene->directory);
        tidy_up(store, "app", 1);
        assert_history(store, "app", "2 active");
        add_several(store, "app", 4, 4);
}

static void test_reserved_ahead(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        /* A first version takes a block with it. */
        g_assert_cmpuint(left(store, "app"), ==, 0);
        add_several(store, "app", 1, 1);
        g_assert_cmpuint(left(store, "app"), ==, STORE_NUMBERS_BLOCK - 1);

        add_several(store, "app", 2, STORE_NUMBERS_BLOCK / 2);
        tidy_up(store, "app", 10);
        g_assert_cmpuint(left(store, "app"), ==, STORE_NUMBERS_BLOCK / 2);
        add_several(store, "app", STORE_NUMBERS_BLOCK / 2 + 1, STORE_NUMBERS_BLOCK / 2 + 1);
        tidy_up(store, "app", 10);
        g_assert_cmpuint(left(store, "app"), ==, STORE_NUMBERS_BLOCK);
}

static void test_reserved_at_start(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open_in_boot(scene->directory, 1);

        add_several(store, "app", 1, 1);
        add_several(store, "other", 1, 1);
        add_several(store, "gone", 1, 1);
        assert_no_failure(store_forget(store, "gone"));
        store = store_close(store);
        store = store_scene_open_in_boot(scene->directory, 2);
        g_assert_cmpuint(left(store, "app"), ==, STORE_NUMBERS_BLOCK);
        g_assert_cmpuint(left(store, "other"), ==, STORE_NUMBERS_BLOCK);
        g_assert_cmpuint(left(store, "gone"), ==, 0);
        add_several(store, "gone", 2, 2);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/store-numbers/count", test_count, NULL);
        store_scene_add("/store-numbers/clean-end", test_clean_end, NULL);
        store_scene_add("/store-numbers/killed", test_killed, NULL);
        store_scene_add("/store-numbers/killed-before-another-boot", test_killed_before_another_boot, NULL);
        store_scene_add("/store-numbers/forgotten", test_forgotten, NULL);
        store_scene_add("/store-numbers/forgotten-and-killed", test_forgotten_and_killed, NULL);
        store_scene_add("/store-numbers/newest-not-active", test_newest_not_active, NULL);
        store_scene_add("/store-numbers/reserved-ahead", test_reserved_ahead, NULL);
        store_scene_add("/store-numbers/reserved-at-start", test_reserved_at_start, NULL);
        return g_test_run();
}
