/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of opening a database where it cannot be: another has it, the disk is full or read-only
 */
#include "tests/support/namespace.h"
#include "tests/support/store-scene.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_directory_not_to_be_made(StoreScene *scene, const void *data)
{
        g_autofree char *file = g_build_filename(scene->root, "state", NULL);
        Store *store = NULL;

        g_assert_true(g_file_set_contents(file, "", 0, NULL));
        assert_failed(store_open(scene->directory, &store, NULL), FAILURE_WRITE_FAILED, scene->directory);
        g_assert_null(store);
}

/* Runs in a process of its own, as far as it must be; SQLite does not tell two uses by one process apart. */
static void in_child(void (*function)(const StoreScene *), const StoreScene *scene)
{
        int status;
        pid_t pid;

        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                function(scene);
                _exit(0);
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                g_test_skip("mounting is not allowed here");
        else
                g_assert_cmpint(status, ==, 0);
}

static void open_in_vain(const StoreScene *scene)
{
        Store *store = NULL;

        assert_failed(store_open(scene->directory, &store, NULL), FAILURE_WRITE_FAILED,
                      "is in use by another process");
}

static void test_second_daemon(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        in_child(open_in_vain, scene);
        g_assert_cmpuint(add_content(store, "app", "a: 1\n"), ==, 1);
        in_child(open_in_vain, scene);
        g_assert_cmpuint(add_content(store, "app", "a: 2\n"), ==, 2);
        store = store_close(store);
        store = store_scene_open(scene->directory);
        assert_history(store, "app", STORE_SCENE_HISTORY);
}

/* Where not even that is allowed, there is no test. */
static void enter_or_skip(void)
{
        if (!enter_namespace())
                _exit(77);
}

static void mount_or_skip(const char *source, const char *target, const char *type, unsigned long flags,
                          const char *options)
{
        if (mount(source, target, type, flags, options) < 0)
                _exit(77);
}

static void open_read_only(const StoreScene *scene)
{
        g_autofree char *below = g_build_filename(scene->directory, "below", NULL);
        Store *store = NULL;

        store_scene_make_history(scene);
        enter_or_skip();
        mount_or_skip(scene->directory, scene->directory, NULL, MS_BIND, NULL);
        mount_or_skip(NULL, scene->directory, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
        assert_failed(store_open(scene->directory, &store, NULL), FAILURE_WRITE_FAILED, "is read-only");
        assert_failed(store_open(below, &store, NULL), FAILURE_WRITE_FAILED, "cannot be created");

        g_assert_cmpint(umount2(scene->directory, MNT_DETACH), ==, 0);
        store = store_scene_open(scene->directory);
        assert_history(store, "app", STORE_SCENE_HISTORY);
        store_close(store);
}

static void test_read_only(StoreScene *scene, const void *data)
{
        in_child(open_read_only, scene);
}

static void open_empty_read_only(const StoreScene *scene)
{
        Store *store = NULL;

        g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
        enter_or_skip();
        mount_or_skip("none", scene->directory, "tmpfs", MS_RDONLY, NULL);
        assert_failed(store_open(scene->directory, &store, NULL), FAILURE_WRITE_FAILED, "cannot be created");
}

static void test_empty_read_only(StoreScene *scene, const void *data)
{
        in_child(open_empty_read_only, scene);
}

/* What is mounted cannot be renamed. */
static void open_not_to_be_set_aside(const StoreScene *scene)
{
        Store *store = NULL;

        g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
        g_assert_true(g_file_set_contents(scene->database, "a: 1\n", -1, NULL));
        enter_or_skip();
        mount_or_skip(scene->database, scene->database, NULL, MS_BIND, NULL);
        assert_failed(store_open(scene->directory, &store, NULL), FAILURE_WRITE_FAILED,
                      "cannot be set aside");
}

static void test_not_to_be_set_aside(StoreScene *scene, const void *data)
{
        g_autofree char *content = NULL;

        in_child(open_not_to_be_set_aside, scene);
        g_assert_true(g_file_get_contents(scene->database, &content, NULL, NULL));
        g_assert_cmpstr(content, ==, "a: 1\n");
}

/* A real disk without room: first for a database, then for a version. */
static void fill_disk(const StoreScene *scene)
{
        g_autofree char *filler = g_build_filename(scene->directory, "filler", NULL);
        g_autofree char *content = g_strnfill(30000, 'x');
        g_autofree char *room = g_malloc0(1024 * 1024);
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
        assert_failed(store_open(scene->directory, &store, NULL), FAILURE_WRITE_FAILED, "the disk is full");

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
        in_child(fill_disk, scene);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/database-refused/directory-not-to-be-made", test_directory_not_to_be_made, NULL);
        store_scene_add("/database-refused/second-daemon", test_second_daemon, NULL);
        store_scene_add("/database-refused/read-only", test_read_only, NULL);
        store_scene_add("/database-refused/empty-read-only", test_empty_read_only, NULL);
        store_scene_add("/database-refused/not-to-be-set-aside", test_not_to_be_set_aside, NULL);
        store_scene_add("/database-refused/full-disk", test_full_disk, NULL);
        return g_test_run();
}
