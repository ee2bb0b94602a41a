/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of names of versions
 */
#include "tests/support/store-scene.h"

#include <string.h>

static void label(Store *store, uint64_t number, const char *text)
{
        assert_no_failure(store_set_label(store, "app", number, text));
}

static void assert_label(Store *store, uint64_t number, const char *expected)
{
        g_autoptr(Version) version = NULL;

        assert_no_failure(store_load_version(store, "app", number, &version));
        g_assert_nonnull(version);
        g_assert_cmpstr(version->label, ==, expected);
}

static void assert_refused(Store *store, uint64_t number, const char *text, FailureCode code,
                           const char *message)
{
        assert_failed(store_set_label(store, "app", number, text), code, message);
}

static void add_versions(Store *store, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                (void) add_content(store, "app", "a: 1\n");
}

static void test_set(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, 3);
        label(store, 1, "works");
        label(store, 3, "good one");
        assert_label(store, 1, "works");
        assert_label(store, 2, NULL);
        assert_label(store, 3, "good one");

        /* The same again, another, none. */
        label(store, 1, "works");
        assert_label(store, 1, "works");
        label(store, 1, "worked");
        assert_label(store, 1, "worked");
        label(store, 2, "works");
        label(store, 1, "");
        label(store, 1, "");
        assert_label(store, 1, NULL);

        store = store_close(store);
        store = store_scene_open(scene->directory);
        assert_label(store, 1, NULL);
        assert_label(store, 2, "works");
        assert_label(store, 3, "good one");
}

/* As soon as it is told of, it holds. */
static void test_survives(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autofree char *snapshot = NULL;

        add_versions(store, 2);
        label(store, 1, "works");
        snapshot = store_scene_snapshot(scene, scene->directory);
        store = store_close(store);
        store = store_scene_open(snapshot);
        assert_label(store, 1, "works");
}

static void test_texts(StoreScene *scene, const void *data)
{
        static const char *const good[] = {
                "a",  "v1.2-rc3", "before the move",  "caf\xc3\xa9", "12a",
                "-1", "1.5",      "\xd9\xa1\xd9\xa2", "*",
        };
        static const char *const bad[] = {
                " a",
                "a ",
                "\xc2\xa0"
                "a",
                "a/b",
                "/",
                "12",
                "0",
                "a\nb",
                "\x1b[1m",
                "a\x7f",
                "\xff",
                "a\xc2\x85"
                "b",
                "\xe2\x80\xa8",
                "\t",
        };
        g_autofree char *longest = g_strnfill(64, 'x'), *too_long = g_strnfill(65, 'x');
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, 1);
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                label(store, 1, good[i]);
                assert_label(store, 1, good[i]);
        }
        label(store, 1, longest);
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                assert_refused(store, 1, bad[i], FAILURE_INVALID_ARGUMENT, "a label ");
        assert_refused(store, 1, too_long, FAILURE_INVALID_ARGUMENT, "at most 64 bytes, not 65");
        assert_label(store, 1, longest);
}

static void test_unique(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, 2);
        (void) add_content(store, "other", "a: 1\n");
        label(store, 1, "works");
        assert_refused(store, 2, "works", FAILURE_INVALID_ARGUMENT, "version 1 of app");
        assert_label(store, 2, NULL);
        label(store, 2, "Works");
        assert_refused(store, 1, "Works", FAILURE_INVALID_ARGUMENT, "version 2 of app");
        assert_label(store, 1, "works");
        assert_no_failure(store_set_label(store, "other", 1, "works"));
}

static void test_no_such_version(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, 3);
        tidy_up(store, "app", 1);
        assert_refused(store, 0, "a", FAILURE_NO_SUCH_VERSION, "version 0 of app");
        assert_refused(store, 1, "a", FAILURE_NO_SUCH_VERSION, "version 1 of app");
        assert_refused(store, 4, "a", FAILURE_NO_SUCH_VERSION, "version 4 of app");
        assert_refused(store, 1, "", FAILURE_NO_SUCH_VERSION, "version 1 of app");
        assert_refused(store, UINT64_MAX, "a", FAILURE_NO_SUCH_VERSION, "of app");
        assert_failed(store_set_label(store, "none", 1, "a"), FAILURE_NO_SUCH_VERSION, "of none");
}

static void test_limit(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, STORE_MAX_LABELS + 1);
        for (unsigned i = 1; i <= STORE_MAX_LABELS; i++) {
                g_autofree char *text = g_strdup_printf("label %u", i);

                label(store, i, text);
        }
        assert_refused(store, STORE_MAX_LABELS + 1, "one more", FAILURE_LIMIT_EXCEEDED,
                       "100 versions of app");
        label(store, 7, "another");
        label(store, 7, "");
        label(store, STORE_MAX_LABELS + 1, "one more");
        tidy_up(store, "app", 1);
        assert_label(store, 1, "label 1");
        assert_refused(store, 7, "", FAILURE_NO_SUCH_VERSION, "version 7");
}

/* The sizes are made up: what counts is what the rows say. */
static void test_bytes(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, 5);
        store = store_close(store);
        store_scene_run(scene->database, "UPDATE versions SET size = 64 * 1024 * 1024");
        store_scene_run(scene->database, "UPDATE versions SET size = size + 1 WHERE number = 3");
        store = store_scene_open(scene->directory);
        label(store, 1, "one");
        assert_refused(store, 3, "three", FAILURE_LIMIT_EXCEEDED, "128 MiB");
        label(store, 2, "two");
        assert_refused(store, 4, "four", FAILURE_LIMIT_EXCEEDED, "128 MiB");
        label(store, 1, "renamed");
        label(store, 1, "");
        label(store, 4, "four");
        assert_label(store, 3, NULL);

        /* Room is left for what has no label. */
        tidy_up(store, "app", 100);
        assert_history(store, "app", "5 active, 4 superseded, 2 superseded");
}

static void test_never_pruned(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        (void) add_content(store, "app", "a: 0 # good\n");
        label(store, 1, "works");
        for (unsigned i = 0; i < 300; i++) {
                add_versions(store, 1);
                tidy_up(store, "app", 2);
        }
        assert_history(store, "app", "301 active, 300 superseded, 1 superseded");
        assert_layers(store, "app", 1, "a: 0 # good\n");
        label(store, 1, "");
        tidy_up(store, "app", 2);
        assert_history(store, "app", "301 active, 300 superseded");
}

/* Text that only someone else can have written there. */
static void test_damaged(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, 2);
        store = store_close(store);
        store_scene_run(scene->database, "UPDATE versions SET label = CAST(x'ff' AS TEXT) WHERE number = 1");
        store = store_scene_open(scene->directory);
        assert_refused(store, 2, "a", FAILURE_FILE_UNREADABLE, "damaged");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/store-labels/set", test_set, NULL);
        store_scene_add("/store-labels/survives", test_survives, NULL);
        store_scene_add("/store-labels/texts", test_texts, NULL);
        store_scene_add("/store-labels/unique", test_unique, NULL);
        store_scene_add("/store-labels/no-such-version", test_no_such_version, NULL);
        store_scene_add("/store-labels/limit", test_limit, NULL);
        store_scene_add("/store-labels/bytes", test_bytes, NULL);
        store_scene_add("/store-labels/never-pruned", test_never_pruned, NULL);
        store_scene_add("/store-labels/damaged", test_damaged, NULL);
        return g_test_run();
}
