/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of private files: who may read them, and that nothing stays
 */
#include "daemon/private-file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static PrivateFile *make(const char *name, uid_t uid)
{
        g_autoptr(GBytes) bytes = g_bytes_new_static("a: 1\n", 5);
        PrivateFile *file = NULL;

        g_assert_cmpint(private_file_new(name, bytes, uid, uid, &file), ==, 0);
        return file;
}

static void test_content(void)
{
        const uid_t uid = geteuid() == 0 ? 65534 : geteuid();
        g_autoptr(PrivateFile) file = make("app.yaml", uid);
        g_autofree char *base = g_path_get_basename(file->path), *parent = g_path_get_dirname(file->path);
        g_autofree char *content = NULL, *directory = NULL;
        struct stat status;

        g_assert_cmpstr(base, ==, "app.yaml");
        g_assert_cmpstr(parent, ==, file->directory);
        g_assert_true(g_file_get_contents(file->path, &content, NULL, NULL));
        g_assert_cmpstr(content, ==, "a: 1\n");
        g_assert_cmpint(stat(file->path, &status), ==, 0);
        g_assert_cmpuint(status.st_mode & 07777, ==, 0600);
        g_assert_cmpuint(status.st_uid, ==, uid);
        g_assert_cmpint(stat(file->directory, &status), ==, 0);
        g_assert_cmpuint(status.st_mode & 07777, ==, 0700);
        g_assert_cmpuint(status.st_uid, ==, uid);

        directory = g_strdup(file->directory);
        g_assert_null(private_file_free(g_steal_pointer(&file)));
        g_assert_false(g_file_test(directory, G_FILE_TEST_EXISTS));
        g_assert_null(private_file_free(NULL));
}

/* What a command left goes, too; where its links lead nothing is touched. */
static void test_litter(void)
{
        g_autofree char *outside = g_dir_make_tmp("reconf-test-XXXXXX", NULL);
        g_autofree char *kept = g_build_filename(outside, "kept", NULL);
        PrivateFile *file = make("a", geteuid());
        g_autofree char *directory = g_strdup(file->directory);
        g_autofree char *below = g_build_filename(directory, "x", "y", NULL);
        g_autofree char *deep = g_build_filename(below, "file", NULL);
        g_autofree char *link = g_build_filename(directory, "link", NULL);
        g_autofree char *dangling = g_build_filename(below, "dangling", NULL);

        g_assert_true(g_file_set_contents(kept, "", 0, NULL));
        g_assert_cmpint(g_mkdir_with_parents(below, 0700), ==, 0);
        g_assert_true(g_file_set_contents(deep, "", 0, NULL));
        g_assert_cmpint(symlink(outside, link), ==, 0);
        g_assert_cmpint(symlink("/nonexistent", dangling), ==, 0);
        g_assert_cmpint(chmod(directory, 0), ==, 0);

        private_file_free(file);
        g_assert_false(g_file_test(directory, G_FILE_TEST_EXISTS));
        g_assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
        g_assert_cmpint(unlink(kept), ==, 0);
        g_assert_cmpint(rmdir(outside), ==, 0);
}

static void test_gone(void)
{
        PrivateFile *file = make("a", geteuid());

        g_assert_cmpint(unlink(file->path), ==, 0);
        g_assert_cmpint(rmdir(file->directory), ==, 0);
        g_assert_null(private_file_free(file));
}

static void test_runtime_directory(void)
{
        g_autofree char *runtime = g_dir_make_tmp("reconf-test-XXXXXX", NULL);
        PrivateFile *inside, *elsewhere;

        g_setenv("RUNTIME_DIRECTORY", runtime, true);
        inside = make("a", geteuid());
        g_assert_true(g_str_has_prefix(inside->path, runtime));
        private_file_free(inside);
        g_assert_cmpint(rmdir(runtime), ==, 0);
        /* One that is not there is no reason to fail. */
        elsewhere = make("a", geteuid());
        private_file_free(elsewhere);
        g_unsetenv("RUNTIME_DIRECTORY");
}

static void test_bad_name(void)
{
        g_autoptr(GBytes) bytes = g_bytes_new(NULL, 0);
        g_autofree char *runtime = g_dir_make_tmp("reconf-test-XXXXXX", NULL);
        char name[300] = { 0 };
        PrivateFile *file = NULL;

        memset(name, 'x', sizeof name - 1);
        g_setenv("RUNTIME_DIRECTORY", runtime, true);
        g_assert_cmpint(private_file_new(name, bytes, geteuid(), getegid(), &file), ==, -ENAMETOOLONG);
        g_assert_null(file);
        g_unsetenv("RUNTIME_DIRECTORY");
        g_assert_cmpint(rmdir(runtime), ==, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/private-file/content", test_content);
        g_test_add_func("/private-file/litter", test_litter);
        g_test_add_func("/private-file/gone", test_gone);
        g_test_add_func("/private-file/runtime-directory", test_runtime_directory);
        g_test_add_func("/private-file/bad-name", test_bad_name);
        return g_test_run();
}
