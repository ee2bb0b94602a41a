/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One path that stays where it is: what saves look like, who hears them, and what they cost
 */
#include "daemon/watch/watcher.h"

#include "tests/support/watch-scene.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_MANY 1000U

static void write_some(int fd)
{
        g_assert_cmpint(write(fd, "a: 1\n", 5), ==, 5);
}

static void test_rename_save(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        scene_write(scene, "f");
        ear = ear_new_file(scene, "f");
        for (unsigned i = 0; i < 3; i++) {
                scene_save(scene, "f");
                ear_assert(ear, "F");
        }
}

static void test_write_in_place(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        int fd;

        scene_write(scene, "f");
        ear = ear_new_file(scene, "f");

        /* Read together, a save is one call. */
        scene_write(scene, "f");
        ear_assert(ear, "F");

        /* A writer that keeps it open is heard at each write. */
        fd = scene_open(scene, "f");
        ear_assert(ear, "W");
        write_some(fd);
        ear_assert(ear, "W");
        write_some(fd);
        ear_assert(ear, "W");
        g_assert_cmpint(close(fd), ==, 0);
        ear_assert(ear, "F");
}

static void test_last_sign_counts(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        int fd;

        scene_write(scene, "f");
        ear = ear_new_file(scene, "f");

        /* Saved, but another writer goes on. */
        fd = scene_open(scene, "f");
        scene_write(scene, "f");
        write_some(fd);
        ear_assert(ear, "W");
        g_assert_cmpint(close(fd), ==, 0);
        ear_assert(ear, "F");

        /* Owner and mode after the content do not make it less whole. */
        scene_write(scene, "f");
        scene_chmod(scene, "f", 0600);
        ear_assert(ear, "F");
        scene_chmod(scene, ".", 0711);
        ear_assert(ear, "W");
        scene_write(scene, "f");
        scene_chmod(scene, ".", 0755);
        ear_assert(ear, "F");
}

static void test_chmod(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        scene_write(scene, "f");
        ear = ear_new_file(scene, "f");
        scene_chmod(scene, "f", 0600);
        ear_assert(ear, "W");
}

static void test_delete_and_recreate(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        int fd;

        scene_write(scene, "f");
        ear = ear_new_file(scene, "f");

        scene_remove(scene, "f");
        ear_assert(ear, "W");
        scene_write(scene, "f");
        ear_assert(ear, "F");

        scene_remove(scene, "f");
        scene_write(scene, "f");
        ear_assert(ear, "F");

        scene_remove(scene, "f");
        fd = scene_open(scene, "f");
        ear_assert(ear, "W");
        write_some(fd);
        g_assert_cmpint(close(fd), ==, 0);
        ear_assert(ear, "F");

        scene_rename(scene, "f", "g");
        ear_assert(ear, "W");
        scene_rename(scene, "g", "f");
        ear_assert(ear, "F");
}

static void test_deleted_while_open(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        int fd;

        scene_write(scene, "f");
        ear = ear_new_file(scene, "f");

        /* Who writes to the old file writes for nobody. */
        fd = scene_open(scene, "f");
        scene_save(scene, "f");
        ear_assert(ear, "F");
        write_some(fd);
        g_assert_cmpint(close(fd), ==, 0);
        ear_assert(ear, "");
}

static void test_links_into_place(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = ear_new_file(scene, "f");
        g_autofree char *from = watch_scene_path(scene, "other");
        g_autofree char *to = watch_scene_path(scene, "f");

        scene_write(scene, "other");
        ear_assert(ear, "");

        g_assert_cmpint(link(from, to), ==, 0);
        ear_assert(ear, "F");

        scene_remove(scene, "f");
        scene_symlink(scene, "other", "f");
        ear_assert(ear, "F");

        /* From now on it is the other one that counts. */
        scene_write(scene, "other");
        ear_assert(ear, "F");

        /* A link to nothing is no save. */
        scene_remove(scene, "f");
        scene_symlink(scene, "nothing", "f");
        ear_assert(ear, "W");
        scene_write(scene, "nothing");
        ear_assert(ear, "F");
}

static void test_other_names(WatchScene *scene, const void *data)
{
        static const char *const names[] = { ".f.swp", ".f.swx", "f~", "4913", "#f#",
                                             ".#f",    "f.bak",  "F",  "ff" };
        g_autoptr(Ear) ear = NULL;

        scene_write(scene, "f");
        ear = ear_new_file(scene, "f");

        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
                scene_write(scene, names[i]);
                scene_chmod(scene, names[i], 0600);
                scene_save(scene, names[i]);
                scene_remove(scene, names[i]);
        }
        ear_assert(ear, "");

        scene_save(scene, "f");
        ear_assert(ear, "F");
        g_assert_cmpuint(watcher_event_count(scene->watcher), >, G_N_ELEMENTS(names));
}

static void test_two_watches(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) one = NULL, two = NULL, same = NULL;

        scene_write(scene, "f");
        one = ear_new_file(scene, "f");
        two = ear_new_file(scene, "./f");
        same = ear_new_file(scene, "f");

        scene_save(scene, "f");
        ear_assert(one, "F");
        ear_assert(two, "F");
        ear_assert(same, "F");

        one = ear_free(one);
        scene_save(scene, "f");
        ear_assert(two, "F");
        ear_assert(same, "F");
}

static void test_freed_in_handler(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) one = ear_new_file(scene, "f");
        g_autoptr(Ear) two = ear_new_file(scene, "f");

        one->frees = two;
        two->frees = one;
        scene_write(scene, "f");
        watch_scene_drain(scene);
        g_assert_cmpuint(one->heard->len + two->heard->len, ==, 1);
        g_assert_true((one->watch == NULL) != (two->watch == NULL));

        one->frees = one->watch ? one : NULL;
        two->frees = two->watch ? two : NULL;
        scene_write(scene, "f");
        watch_scene_drain(scene);
        g_assert_cmpuint(one->heard->len + two->heard->len, ==, 2);
        g_assert_null(one->watch);
        g_assert_null(two->watch);
        g_assert_cmpuint(watch_scene_count_marks(), ==, 0);
}

static void free_ear(void *ear)
{
        ear_free(ear);
}

static void test_many(WatchScene *scene, const void *data)
{
        g_autoptr(GPtrArray) ears = g_ptr_array_new_with_free_func(free_ear);
        struct mallinfo2 before, after;
        unsigned n_marks;

        for (unsigned i = 0; i < N_MANY; i++) {
                g_autofree char *name = g_strdup_printf("config-%u.yaml", i);

                scene_write(scene, name);
        }

        g_ptr_array_add(ears, ear_new_file(scene, "config-0.yaml"));
        n_marks = watch_scene_count_marks();
        before = mallinfo2();
        for (unsigned i = 1; i < N_MANY; i++) {
                g_autofree char *name = g_strdup_printf("config-%u.yaml", i);

                g_ptr_array_add(ears, ear_new_file(scene, name));
        }
        after = mallinfo2();

        g_assert_cmpuint(watch_scene_count_marks(), ==, n_marks);
        /* Sanitizers keep their own books. The ears are in it. */
        if (before.uordblks > 0)
                g_assert_cmpuint(after.uordblks - before.uordblks, <, (N_MANY - 1) * 1024);

        scene_save(scene, "config-500.yaml");
        watch_scene_drain(scene);
        for (unsigned i = 0; i < N_MANY; i++) {
                const Ear *ear = ears->pdata[i];

                g_assert_cmpstr(ear->heard->str, ==, i == 500 ? "F" : "");
        }

        g_ptr_array_set_size(ears, 0);
        g_assert_cmpuint(watch_scene_count_marks(), ==, 0);
}

/* Fills the kernel's queue with events that nobody asked for. False: it is too long for that. */
static bool overflow(const WatchScene *scene)
{
        g_autofree char *text = NULL;
        uint64_t limit;

        g_assert_true(g_file_get_contents("/proc/sys/fs/inotify/max_queued_events", &text, NULL, NULL));
        limit = g_ascii_strtoull(text, NULL, 10);
        if (limit > 200000)
                return false;

        /* Each of these is two events at least, none like the one before. */
        for (uint64_t i = 0; i <= limit / 2; i++) {
                g_assert_cmpint(close(scene_open(scene, "other")), ==, 0);
                scene_remove(scene, "other");
        }
        return true;
}

static void test_overflow(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) file = NULL, elsewhere = NULL, directory = NULL;

        scene_mkdir(scene, "d");
        scene_write(scene, "d/f");
        scene_write(scene, "f");
        file = ear_new_file(scene, "f");
        elsewhere = ear_new_file(scene, "d/f");
        directory = ear_new_directory(scene, "d");

        if (!overflow(scene)) {
                g_test_skip("the kernel queues too many events");
                return;
        }

        /* Lost: the queue is full. Several reads may go before its end. */
        scene_rename(scene, "d", "gone");
        scene_mkdir(scene, "d");
        watch_scene_drain(scene);
        g_assert_cmpuint(file->heard->len, >, 0);
        g_assert_true(g_str_has_suffix(file->heard->str, "W"));
        g_assert_true(g_str_has_suffix(elsewhere->heard->str, "W"));
        g_assert_true(g_str_has_suffix(directory->heard->str, "W"));
        g_string_truncate(elsewhere->heard, 0);
        g_string_truncate(directory->heard, 0);

        /* The new directory is found all the same. */
        scene_write(scene, "d/f");
        ear_assert(elsewhere, "F");
        ear_assert(directory, "F");
}

static void test_busy_ancestors(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = ear_new_file(scene, "a/b/f");
        uint64_t count;

        /* Waiting for "a" takes events of its parent; once it is there, no longer. */
        scene_mkdir(scene, "a");
        scene_mkdir(scene, "a/b");
        scene_write(scene, "a/b/f");
        ear_assert(ear, "W");
        scene_save(scene, "a/b/f");
        ear_assert(ear, "F");

        count = watcher_event_count(scene->watcher);
        for (unsigned i = 0; i < 2; i++) {
                const char *name = i == 0 ? "busy" : "a/busy";

                scene_save(scene, name);
                scene_chmod(scene, name, 0600);
                scene_remove(scene, name);
        }
        ear_assert(ear, "");
        g_assert_cmpuint(watcher_event_count(scene->watcher), ==, count);
}

static void test_masks_after_free(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) above = ear_new_file(scene, "f");
        g_autoptr(Ear) ear = NULL;
        uint64_t count;

        scene_mkdir(scene, "a");
        scene_write(scene, "a/f");
        ear = ear_new_file(scene, "a/f");
        ear_assert(above, "");
        above = ear_free(above);

        /* The first event that nobody needs may come, then none. */
        scene_save(scene, "f");
        ear_assert(ear, "");
        count = watcher_event_count(scene->watcher);
        scene_save(scene, "f");
        ear_assert(ear, "");
        g_assert_cmpuint(watcher_event_count(scene->watcher), ==, count);

        scene_save(scene, "a/f");
        ear_assert(ear, "F");
}

static void test_directory(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        int fd;

        scene_mkdir(scene, "d");
        ear = ear_new_directory(scene, "d");

        scene_write(scene, "d/a");
        ear_assert(ear, "F");
        scene_save(scene, "d/a");
        ear_assert(ear, "F");
        fd = scene_open(scene, "d/b");
        ear_assert(ear, "W");
        /* What is written is for those who watch the file, until it is whole. */
        write_some(fd);
        ear_assert(ear, "");
        g_assert_cmpint(close(fd), ==, 0);
        ear_assert(ear, "F");
        scene_rename(scene, "d/b", "d/c");
        ear_assert(ear, "F");
        scene_rename(scene, "d/c", "c");
        ear_assert(ear, "W");
        scene_remove(scene, "d/a");
        ear_assert(ear, "W");
        scene_write(scene, "outside");
        ear_assert(ear, "");
}

static void test_directory_comes_and_goes(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = ear_new_directory(scene, "d");

        scene_mkdir(scene, "d");
        ear_assert(ear, "W");
        scene_write(scene, "d/a");
        ear_assert(ear, "F");
        scene_rename(scene, "d", "e");
        ear_assert(ear, "W");
        scene_write(scene, "e/a");
        ear_assert(ear, "");
        scene_rename(scene, "e", "d");
        ear_assert(ear, "F");
        scene_remove(scene, "d/a");
        scene_remove(scene, "d");
        ear_assert(ear, "W");

        /* A file is no directory, and becomes one later. */
        scene_write(scene, "d");
        ear_assert(ear, "W");
        scene_remove(scene, "d");
        scene_mkdir(scene, "d");
        ear_assert(ear, "W");
        scene_write(scene, "d/a");
        ear_assert(ear, "F");
}

static void test_refused(WatchScene *scene, const void *data)
{
        Watch *watch = NULL;

        g_assert_cmpint(watcher_add_file(scene->watcher, "f", SCENE_POLL_USEC, NULL, NULL, &watch), ==,
                        -EINVAL);
        g_assert_cmpint(watcher_add_directory(scene->watcher, "", SCENE_POLL_USEC, NULL, NULL, &watch), ==,
                        -EINVAL);
        g_assert_null(watch);
}

static void test_local(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        scene_write(scene, "f");
        ear = ear_new_file(scene, "f");
        g_assert_false(watch_may_hang(ear->watch));
        g_assert_cmpint(sd_event_run(scene->event, 3 * SCENE_POLL_USEC), ==, 0);
}

int main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
        watch_scene_add("/watcher/rename-save", test_rename_save);
        watch_scene_add("/watcher/write-in-place", test_write_in_place);
        watch_scene_add("/watcher/last-sign-counts", test_last_sign_counts);
        watch_scene_add("/watcher/chmod", test_chmod);
        watch_scene_add("/watcher/delete-and-recreate", test_delete_and_recreate);
        watch_scene_add("/watcher/deleted-while-open", test_deleted_while_open);
        watch_scene_add("/watcher/links-into-place", test_links_into_place);
        watch_scene_add("/watcher/other-names", test_other_names);
        watch_scene_add("/watcher/two-watches", test_two_watches);
        watch_scene_add("/watcher/freed-in-handler", test_freed_in_handler);
        watch_scene_add("/watcher/many", test_many);
        watch_scene_add("/watcher/overflow", test_overflow);
        watch_scene_add("/watcher/busy-ancestors", test_busy_ancestors);
        watch_scene_add("/watcher/masks-after-free", test_masks_after_free);
        watch_scene_add("/watcher/directory", test_directory);
        watch_scene_add("/watcher/directory-comes-and-goes", test_directory_comes_and_goes);
        watch_scene_add("/watcher/refused", test_refused);
        watch_scene_add("/watcher/local", test_local);
        return g_test_run();
}
