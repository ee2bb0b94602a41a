/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of reading files
 */
#include "daemon/file.h"

#include "tests/support/file-scene.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_SIZE 1000U

static void assert_read(const char *path, const char *content)
{
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(Failure) failure = file_read(path, MAX_SIZE, &bytes);

        assert_success(failure);
        assert_bytes(bytes, content);
}

static void assert_refused(const char *path, FailureCode code, const char *message)
{
        GBytes *bytes = NULL;
        g_autoptr(Failure) failure = file_read(path, MAX_SIZE, &bytes);

        assert_failure(failure, code, path, message);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_READ);
        g_assert_null(bytes);
}

static void test_whole(FileScene *scene, const void *data)
{
        write_file(scene->file, "a: 1\n");
        assert_read(scene->file, "a: 1\n");
        write_file(scene->file, "");
        assert_read(scene->file, "");
}

static void test_link(FileScene *scene, const void *data)
{
        g_autofree char *link = scene_path(scene, "link");

        write_file(scene->file, "a: 1\n");
        g_assert_cmpint(symlink("config.yaml", link), ==, 0);
        assert_read(link, "a: 1\n");
}

/* Files of /proc say that they are empty. */
static void test_size_not_told(FileScene *scene, const void *data)
{
        g_autoptr(GBytes) bytes = NULL;
        g_autofree char *expected = NULL;
        size_t length;

        g_assert_true(g_file_get_contents("/proc/self/limits", &expected, &length, NULL));
        g_assert_null(file_read("/proc/self/limits", 100000, &bytes));
        g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), expected, length);
        assert_refused("/proc/self/limits", FAILURE_TOO_LARGE, "larger than 1000 bytes");
}

static void test_size_limit(FileScene *scene, const void *data)
{
        g_autofree char *content = g_strnfill(MAX_SIZE + 1, 'x');

        write_file(scene->file, content);
        assert_refused(scene->file, FAILURE_TOO_LARGE, "larger than 1000 bytes");
        content[MAX_SIZE] = '\0';
        write_file(scene->file, content);
        assert_read(scene->file, content);
}

static void test_larger_than_memory(FileScene *scene, const void *data)
{
        write_file(scene->file, "");
        g_assert_cmpint(truncate(scene->file, (off_t) 1 << 42), ==, 0);
        assert_refused(scene->file, FAILURE_TOO_LARGE, "make it smaller");
}

static void test_not_found(FileScene *scene, const void *data)
{
        g_autofree char *below = g_strconcat(scene->file, "/below", NULL);

        assert_refused(scene->file, FAILURE_FILE_NOT_FOUND, "No such file");
        write_file(scene->file, "");
        assert_refused(below, FAILURE_FILE_NOT_FOUND, "Not a directory");
}

static void test_kinds(FileScene *scene, const void *data)
{
        g_autofree char *fifo = scene_path(scene, "fifo");
        g_autofree char *path = scene_path(scene, "socket");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd;

        g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
        assert_refused(fifo, FAILURE_FILE_UNREADABLE, "a FIFO");

        g_assert_cmpuint(g_strlcpy(address.sun_path, path, sizeof(address.sun_path)), <,
                         sizeof(address.sun_path));
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(bind(fd, (struct sockaddr *) &address, sizeof(address)), ==, 0);
        assert_refused(path, FAILURE_FILE_UNREADABLE, "a socket");
        close(fd);

        assert_refused(scene->directory, FAILURE_FILE_UNREADABLE, "a directory");
        assert_refused("/dev/null", FAILURE_FILE_UNREADABLE, "a device");
}

static void test_circle(FileScene *scene, const void *data)
{
        g_assert_cmpint(symlink("config.yaml", scene->file), ==, 0);
        assert_refused(scene->file, FAILURE_FILE_UNREADABLE, "circle");
}

static void test_permission(FileScene *scene, const void *data)
{
        uid_t uid = geteuid();

        write_file(scene->file, "a: 1\n");
        g_assert_cmpint(chmod(scene->file, 0), ==, 0);
        if (uid == 0)
                g_assert_cmpint(seteuid(65534), ==, 0);
        assert_refused(scene->file, FAILURE_FILE_UNREADABLE,
                       "Permission denied; let the daemon's user read it");
        if (uid == 0)
                g_assert_cmpint(seteuid(uid), ==, 0);
}

/* A writer that never rests: what is returned is whole all the same, not an error and not a hang. */
static void *rewrite(void *data)
{
        FileScene *scene = data;
        int fd = open(scene->file, O_WRONLY | O_CLOEXEC);

        while (!g_atomic_int_get(&scene->stop))
                g_assert_cmpint(pwrite(fd, "b: 2\n", 5, 0), ==, 5);
        close(fd);
        return NULL;
}

static void test_busy_writer(FileScene *scene, const void *data)
{
        GThread *writer;

        write_file(scene->file, "b: 2\n");
        writer = g_thread_new("writer", rewrite, scene);
        for (int i = 0; i < 2000; i++)
                assert_read(scene->file, "b: 2\n");
        g_atomic_int_set(&scene->stop, 1);
        g_thread_join(writer);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        scene_add("/file/whole", test_whole);
        scene_add("/file/link", test_link);
        scene_add("/file/size-not-told", test_size_not_told);
        scene_add("/file/size-limit", test_size_limit);
        scene_add("/file/larger-than-memory", test_larger_than_memory);
        scene_add("/file/not-found", test_not_found);
        scene_add("/file/kinds", test_kinds);
        scene_add("/file/circle", test_circle);
        scene_add("/file/permission", test_permission);
        scene_add("/file/busy-writer", test_busy_writer);
        return g_test_run();
}
