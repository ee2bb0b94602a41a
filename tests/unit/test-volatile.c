/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of a state that lasts as long as the process, because its directory cannot be written
 */
#include "daemon/store/database.h"
#include "tests/support/store-scene.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* Where the state is to go. */
static char *make_place(const StoreScene *scene)
{
        char *place = g_build_filename(scene->root, "runtime", NULL);

        g_assert_cmpint(g_mkdir_with_parents(place, 0700), ==, 0);
        g_assert_true(g_setenv("XDG_RUNTIME_DIR", place, TRUE));
        return place;
}

static unsigned count_entries(const char *directory)
{
        g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
        unsigned count = 0;

        g_assert_nonnull(entries);
        while (g_dir_read_name(entries))
                count++;
        return count;
}

static void assert_says(const char *message, const char *text)
{
        if (!message || !strstr(message, text))
                g_error("\"%s\" does not say \"%s\"", message ?: "", text);
}

/*
 * Opens, expecting a place elsewhere for that reason. What is there is of no interest to the next, and gone
 * at the end. Gives the epoch.
 */
static char *assert_volatile(const char *directory, const char *place, const char *reason,
                             const char *history)
{
        g_autofree char *message = NULL, *epoch = NULL;
        g_autoptr(Store) store = NULL;

        assert_no_failure(store_open(directory, &store, &message));
        assert_says(message, reason);
        assert_says(message, directory);
        assert_says(message, place);
        assert_says(message, "kept only until reconfd ends");
        assert_says(message, *history ? "a copy of what there was" : "it begins with nothing");
        assert_history(store, "app", history);
        g_assert_cmpuint(count_entries(place), ==, 1);

        assert_no_failure(store_scene_register(store, "app"));
        g_assert_cmpuint(add_content(store, "app", "a: 3\n"), ==, *history ? 3 : 1);
        tidy_up(store, "app", 10);
        epoch = g_strdup(store_epoch(store));
        store = store_close(store);
        g_assert_cmpuint(count_entries(place), ==, 0);
        return g_steal_pointer(&epoch);
}

/* Nothing was done to it. */
static void assert_as_it_was(const StoreScene *scene, const char *epoch)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        assert_history(store, "app", STORE_SCENE_HISTORY);
        g_assert_cmpstr(store_epoch(store), ==, epoch);
}

static char *make_history_and_tell_epoch(const StoreScene *scene)
{
        g_autoptr(Store) store = NULL;

        store_scene_make_history(scene);
        store = store_scene_open(scene->directory);
        return g_strdup(store_epoch(store));
}

static void test_file_in_the_way(StoreScene *scene, const void *data)
{
        g_autofree char *file = g_build_filename(scene->root, "state", NULL);
        g_autofree char *place = make_place(scene);
        g_autofree char *epoch = NULL;

        g_assert_true(g_file_set_contents(file, "", 0, NULL));
        epoch = assert_volatile(scene->directory, place, "cannot be created", "");
        g_assert_true(g_file_test(file, G_FILE_TEST_IS_REGULAR));
}

static void open_read_only(const StoreScene *scene)
{
        g_autofree char *below = g_build_filename(scene->directory, "below", NULL);
        g_autofree char *place = make_place(scene);
        g_autofree char *epoch = make_history_and_tell_epoch(scene);
        g_autofree char *first = NULL, *second = NULL, *third = NULL;

        enter_or_skip();
        mount_read_only(scene->directory);
        first = assert_volatile(scene->directory, place, "is read-only", STORE_SCENE_HISTORY);
        second = assert_volatile(scene->directory, place, "is read-only", STORE_SCENE_HISTORY);
        third = assert_volatile(below, place, "cannot be created", "");
        g_assert_cmpstr(first, !=, epoch);
        g_assert_cmpstr(first, !=, second);

        g_assert_cmpint(umount2(scene->directory, MNT_DETACH), ==, 0);
        assert_as_it_was(scene, epoch);
}

static void test_read_only(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_read_only, scene);
}

/* What was committed last stands in the log. */
static void open_killed_read_only(const StoreScene *scene)
{
        g_autofree char *place = make_place(scene);
        g_autofree char *killed = NULL, *log = NULL, *epoch = NULL;
        g_autoptr(Store) store = store_scene_open(scene->directory);

        (void) add_content(store, "app", "a: 1\n");
        (void) add_content(store, "app", "a: 2\n");
        killed = store_scene_snapshot(scene, scene->directory);
        log = g_build_filename(killed, DATABASE_FILE "-wal", NULL);
        g_assert_true(g_file_test(log, G_FILE_TEST_EXISTS));
        store = store_close(store);

        enter_or_skip();
        mount_read_only(killed);
        epoch = assert_volatile(killed, place, "is read-only", STORE_SCENE_HISTORY);
        g_assert_true(g_file_test(log, G_FILE_TEST_EXISTS));
}

static void test_killed_read_only(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_killed_read_only, scene);
}

static void open_empty_read_only(const StoreScene *scene)
{
        g_autofree char *place = make_place(scene);
        g_autofree char *epoch = NULL;

        g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
        enter_or_skip();
        mount_or_skip("none", scene->directory, "tmpfs", MS_RDONLY, NULL);
        epoch = assert_volatile(scene->directory, place, "cannot be created", "");
}

static void test_empty_read_only(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_empty_read_only, scene);
}

/* Not even the copy can be used: in what is thrown away, too, it is set aside. */
static void open_bad_read_only(const StoreScene *scene)
{
        g_autofree char *place = make_place(scene);
        g_autofree char *message = NULL;
        g_autoptr(Store) store = NULL;

        enter_or_skip();
        mount_read_only(scene->directory);
        assert_no_failure(store_open(scene->directory, &store, &message));
        assert_says(message, "is read-only");
        assert_says(message, "is damaged");
        assert_says(message, place);
        assert_history(store, "app", "");
        g_assert_cmpuint(add_content(store, "app", "a: 1\n"), ==, 1);
        store = store_close(store);
        g_assert_cmpuint(count_entries(place), ==, 0);
}

static void test_damaged_read_only(StoreScene *scene, const void *data)
{
        g_autofree char *content = NULL;

        g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
        g_assert_true(g_file_set_contents(scene->database, "a: 1\n", -1, NULL));
        store_scene_in_child(open_bad_read_only, scene);
        g_assert_true(g_file_get_contents(scene->database, &content, NULL, NULL));
        g_assert_cmpstr(content, ==, "a: 1\n");
}

static void test_damaged_content_read_only(StoreScene *scene, const void *data)
{
        store_scene_make_history(scene);
        store_scene_run(scene->database, "INSERT INTO registrations VALUES('a', NULL, NULL, '[]', '{', 0)");
        store_scene_in_child(open_bad_read_only, scene);
}

static void open_marked_read_only(const StoreScene *scene)
{
        g_autofree char *mark = g_strconcat(scene->database, ".damaged", NULL);
        g_autofree char *place = make_place(scene);
        g_autofree char *epoch = NULL;

        store_scene_make_history(scene);
        g_assert_true(g_file_set_contents(mark, "", 0, NULL));
        enter_or_skip();
        mount_read_only(scene->directory);
        epoch = assert_volatile(scene->directory, place, "was found damaged when it was last used", "");
}

static void test_marked_read_only(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_marked_read_only, scene);
}

/* What is mounted cannot be renamed. */
static void open_not_to_be_set_aside(const StoreScene *scene)
{
        g_autofree char *place = make_place(scene);
        g_autofree char *message = NULL;
        g_autoptr(Store) store = NULL;

        enter_or_skip();
        mount_or_skip(scene->database, scene->database, NULL, MS_BIND, NULL);
        assert_no_failure(store_open(scene->directory, &store, &message));
        assert_says(message, "cannot be set aside");
        assert_says(message, place);
        g_assert_cmpuint(add_content(store, "app", "a: 1\n"), ==, 1);
        store = store_close(store);
        g_assert_cmpuint(count_entries(place), ==, 0);
}

static void test_not_to_be_set_aside(StoreScene *scene, const void *data)
{
        g_autofree char *log = g_strconcat(scene->database, "-wal", NULL);
        g_autofree char *content = NULL, *log_content = NULL;

        g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
        g_assert_true(g_file_set_contents(scene->database, "a: 1\n", -1, NULL));
        g_assert_true(g_file_set_contents(log, "log", -1, NULL));
        store_scene_in_child(open_not_to_be_set_aside, scene);
        g_assert_true(g_file_get_contents(scene->database, &content, NULL, NULL));
        g_assert_cmpstr(content, ==, "a: 1\n");
        g_assert_true(g_file_get_contents(log, &log_content, NULL, NULL));
        g_assert_cmpstr(log_content, ==, "log");
}

/* Where the first place does not do, the next is tried. */
static void open_with_small_place(const StoreScene *scene)
{
        g_autofree char *small = make_place(scene);
        g_autofree char *next = g_build_filename(scene->root, "next", NULL);
        g_autofree char *filler = g_strnfill(200000, 'x');
        g_autofree char *epoch = NULL;

        store_scene_make_history(scene);
        {
                g_autoptr(Store) store = store_scene_open(scene->directory);

                (void) add_content(store, "other", filler);
        }
        g_assert_cmpint(g_mkdir(next, 0700), ==, 0);
        enter_or_skip();
        mount_read_only(scene->directory);
        mount_or_skip("none", small, "tmpfs", 0, "size=64k");
        mount_or_skip(next, geteuid() == 0 ? "/run" : "/tmp", NULL, MS_BIND, NULL);
        epoch = assert_volatile(scene->directory, geteuid() == 0 ? "/run" : "/tmp", "is read-only",
                                STORE_SCENE_HISTORY);
        g_assert_cmpuint(count_entries(small), ==, 0);
}

static void test_small_place(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_with_small_place, scene);
}

/* A real disk without room: first for a database, then for a version. */
static void fill_disk(const StoreScene *scene)
{
        g_autofree char *filler = g_build_filename(scene->directory, "filler", NULL);
        g_autofree char *content = g_strnfill(30000, 'x');
        g_autofree char *room = g_malloc0(1024 * 1024);
        g_autofree char *place = make_place(scene);
        g_autofree char *epoch = NULL;
        g_autoptr(Version) version = version_of(content, NULL);
        g_autoptr(Store) store = NULL;
        Failure *failure = NULL;
        uint64_t number = 0;
        int fd;

        g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
        enter_or_skip();
        mount_or_skip("none", scene->directory, "tmpfs", 0, "size=1m");
        fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        g_assert_cmpint(write(fd, room, 1024 * 1024), ==, 1024 * 1024);
        epoch = assert_volatile(scene->directory, place, "the disk is full", "");

        g_assert_cmpint(ftruncate(fd, 256 * 1024), ==, 0);
        store = store_scene_open(scene->directory);
        while (!failure) {
                failure = store_add_version(store, "app", version, VERSION_SUPERSEDED);
                g_assert_cmpuint(version->number, ==, failure ? number : number + 1);
                number = version->number;
        }
        assert_failed(failure, FAILURE_WRITE_FAILED, "The new version of config 'app'");
        assert_layers(store, "app", number, content);

        g_assert_cmpint(ftruncate(fd, 0), ==, 0);
        (void) close(fd);
        g_assert_cmpuint(add_content(store, "app", "a: 1\n"), ==, number + 1);
}

static void test_full_disk(StoreScene *scene, const void *data)
{
        store_scene_in_child(fill_disk, scene);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/volatile/file-in-the-way", test_file_in_the_way, NULL);
        store_scene_add("/volatile/read-only", test_read_only, NULL);
        store_scene_add("/volatile/killed-read-only", test_killed_read_only, NULL);
        store_scene_add("/volatile/empty-read-only", test_empty_read_only, NULL);
        store_scene_add("/volatile/damaged-read-only", test_damaged_read_only, NULL);
        store_scene_add("/volatile/damaged-content-read-only", test_damaged_content_read_only, NULL);
        store_scene_add("/volatile/marked-read-only", test_marked_read_only, NULL);
        store_scene_add("/volatile/not-to-be-set-aside", test_not_to_be_set_aside, NULL);
        store_scene_add("/volatile/small-place", test_small_place, NULL);
        store_scene_add("/volatile/full-disk", test_full_disk, NULL);
        return g_test_run();
}
