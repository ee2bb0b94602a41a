/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File systems that come, go, hang or send no events; and a kernel that gives no more watches
 */
#include "daemon/watch/watcher.h"

#include "tests/support/fuse-server.h"
#include "tests/support/watch-scene.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static void mount_on(const WatchScene *scene, const char *source, const char *target)
{
        g_autofree char *from = source ? watch_scene_path(scene, source) : NULL;
        g_autofree char *to = watch_scene_path(scene, target);

        g_assert_cmpint(mount(from ? from : "test", to, from ? NULL : "tmpfs", from ? MS_BIND : 0, NULL), ==,
                        0);
}

static void unmount(const WatchScene *scene, const char *target)
{
        g_autofree char *path = watch_scene_path(scene, target);

        g_assert_cmpint(umount(path), ==, 0);
}

static FuseServer *serve(const WatchScene *scene, const char *name, bool mute)
{
        g_autofree char *path = watch_scene_path(scene, name);
        FuseServer *server = fuse_server_new(path, mute);

        /* main() has looked whether it is to be had. */
        g_assert_nonnull(server);
        return server;
}

static void test_mounted_over(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        scene_mkdir(scene, "d");
        scene_write(scene, "d/f");
        scene_mkdir(scene, "elsewhere");
        ear = ear_new_file(scene, "d/f");

        mount_on(scene, NULL, "elsewhere");
        ear_assert(ear, "");
        mount_on(scene, NULL, "d");
        ear_assert(ear, "W");
        scene_write(scene, "d/f");
        ear_assert(ear, "F");
        unmount(scene, "d");
        ear_assert(ear, "F");
        scene_save(scene, "d/f");
        ear_assert(ear, "F");
        unmount(scene, "elsewhere");
        ear_assert(ear, "");
}

static void test_bound(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;

        scene_mkdir(scene, "other");
        scene_write(scene, "other/f");
        scene_mkdir(scene, "d");
        ear = ear_new_file(scene, "d/f");

        mount_on(scene, "other", "d");
        ear_assert(ear, "F");
        scene_save(scene, "other/f");
        ear_assert(ear, "F");
        unmount(scene, "d");
        ear_assert(ear, "W");
}

static void test_bound_file(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        int fd;

        scene_write(scene, "host");
        scene_mkdir(scene, "d");
        scene_write(scene, "d/f");
        ear = ear_new_file(scene, "d/f");

        /* As containers get single files. Their events do not come from the directory that they are seen in.
         */
        mount_on(scene, "host", "d/f");
        ear_assert(ear, "F");
        scene_write(scene, "host");
        ear_assert(ear, "F");
        fd = scene_open(scene, "d/f");
        ear_assert(ear, "W");
        g_assert_cmpint(close(fd), ==, 0);
        ear_assert(ear, "F");
        scene_chmod(scene, "host", 0600);
        ear_assert(ear, "W");

        unmount(scene, "d/f");
        ear_assert(ear, "F");
        scene_write(scene, "host");
        ear_assert(ear, "");
        scene_write(scene, "d/f");
        ear_assert(ear, "F");
}

static void test_polled(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) ear = NULL;
        FuseServer *server;

        scene_mkdir(scene, "d");
        scene_symlink(scene, "d/f", "link");
        ear = ear_new_file(scene, "link");
        g_assert_false(watch_may_hang(ear->watch));

        server = serve(scene, "d", false);
        ear_await(ear);
        g_assert_true(watch_may_hang(ear->watch));

        for (unsigned i = 0; i < 3; i++) {
                fuse_server_change(server);
                ear_await(ear);
        }

        fuse_server_free(server);
        ear_await(ear);
        g_assert_false(watch_may_hang(ear->watch));
        scene_write(scene, "d/f");
        g_string_truncate(ear->heard, 0);
        ear_assert(ear, "F");
}

static void test_hanging(WatchScene *scene, const void *data)
{
        g_autoptr(Ear) mute = NULL, polled = NULL, local = NULL;
        FuseServer *server, *dead;

        scene_mkdir(scene, "dead");
        scene_mkdir(scene, "alive");
        dead = serve(scene, "dead", true);
        server = serve(scene, "alive", false);

        /* The loop goes on, and so do looks at others. */
        mute = ear_new_file(scene, "dead/a/f");
        g_assert_true(watch_may_hang(mute->watch));
        local = ear_new_file(scene, "f");
        scene_write(scene, "f");
        ear_assert(local, "F");

        polled = ear_new_file(scene, "alive/f");
        ear_await(polled);
        for (unsigned i = 0; i < 3; i++) {
                fuse_server_change(server);
                ear_await(polled);
        }
        g_assert_cmpstr(mute->heard->str, ==, "");

        /* Neither does the watcher's end wait for it. */
        mute = ear_free(mute);
        polled = ear_free(polled);
        local = ear_free(local);
        scene->watcher = watcher_free(scene->watcher);
        fuse_server_free(dead);
        fuse_server_free(server);
}

static void set_limit(const char *name, unsigned value)
{
        g_autofree char *path = g_build_filename("/proc/sys/user", name, NULL);
        g_autofree char *text = g_strdup_printf("%u", value);
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t) strlen(text));
        g_assert_cmpint(close(fd), ==, 0);
}

static void test_used_up(WatchScene *scene, const void *data)
{
        g_autofree char *path = watch_scene_path(scene, "a/b/f");
        g_autoptr(Ear) ear = NULL;
        Watcher *watcher = NULL;
        Watch *watch = NULL;

        /* Limits of a user namespace are its own. */
        g_assert_cmpint(unshare(CLONE_NEWUSER), ==, 0);
        set_limit("max_inotify_instances", 0);
        g_assert_cmpint(watcher_new(scene->event, &watcher), ==, -EMFILE);
        g_assert_null(watcher);

        set_limit("max_inotify_instances", 10);
        watcher_free(scene->watcher);
        g_assert_cmpint(watcher_new(scene->event, &scene->watcher), ==, 0);

        set_limit("max_inotify_watches", 1);
        g_assert_cmpint(watcher_add_file(scene->watcher, path, SCENE_POLL_USEC, NULL, NULL, &watch), ==,
                        -ENOSPC);
        g_assert_null(watch);
        g_assert_cmpuint(watch_scene_count_marks(), ==, 0);

        /* Used up while running: then a slow look must do. */
        set_limit("max_inotify_watches", 1000);
        ear = ear_new_file(scene, "a/b/f");
        set_limit("max_inotify_watches", watch_scene_count_marks());
        scene_mkdir(scene, "a");
        scene_mkdir(scene, "a/b");
        ear_await(ear);
        g_assert_false(watch_may_hang(ear->watch));
        while (sd_event_run(scene->event, 0) > 0)
                continue;
        g_string_truncate(ear->heard, 0);
        scene_write(scene, "a/b/f");
        ear_await(ear);

        /* And no longer than it must. */
        set_limit("max_inotify_watches", 1000);
        while (sd_event_run(scene->event, 10 * SCENE_POLL_USEC) > 0)
                continue;
        g_string_truncate(ear->heard, 0);
        scene_save(scene, "a/b/f");
        ear_assert(ear, "F");
}

int main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
        watch_scene_add_namespace("/watcher/mounted-over", test_mounted_over);
        watch_scene_add_namespace("/watcher/bound", test_bound);
        watch_scene_add_namespace("/watcher/bound-file", test_bound_file);
        if (access("/dev/fuse", R_OK | W_OK) == 0) {
                watch_scene_add_namespace("/watcher/polled", test_polled);
                watch_scene_add_namespace("/watcher/hanging", test_hanging);
        }
        watch_scene_add_namespace("/watcher/used-up", test_used_up);
        return g_test_run();
}
