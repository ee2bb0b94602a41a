/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of memfds: whole, sealed, and each opening with an offset of its own
 */
#include "daemon/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static GBytes *make_bytes(gsize length)
{
        char *data = g_malloc(length);

        for (gsize i = 0; i < length; i++)
                data[i] = (char) (i * 7);
        return g_bytes_new_take(data, length);
}

static void test_content(const void *data)
{
        g_autoptr(GBytes) bytes = make_bytes(GPOINTER_TO_SIZE(data));
        int fd = memfd_new_sealed("test", bytes);
        int opened;
        g_autofree char *read_back = g_malloc(GPOINTER_TO_SIZE(data) + 1);

        g_assert_cmpint(fd, >=, 0);
        opened = memfd_reopen(fd);
        g_assert_cmpint(opened, >=, 0);
        g_assert_cmpint(read(opened, read_back, GPOINTER_TO_SIZE(data) + 1), ==, GPOINTER_TO_SIZE(data));
        g_assert_cmpmem(read_back, GPOINTER_TO_SIZE(data), g_bytes_get_data(bytes, NULL),
                        g_bytes_get_size(bytes));
        close(opened);
        close(fd);
}

static void test_sealed(void)
{
        g_autoptr(GBytes) bytes = make_bytes(100);
        int fd = memfd_new_sealed("test", bytes);
        int seals = fcntl(fd, F_GET_SEALS);
        struct stat status;

        g_assert_cmpint(seals, ==, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
        g_assert_cmpint(pwrite(fd, "x", 1, 0), <, 0);
        g_assert_cmpint(errno, ==, EPERM);
        g_assert_cmpint(ftruncate(fd, 0), <, 0);
        g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
        g_assert_cmpint(fstat(fd, &status), ==, 0);
        g_assert_cmpuint(status.st_mode & 07777, ==, 0444);
        close(fd);
}

static void test_reopened(void)
{
        g_autoptr(GBytes) bytes = make_bytes(100);
        int fd = memfd_new_sealed("test", bytes);
        int first = memfd_reopen(fd), second = memfd_reopen(fd);
        struct stat first_status, second_status;
        char buffer[100];

        g_assert_cmpint(fcntl(first, F_GETFL) & O_ACCMODE, ==, O_RDONLY);
        g_assert_cmpint(fcntl(first, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
        g_assert_cmpint(read(first, buffer, 60), ==, 60);
        /* What one reads moves no other, and the pages are the same. */
        g_assert_cmpint(read(second, buffer, 100), ==, 100);
        g_assert_cmpint(fstat(first, &first_status), ==, 0);
        g_assert_cmpint(fstat(second, &second_status), ==, 0);
        g_assert_cmpuint(first_status.st_ino, ==, second_status.st_ino);
        close(first);
        close(second);
        close(fd);
        g_assert_cmpint(memfd_reopen(fd), ==, -ENOENT);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_data_func("/memfd/content-empty", GSIZE_TO_POINTER(0), test_content);
        g_test_add_data_func("/memfd/content-small", GSIZE_TO_POINTER(1), test_content);
        g_test_add_data_func("/memfd/content-large", GSIZE_TO_POINTER(3 * 1024 * 1024 + 1), test_content);
        g_test_add_func("/memfd/sealed", test_sealed);
        g_test_add_func("/memfd/reopened", test_reopened);
        return g_test_run();
}
