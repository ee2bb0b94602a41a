/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths that change their meaning: links, and directories that move, vanish and come back
 */
#include "daemon/watch/watcher.h"

#include "tests/support/watch-scene.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* An app's directory with a file in it: APP, APP/conf, APP/conf/f. */
static void make_app(const WatchScene *scene, const char *app)
{
        g_autofree char *conf = g_build_filename(app, "conf", NULL);
        g_autofree char *file = g_build_filename(conf, "f", NULL);

        scene_mkdir(scene, app);
        scene_mkdir(scene, conf);
        scene_write(scene, file);
}

static void test_directory_moved(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        make_app(scene, "app");
        ear = ear_new_file(scene, "app/conf/f");

        /* The parent. */
        scene_rename(scene, "app/conf", "app/away");
        ear_assert(ear, "W");
        scene_write(scene, "app/away/f");
        ear_assert(ear, "");
        scene_rename(scene, "app/away", "app/conf");
        ear_assert(ear, "F");

        /* Its parent. */
        scene_rename(scene, "app", "away");
        ear_assert(ear, "W");
        scene_rename(scene, "away", "app");
        ear_assert(ear, "F");
        scene_save(scene, "app/conf/f");
        ear_assert(ear, "F");
}

static void test_another_moved_into_place(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        make_app(scene, "app");
        make_app(scene, "other");
        make_app(scene, "third");
        ear = ear_new_file(scene, "app/conf/f");

        scene_rename(scene, "app", "old");
        ear_assert(ear, "W");
        scene_rename(scene, "other", "app");
        ear_assert(ear, "F");
        scene_save(scene, "app/conf/f");
        ear_assert(ear, "F");
        scene_save(scene, "old/conf/f");
        ear_assert(ear, "");

        /* So fast that it was never seen missing. */
        scene_rename(scene, "app", "older");
        scene_rename(scene, "third", "app");
        ear_assert(ear, "W");
        scene_save(scene, "app/conf/f");
        ear_assert(ear, "F");
        scene_save(scene, "older/conf/f");
        ear_assert(ear, "");
}

static void test_tree_removed(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        make_app(scene, "app");
        ear = ear_new_file(scene, "app/conf/f");

        scene_remove(scene, "app/conf/f");
        scene_remove(scene, "app/conf");
        scene_remove(scene, "app");
        ear_assert(ear, "W");
        make_app(scene, "app");
        ear_assert(ear, "W");
        scene_save(scene, "app/conf/f");
        ear_assert(ear, "F");
}

static void test_removed_in_use(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        g_autofree char *conf = watch_scene_path(scene, "app/conf");
        g_autofree char *app = watch_scene_path(scene, "app");
        int in_conf, in_app;

        make_app(scene, "app");
        ear = ear_new_file(scene, "app/conf/f");

        /* As by a shell that sits in it: the kernel does not tell that such a directory went. */
        in_conf = open(conf, O_PATH | O_CLOEXEC);
        in_app = open(app, O_PATH | O_CLOEXEC);
        g_assert_cmpint(in_conf, >=, 0);
        g_assert_cmpint(in_app, >=, 0);

        scene_remove(scene, "app/conf/f");
        ear_assert(ear, "W");
        scene_remove(scene, "app/conf");
        ear_assert(ear, "W");
        scene_remove(scene, "app");
        ear_assert(ear, "W");
        make_app(scene, "app");
        ear_assert(ear, "W");
        scene_save(scene, "app/conf/f");
        ear_assert(ear, "F");

        g_assert_cmpint(close(in_conf), ==, 0);
        g_assert_cmpint(close(in_app), ==, 0);
}

static void test_missing_parents(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = ear_new_file(scene, "a/b/c/f");

        scene_mkdir(scene, "other");
        ear_assert(ear, "");
        scene_mkdir(scene, "a");
        ear_assert(ear, "W");
        scene_mkdir(scene, "a/other");
        ear_assert(ear, "");
        scene_mkdir(scene, "a/b");
        ear_assert(ear, "W");
        scene_mkdir(scene, "a/b/c");
        ear_assert(ear, "W");
        scene_write(scene, "a/b/c/f");
        ear_assert(ear, "F");

        /* All of it before the first event is read. */
        scene_rename(scene, "a", "old");
        ear_assert(ear, "W");
        scene_mkdir(scene, "a");
        scene_mkdir(scene, "a/b");
        scene_mkdir(scene, "a/b/c");
        scene_write(scene, "a/b/c/f");
        ear_assert(ear, "W");
        scene_save(scene, "a/b/c/f");
        ear_assert(ear, "F");
}

static void test_file_for_directory(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        scene_write(scene, "app");
        ear = ear_new_file(scene, "app/conf/f");
        scene_remove(scene, "app");
        make_app(scene, "app");
        ear_assert(ear, "W");
        scene_save(scene, "app/conf/f");
        ear_assert(ear, "F");
}

static void test_directory_for_file(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = ear_new_file(scene, "f");

        scene_mkdir(scene, "f");
        ear_assert(ear, "W");
        scene_remove(scene, "f");
        ear_assert(ear, "W");
        scene_write(scene, "f");
        ear_assert(ear, "F");
}

static void test_chain_of_links(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        g_autofree char *absolute = NULL;

        make_app(scene, "one");
        make_app(scene, "two");
        scene_mkdir(scene, "links");
        absolute = watch_scene_path(scene, "links/second");
        scene_symlink(scene, "../one/conf/f", "links/second");
        scene_symlink(scene, absolute, "first");
        ear = ear_new_file(scene, "first");

        scene_save(scene, "one/conf/f");
        ear_assert(ear, "F");
        scene_write(scene, "two/conf/f");
        ear_assert(ear, "");

        /* The one in the middle, by rename. */
        scene_symlink(scene, "../two/conf/f", "links/new");
        scene_rename(scene, "links/new", "links/second");
        ear_assert(ear, "F");
        scene_write(scene, "one/conf/f");
        ear_assert(ear, "");
        scene_write(scene, "two/conf/f");
        ear_assert(ear, "F");

        /* A directory that only the target runs through. */
        scene_rename(scene, "two", "away");
        ear_assert(ear, "W");
        scene_rename(scene, "away", "two");
        ear_assert(ear, "F");

        /* No link any more. */
        scene_save(scene, "first");
        ear_assert(ear, "F");
        scene_write(scene, "two/conf/f");
        ear_assert(ear, "");
        scene_write(scene, "first");
        ear_assert(ear, "F");
}

static void test_link_to_directory(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        make_app(scene, "one");
        make_app(scene, "two");
        scene_symlink(scene, "one", "current");
        ear = ear_new_file(scene, "current/conf/f");

        /* As ln -sfn does where it cannot rename: away, then there again. */
        scene_remove(scene, "current");
        scene_symlink(scene, "two", "current");
        ear_assert(ear, "F");
        scene_write(scene, "one/conf/f");
        ear_assert(ear, "");
        scene_write(scene, "two/conf/f");
        ear_assert(ear, "F");

        scene_remove(scene, "current");
        ear_assert(ear, "W");
        scene_symlink(scene, "one", "current");
        ear_assert(ear, "F");
}

static void test_kubernetes(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        scene_mkdir(scene, "..2026_01");
        scene_write(scene, "..2026_01/config.yaml");
        scene_symlink(scene, "..2026_01", "..data");
        scene_symlink(scene, "..data/config.yaml", "config.yaml");
        ear = ear_new_file(scene, "config.yaml");

        for (unsigned i = 0; i < 2; i++) {
                const char *fresh = i == 0 ? "..2026_02" : "..2026_01";
                const char *stale = i == 0 ? "..2026_01" : "..2026_02";
                g_autofree char *fresh_file = g_build_filename(fresh, "config.yaml", NULL);
                g_autofree char *stale_file = g_build_filename(stale, "config.yaml", NULL);

                scene_mkdir(scene, fresh);
                scene_write(scene, fresh_file);
                scene_symlink(scene, fresh, "..data_tmp");
                ear_assert(ear, "");
                scene_rename(scene, "..data_tmp", "..data");
                ear_assert(ear, "F");
                scene_remove(scene, stale_file);
                scene_remove(scene, stale);
                ear_assert(ear, "");
        }
}

static void test_dangling_link(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        scene_symlink(scene, "app/conf/f", "f");
        ear = ear_new_file(scene, "f");
        scene_mkdir(scene, "app");
        ear_assert(ear, "W");
        scene_mkdir(scene, "app/conf");
        ear_assert(ear, "W");
        scene_write(scene, "app/conf/f");
        ear_assert(ear, "F");
}

static void test_circle(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        scene_symlink(scene, "b", "a");
        scene_symlink(scene, "a", "b");
        ear = ear_new_file(scene, "a");

        scene_save(scene, "b");
        ear_assert(ear, "F");
        scene_write(scene, "b");
        ear_assert(ear, "F");
}

static void test_long_name(WatchScene *scene, const void *data)
{
        g_autofree char *name = g_strnfill(300, 'n');
        g_autoptr(Ear) ear = ear_new_file(scene, name);

        scene_write(scene, "f");
        ear_assert(ear, "");
}

static void test_dots(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        make_app(scene, "app");
        make_app(scene, "other");
        ear = ear_new_file(scene, "app/./conf/../../other//conf/f");

        scene_save(scene, "other/conf/f");
        ear_assert(ear, "F");
        scene_rename(scene, "other", "away");
        ear_assert(ear, "W");
}

static void test_directory_through_link(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        make_app(scene, "one");
        make_app(scene, "two");
        scene_symlink(scene, "one/conf", "configs.d");
        ear = ear_new_directory(scene, "configs.d");

        scene_write(scene, "one/conf/g");
        ear_assert(ear, "F");
        scene_symlink(scene, "two/conf", "new");
        scene_rename(scene, "new", "configs.d");
        ear_assert(ear, "F");
        scene_write(scene, "one/conf/g");
        ear_assert(ear, "");
        scene_write(scene, "two/conf/g");
        ear_assert(ear, "F");
}

/* root may search any directory: be somebody else for a while. */
static bool drop_rights(const WatchScene *scene)
{
        bool is_root = geteuid() == 0;

        scene_chmod(scene, ".", 0755);
        if (is_root)
                g_assert_cmpint(seteuid(65534), ==, 0);
        return is_root;
}

static void restore_rights(bool was_root)
{
        if (!was_root)
                return;

        g_assert_cmpint(seteuid(0), ==, 0);
        g_assert_cmpint(prctl(PR_SET_DUMPABLE, 1), ==, 0);
}

static void test_barred(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        bool was_root;

        make_app(scene, "app");
        scene_chmod(scene, "app/conf", 0644);

        /* It may be read but not searched: so it can be watched for a change of that. */
        was_root = drop_rights(scene);
        ear = ear_new_file(scene, "app/conf/f");
        restore_rights(was_root);
        scene_chmod(scene, "app/conf", 0755);
        ear_assert(ear, "W");
        scene_save(scene, "app/conf/f");
        ear_assert(ear, "F");
}

static void test_unreadable_directory(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        bool was_root;

        make_app(scene, "app");
        scene_chmod(scene, "app/conf", 0711);

        /* It may be searched but not read: so it cannot be watched, only looked into. */
        was_root = drop_rights(scene);
        if (!was_root)
                scene_chmod(scene, "app/conf", 0311);
        ear = ear_new_file(scene, "app/conf/f");
        g_assert_false(watch_may_hang(ear->watch));
        ear_await(ear);
        restore_rights(was_root);
        scene_save(scene, "app/conf/f");
        ear_await(ear);

        /* Once it may be watched, it is. */
        scene_chmod(scene, "app/conf", 0755);
        while (sd_event_run(scene->event, 10 * SCENE_POLL_USEC) > 0)
                continue;
        g_string_truncate(ear->heard, 0);
        scene_save(scene, "app/conf/f");
        ear_assert(ear, "F");
}

/* Does something to one or two of a few names, or fails to. */
static void do_anything(const WatchScene *scene)
{
        static const char *const names[] = { "a",   "b",   "c",     "a/b",   "b/b",
                                             "c/b", "a/f", "a/b/f", "b/b/f", "c/b/f" };
        static const char *const targets[] = {
                "a", "b", "c", "c/b", "../a", "../c/b", "f", "b/f", "../b/f"
        };
        g_autofree char *one = watch_scene_path(scene, names[g_test_rand_int_range(0, G_N_ELEMENTS(names))]);
        g_autofree char *two = watch_scene_path(scene, names[g_test_rand_int_range(0, G_N_ELEMENTS(names))]);
        const char *target = targets[g_test_rand_int_range(0, G_N_ELEMENTS(targets))];
        int fd;

        switch (g_test_rand_int_range(0, 6)) {
        case 0:
        case 1:
                (void) !mkdir(one, 0755);
                break;
        case 2:
                (void) !rename(one, two);
                break;
        case 3:
                (void) !symlink(target, one);
                break;
        case 4:
                (void) !remove(one);
                break;
        default:
                fd = open(one, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
                if (fd >= 0)
                        close(fd);
                break;
        }
}

static void test_anything(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) file = ear_new_file(scene, "a/b/f");
        g_autoptr(Ear) directory = ear_new_directory(scene, "b/b");
        g_autofree char *path = watch_scene_path(scene, "a/b/f");
        g_autofree char *entry = watch_scene_path(scene, "b/b/entry");
        unsigned n_heard = 0;

        /* Whatever went before, some of it unheard until now: a save that is possible is heard. */
        for (unsigned round = 0; round < 3000; round++) {
                int fd;

                for (int i = g_test_rand_int_range(0, 4); i >= 0; i--)
                        do_anything(scene);
                watch_scene_drain(scene);
                g_string_truncate(file->heard, 0);
                g_string_truncate(directory->heard, 0);

                fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
                if (fd >= 0) {
                        close(fd);
                        ear_assert(file, "F");
                        n_heard++;
                }

                g_string_truncate(directory->heard, 0);
                fd = open(entry, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
                if (fd >= 0) {
                        close(fd);
                        ear_assert(directory, "F");
                        g_assert_cmpint(unlink(entry), ==, 0);
                        n_heard++;
                }
        }

        g_assert_cmpuint(n_heard, >, 0);
}

typedef struct Flip {
        const WatchScene *scene;
        int delay; /* µs */
        bool even;
} Flip;

static void *flip_link(void *data)
{
        const Flip *flip = data;
        gint64 start = g_get_monotonic_time() + flip->delay;

        scene_symlink(flip->scene, flip->even ? "two" : "one", "new");
        while (g_get_monotonic_time() < start)
                continue;
        scene_rename(flip->scene, "new", "current");
        return NULL;
}

static void test_changed_while_added(WatchScene *scene, const void *data)
{
        make_app(scene, "one");
        make_app(scene, "two");
        scene_symlink(scene, "one", "current");

        /* Whether the link changed before, while or after the path was followed: it is followed to its end.
         */
        for (int i = 0; i < 2000; i++) {
                Flip flip = { scene, g_test_rand_int_range(0, 80), i % 2 == 0 };
                GThread *thread = g_thread_new("flip", flip_link, &flip);
                g_autoptr(Ear) ear = NULL;
                gint64 start = g_get_monotonic_time() + 60;

                while (g_get_monotonic_time() < start)
                        continue;
                ear = ear_new_file(scene, "current/conf/f");
                g_thread_join(thread);
                watch_scene_drain(scene);
                g_string_truncate(ear->heard, 0);

                scene_save(scene, "current/conf/f");
                ear_assert(ear, "F");
        }
}

int main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
        watch_scene_add("/watcher/directory-moved", test_directory_moved);
        watch_scene_add("/watcher/another-moved-into-place", test_another_moved_into_place);
        watch_scene_add("/watcher/tree-removed", test_tree_removed);
        watch_scene_add("/watcher/removed-in-use", test_removed_in_use);
        watch_scene_add("/watcher/missing-parents", test_missing_parents);
        watch_scene_add("/watcher/file-for-directory", test_file_for_directory);
        watch_scene_add("/watcher/directory-for-file", test_directory_for_file);
        watch_scene_add("/watcher/chain-of-links", test_chain_of_links);
        watch_scene_add("/watcher/link-to-directory", test_link_to_directory);
        watch_scene_add("/watcher/kubernetes", test_kubernetes);
        watch_scene_add("/watcher/dangling-link", test_dangling_link);
        watch_scene_add("/watcher/circle", test_circle);
        watch_scene_add("/watcher/long-name", test_long_name);
        watch_scene_add("/watcher/dots", test_dots);
        watch_scene_add("/watcher/directory-through-link", test_directory_through_link);
        watch_scene_add("/watcher/barred", test_barred);
        watch_scene_add("/watcher/unreadable-directory", test_unreadable_directory);
        watch_scene_add("/watcher/anything", test_anything);
        watch_scene_add("/watcher/changed-while-added", test_changed_while_added);
        return g_test_run();
}
