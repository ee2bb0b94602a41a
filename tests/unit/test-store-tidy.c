/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what can wait: pruning, digests, the log
 */
#include "daemon/store/database.h"
#include "tests/support/store-scene.h"

#include <glib/gstdio.h>

static void add_versions(Store *store, const char *config, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                (void) add_content(store, config, "a: 1\n");
}

static void test_max_versions(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, "app", 5);
        add_versions(store, "other", 5);
        tidy_up(store, "app", 5);
        assert_history(store, "app", "5 active, 4 superseded, 3 superseded, 2 superseded, 1 superseded");
        tidy_up(store, "app", 3);
        assert_history(store, "app", "5 active, 4 superseded, 3 superseded");
        tidy_up(store, "app", 1);
        assert_history(store, "app", "5 active");
        assert_layers(store, "app", 5, "a: 1\n");
        assert_history(store, "other", "5 active, 4 superseded, 3 superseded, 2 superseded, 1 superseded");
}

static void test_rejected_count_too(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = version_of("a: 3\n", NULL);

        add_versions(store, "app", 2);
        assert_no_failure(store_add_version(store, "app", version, VERSION_REJECTED));
        tidy_up(store, "app", 2);
        assert_history(store, "app", "3 active, 2 rejected");
}

/* Nothing is left of what went. */
static void test_layers_go(StoreScene *scene, const void *data)
{
        g_autofree char *content = g_strnfill(20000, 'x');
        g_autoptr(Store) store = store_scene_open(scene->directory);
        GStatBuf before, after;

        for (unsigned i = 0; i < 4; i++) {
                (void) add_content(store, "app", content);
                tidy_up(store, "app", 2);
        }
        store = store_close(store);
        g_assert_cmpint(g_stat(scene->database, &before), ==, 0);

        store = store_scene_open(scene->directory);
        for (unsigned i = 0; i < 20; i++) {
                (void) add_content(store, "app", content);
                tidy_up(store, "app", 2);
        }
        store = store_close(store);
        g_assert_cmpint(g_stat(scene->database, &after), ==, 0);
        g_assert_cmpint(after.st_size, ==, before.st_size);
}

static void test_labelled(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = NULL;

        add_versions(store, "app", 6);
        store = store_close(store);
        store_scene_run(scene->database, "UPDATE versions SET label = 'good' WHERE number IN (1, 5)");
        store = store_scene_open(scene->directory);
        tidy_up(store, "app", 3);
        assert_history(store, "app", "6 active, 5 superseded, 4 superseded, 1 superseded");
        tidy_up(store, "app", 1);
        assert_history(store, "app", "6 active, 5 superseded, 1 superseded");
        assert_no_failure(store_load_version(store, "app", 1, &version));
        g_assert_cmpstr(version->label, ==, "good");
}

static void test_intended(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, "app", 4);
        add_versions(store, "other", 2);
        assert_no_failure(store_save_intent(store, "app",
                                            &(Intent){ .number = 1, .origin = ORIGIN_ROLLBACK }));
        tidy_up(store, "app", 1);
        tidy_up(store, "other", 1);
        assert_history(store, "app", "4 active, 1 superseded");
        assert_history(store, "other", "2 active");
        assert_no_failure(store_save_intent(store, "app", NULL));
        tidy_up(store, "app", 1);
        assert_history(store, "app", "4 active");
}

/* The sizes are made up: pruning goes by what the rows say. */
static void test_bytes(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, "app", 6);
        store = store_close(store);
        store_scene_run(scene->database, "UPDATE versions SET size = 100 * 1024 * 1024");
        store = store_scene_open(scene->directory);
        tidy_up(store, "app", 10);
        assert_history(store, "app", "6 active, 5 superseded");
        store = store_close(store);

        store_scene_run(scene->database, "UPDATE versions SET size = 128 * 1024 * 1024");
        store = store_scene_open(scene->directory);
        tidy_up(store, "app", 10);
        assert_history(store, "app", "6 active, 5 superseded");
        store = store_close(store);

        store_scene_run(scene->database, "UPDATE versions SET size = 1 + 128 * 1024 * 1024");
        store = store_scene_open(scene->directory);
        tidy_up(store, "app", 10);
        assert_history(store, "app", "6 active");
}

/* No older one stays because it is small; the active one stays although it is too large. */
static void test_bytes_oldest_first(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        add_versions(store, "app", 4);
        store = store_close(store);
        store_scene_run(scene->database, "UPDATE versions SET size = 300 * 1024 * 1024 WHERE number = 2");
        store = store_scene_open(scene->directory);
        tidy_up(store, "app", 10);
        assert_history(store, "app", "4 active, 3 superseded");
        store = store_close(store);

        store_scene_run(scene->database, "UPDATE versions SET size = 300 * 1024 * 1024 WHERE number = 4");
        store = store_scene_open(scene->directory);
        tidy_up(store, "app", 10);
        assert_history(store, "app", "4 active");
}

static void test_digests(StoreScene *scene, const void *data)
{
        g_autofree char *expected = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "a: 2\n", -1);
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = NULL;

        (void) add_content(store, "app", "a: 2\n");
        tidy_up(store, "app", 10);
        assert_no_failure(store_load_version(store, "app", 1, &version));
        g_assert_cmpstr(version->digest, ==, expected);
}

static void test_log_is_written_back(StoreScene *scene, const void *data)
{
        g_autofree char *content = g_strnfill(100000, 'x');
        g_autofree char *log = g_strconcat(scene->database, "-wal", NULL);
        g_autoptr(Store) store = store_scene_open(scene->directory);
        GStatBuf st;

        /* SQLite would do it in the commit that passes 1000 pages. */
        for (unsigned i = 0; i < 60; i++)
                (void) add_content(store, "app", content);
        g_assert_cmpint(g_stat(scene->database, &st), ==, 0);
        g_assert_cmpint(st.st_size, <, 100000);

        tidy_up(store, "app", 100);
        g_assert_cmpint(g_stat(scene->database, &st), ==, 0);
        g_assert_cmpint(st.st_size, >, 60 * 100000);

        /* From then on the log is used again. */
        for (unsigned i = 0; i < 200; i++) {
                (void) add_content(store, "app", "a: 1\n");
                (void) add_content(store, "app", content);
                tidy_up(store, "app", 2);
        }
        g_assert_cmpint(g_stat(log, &st), ==, 0);
        g_assert_cmpint(st.st_size, <, 8 * 1024 * 1024);

        store = store_close(store);
        g_assert_cmpint(g_stat(log, &st), <, 0);
}

static void *run_checkpoint(void *store)
{
        store_run_checkpoint(store);
        return NULL;
}

/* Who uses the store while another thread writes the log back waits for it, and nothing is lost. */
static void test_written_back_elsewhere(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autofree char *content = g_strnfill(100 * 1024, 'x');

        for (unsigned number = 1; number <= 300; number++) {
                GThread *thread = NULL;

                g_assert_cmpuint(add_content(store, "app", content), ==, number);
                if (store_begin_checkpoint(store)) {
                        thread = g_thread_new("checkpoint", run_checkpoint, store);
                        assert_no_failure(store_tidy(store, "app", 5, 0));
                        (void) g_thread_join(thread);
                        assert_no_failure(store_end_checkpoint(store));
                        g_assert_false(store_begin_checkpoint(store));
                }
        }
        store = store_close(store);
        store = store_scene_open(scene->directory);
        tidy_up(store, "app", 3);
        assert_history(store, "app", "300 active, 299 superseded, 298 superseded");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/store-tidy/max-versions", test_max_versions, NULL);
        store_scene_add("/store-tidy/rejected-count-too", test_rejected_count_too, NULL);
        store_scene_add("/store-tidy/layers-go", test_layers_go, NULL);
        store_scene_add("/store-tidy/labelled", test_labelled, NULL);
        store_scene_add("/store-tidy/intended", test_intended, NULL);
        store_scene_add("/store-tidy/bytes", test_bytes, NULL);
        store_scene_add("/store-tidy/bytes-oldest-first", test_bytes_oldest_first, NULL);
        store_scene_add("/store-tidy/digests", test_digests, NULL);
        store_scene_add("/store-tidy/log-is-written-back", test_log_is_written_back, NULL);
        store_scene_add("/store-tidy/written-back-elsewhere", test_written_back_elsewhere, NULL);
        return g_test_run();
}
