/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/watch-scene.h"

#include "tests/support/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct NamespaceTest {
        char *inner;
        void (*test)(WatchScene *, const void *);
} NamespaceTest;

/* Ends the test where a system call failed. */
static int check(int result)
{
        if (result < 0)
                g_error("system call failed: %s", g_strerror(errno));
        return result;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
        return remove(path);
}

static void scene_set_up(WatchScene *scene, const void *data)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *directory = g_dir_make_tmp("reconf-watch-XXXXXX", &error);

        g_assert_no_error(error);
        scene->directory = realpath(directory, NULL);
        g_assert_nonnull(scene->directory);
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        g_assert_cmpint(watcher_new(scene->event, &scene->watcher), ==, 0);
}

static void scene_tear_down(WatchScene *scene, const void *data)
{
        scene->watcher = watcher_free(scene->watcher);
        scene->event = sd_event_unref(scene->event);
        check(nftw(scene->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT));
        free(scene->directory);
}

void watch_scene_add(const char *path, void (*test)(WatchScene *, const void *))
{
        g_test_add(path, WatchScene, NULL, scene_set_up, test, scene_tear_down);
}

static bool may_enter_namespace(void)
{
        int status = 0;
        pid_t child = check(fork());

        if (child == 0)
                _exit(enter_namespace() ? 0 : 1);

        check(waitpid(child, &status, 0));
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void run_in_namespace(const void *data)
{
        const NamespaceTest *test = data;

        if (!may_enter_namespace()) {
                g_test_skip("needs a mount namespace");
                return;
        }

        g_test_trap_subprocess(test->inner, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
        g_test_trap_assert_passed();
}

static void run_inside(const void *data)
{
        const NamespaceTest *test = data;
        WatchScene scene = { 0 };

        g_assert_true(enter_namespace());
        scene_set_up(&scene, NULL);
        test->test(&scene, NULL);
        scene_tear_down(&scene, NULL);
}

static void namespace_test_free(void *data)
{
        NamespaceTest *test = data;

        g_free(test->inner);
        g_free(test);
}

void watch_scene_add_namespace(const char *path, void (*test)(WatchScene *, const void *))
{
        for (unsigned i = 0; i < 2; i++) {
                NamespaceTest *run = g_new0(NamespaceTest, 1);

                run->inner = g_strconcat(path, "/subprocess", NULL);
                run->test = test;
                if (i == 0)
                        g_test_add_data_func_full(path, run, (GTestDataFunc) run_in_namespace,
                                                  namespace_test_free);
                else
                        g_test_add_data_func_full(run->inner, run, (GTestDataFunc) run_inside,
                                                  namespace_test_free);
        }
}

char *watch_scene_path(const WatchScene *scene, const char *name)
{
        return g_build_filename(scene->directory, name, NULL);
}

void watch_scene_drain(const WatchScene *scene)
{
        while (check(sd_event_run(scene->event, 0)) > 0)
                continue;
}

static unsigned count_marks_of(const char *fd)
{
        g_autofree char *path = g_build_filename("/proc/self/fdinfo", fd, NULL);
        g_autofree char *text = NULL;
        unsigned n = 0;

        /* The descriptor of the directory being read is gone by now. */
        if (!g_file_get_contents(path, &text, NULL, NULL))
                return 0;

        for (const char *line = text; (line = strstr(line, "inotify wd:")); line++)
                n++;
        return n;
}

unsigned watch_scene_count_marks(void)
{
        g_autoptr(GDir) directory = g_dir_open("/proc/self/fdinfo", 0, NULL);
        const char *name;
        unsigned n = 0;

        g_assert_nonnull(directory);
        while ((name = g_dir_read_name(directory)))
                n += count_marks_of(name);
        return n;
}

static void on_change(Watch *watch, WatchEvent event, void *userdata)
{
        Ear *ear = userdata;
        Ear *other = g_steal_pointer(&ear->frees);

        g_assert_true(watch == ear->watch);
        g_string_append_c(ear->heard, event == WATCH_FINISHED ? 'F' : 'W');
        if (other)
                other->watch = watch_free(other->watch);
}

static Ear *ear_new(WatchScene *scene)
{
        Ear *ear = g_new0(Ear, 1);

        ear->scene = scene;
        ear->heard = g_string_new(NULL);
        return ear;
}

Ear *ear_new_file(WatchScene *scene, const char *name)
{
        g_autofree char *path = watch_scene_path(scene, name);
        Ear *ear = ear_new(scene);

        g_assert_cmpint(watcher_add_file(scene->watcher, path, SCENE_POLL_USEC, on_change, ear, &ear->watch),
                        ==, 0);
        return ear;
}

Ear *ear_new_directory(WatchScene *scene, const char *name)
{
        g_autofree char *path = watch_scene_path(scene, name);
        Ear *ear = ear_new(scene);

        g_assert_cmpint(watcher_add_directory(scene->watcher, path, SCENE_POLL_USEC, on_change, ear,
                                              &ear->watch),
                        ==, 0);
        return ear;
}

Ear *ear_free(Ear *ear)
{
        if (!ear)
                return NULL;

        watch_free(ear->watch);
        g_string_free(ear->heard, TRUE);
        g_free(ear);
        return NULL;
}

void ear_assert(Ear *ear, const char *heard)
{
        watch_scene_drain(ear->scene);
        g_assert_cmpstr(ear->heard->str, ==, heard);
        g_string_truncate(ear->heard, 0);
}

void ear_await(Ear *ear)
{
        gint64 end = g_get_monotonic_time() + SCENE_TIMEOUT_USEC;

        while (ear->heard->len == 0) {
                g_assert_cmpint(g_get_monotonic_time(), <, end);
                check(sd_event_run(ear->scene->event, SCENE_TIMEOUT_USEC));
        }
        g_string_truncate(ear->heard, 0);
}

void scene_mkdir(const WatchScene *scene, const char *name)
{
        g_autofree char *path = watch_scene_path(scene, name);

        check(mkdir(path, 0755));
}

void scene_rename(const WatchScene *scene, const char *from, const char *to)
{
        g_autofree char *source = watch_scene_path(scene, from);
        g_autofree char *target = watch_scene_path(scene, to);

        check(rename(source, target));
}

void scene_remove(const WatchScene *scene, const char *name)
{
        g_autofree char *path = watch_scene_path(scene, name);

        check(remove(path));
}

void scene_symlink(const WatchScene *scene, const char *target, const char *name)
{
        g_autofree char *path = watch_scene_path(scene, name);

        check(symlink(target, path));
}

int scene_open(const WatchScene *scene, const char *name)
{
        g_autofree char *path = watch_scene_path(scene, name);

        return check(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
}

void scene_write(const WatchScene *scene, const char *name)
{
        int fd = scene_open(scene, name);

        g_assert_cmpint(write(fd, "a: 1\n", 5), ==, 5);
        check(close(fd));
}

void scene_save(const WatchScene *scene, const char *name)
{
        g_autofree char *temporary = g_strconcat(name, ".tmp", NULL);

        scene_write(scene, temporary);
        scene_rename(scene, temporary, name);
}

void scene_chmod(const WatchScene *scene, const char *name, unsigned mode)
{
        g_autofree char *path = watch_scene_path(scene, name);

        check(chmod(path, (mode_t) mode));
}
