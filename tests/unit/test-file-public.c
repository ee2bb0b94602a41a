/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of whether everybody may read a file
 */
#include "daemon/file.h"

#include "tests/support/access-list.h"
#include "tests/support/file-scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory in the scene's, and a file in that. */
typedef struct Nest {
        char *directory, *file;
} Nest;

static void nest_clear(Nest *nest)
{
        unlink(nest->file);
        rmdir(nest->directory);
        g_free(nest->directory);
        g_free(nest->file);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Nest, nest_clear)

static Nest nest_new(const FileScene *scene)
{
        Nest nest = { .directory = scene_path(scene, "d") };

        nest.file = g_build_filename(nest.directory, "f.yaml", NULL);
        g_assert_cmpint(mkdir(nest.directory, 0755), ==, 0);
        write_file(nest.file, "a: 1\n");
        return nest;
}

static void test_modes(FileScene *scene, const void *data)
{
        static const mode_t secret[] = { 0600, 0640, 0604, 0244, 0044, 0, 0700 };

        g_assert_false(file_is_public(scene->file));
        write_file(scene->file, "a: 1\n");
        g_assert_true(file_is_public(scene->file));
        g_assert_cmpint(chmod(scene->file, 0444), ==, 0);
        g_assert_true(file_is_public(scene->file));
        for (size_t i = 0; i < G_N_ELEMENTS(secret); i++) {
                g_assert_cmpint(chmod(scene->file, secret[i]), ==, 0);
                g_assert_false(file_is_public(scene->file));
        }
}

static void test_directories(FileScene *scene, const void *data)
{
        static const mode_t closed[] = { 0700, 0750, 0705, 0744 };
        g_auto(Nest) nest = nest_new(scene);

        g_assert_true(file_is_public(nest.file));
        g_assert_cmpint(chmod(nest.directory, 0711), ==, 0);
        g_assert_true(file_is_public(nest.file));
        for (size_t i = 0; i < G_N_ELEMENTS(closed); i++) {
                g_assert_cmpint(chmod(nest.directory, closed[i]), ==, 0);
                g_assert_false(file_is_public(nest.file));
        }
        g_assert_cmpint(chmod(nest.directory, 0755), ==, 0);
}

static void test_kinds(FileScene *scene, const void *data)
{
        g_autofree char *below = g_strconcat(scene->file, "/below", NULL);
        g_autofree char *fifo = scene_path(scene, "fifo");
        g_autofree char *name = g_strnfill(300, 'x');
        g_autofree char *long_name = scene_path(scene, name);

        g_assert_false(file_is_public(scene->directory));
        g_assert_false(file_is_public("/"));
        g_assert_false(file_is_public(""));
        g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
        g_assert_false(file_is_public(fifo));
        write_file(scene->file, "");
        g_assert_false(file_is_public(below));
        g_assert_false(file_is_public(long_name));
}

/* Each directory on the way through links counts, and so does what is at the end. */
static void test_links(FileScene *scene, const void *data)
{
        g_auto(Nest) nest = nest_new(scene);
        g_autofree char *relative = scene_path(scene, "relative");
        g_autofree char *absolute = scene_path(scene, "absolute");
        g_autofree char *directory = scene_path(scene, "directory");
        g_autofree char *through = g_build_filename(directory, ".", "..", "d", "f.yaml", NULL);
        const char *const links[] = { relative, absolute, through };

        g_assert_cmpint(symlink("d/f.yaml", relative), ==, 0);
        g_assert_cmpint(symlink(nest.file, absolute), ==, 0);
        g_assert_cmpint(symlink("d", directory), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
                g_assert_true(file_is_public(links[i]));
        g_assert_cmpint(chmod(nest.file, 0640), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
                g_assert_false(file_is_public(links[i]));
        g_assert_cmpint(chmod(nest.file, 0644), ==, 0);
        g_assert_cmpint(chmod(nest.directory, 0750), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
                g_assert_false(file_is_public(links[i]));
}

static void test_circle(FileScene *scene, const void *data)
{
        g_autofree char *dangling = scene_path(scene, "dangling");

        g_assert_cmpint(symlink("config.yaml", scene->file), ==, 0);
        g_assert_false(file_is_public(scene->file));
        g_assert_cmpint(symlink("nowhere", dangling), ==, 0);
        g_assert_false(file_is_public(dangling));
}

static void test_lists_of_files(FileScene *scene, const void *data)
{
        static const struct {
                const char *text;
                bool is_public;
        } cases[] = {
                { "u::rw,g::r,o::r,u:1234:r,m::r", true },   { "u::rw,g::r,o::r,g:1234:rw,m::rwx", true },
                { "u::rw,g::r,o::r,u:1234:-,m::r", false },  { "u::rw,g::r,o::r,g:1234:-,m::r", false },
                { "u::rw,g::-,o::r,u:1234:r,m::r", false },  { "u::rw,g::r,o::-,u:1234:r,m::r", false },
                { "u::rw,g::r,o::r,u:1234:r,m::-", false },  { "u::rw,g::r,o::r,u:1234:r,m::wx", false },
                { "u::rw,g::r,o::r,u:1234:wx,m::r", false },
        };

        write_file(scene->file, "a: 1\n");
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                if (!access_list_set(scene->file, ACL_TYPE_ACCESS, cases[i].text)) {
                        g_test_skip("no access lists here");
                        return;
                }
                g_test_message("%s", cases[i].text);
                g_assert_true(file_is_public(scene->file) == cases[i].is_public);
        }
}

static void test_lists_of_directories(FileScene *scene, const void *data)
{
        g_auto(Nest) nest = nest_new(scene);

        if (!access_list_set(nest.directory, ACL_TYPE_ACCESS, "u::rwx,g::rx,o::rx,u:1234:x,m::rx")) {
                g_test_skip("no access lists here");
                return;
        }
        g_assert_true(file_is_public(nest.file));
        g_assert_true(access_list_set(nest.directory, ACL_TYPE_ACCESS, "u::rwx,g::rx,o::rx,u:1234:r,m::rx"));
        g_assert_false(file_is_public(nest.file));
}

/* More entries than are looked through. */
static void test_long_list(FileScene *scene, const void *data)
{
        g_autoptr(GString) text = g_string_new("u::rw,g::r,o::r,m::r");

        write_file(scene->file, "a: 1\n");
        for (unsigned i = 0; i < 200; i++)
                g_string_append_printf(text, ",u:%u:r", 1000 + i);
        if (!access_list_set(scene->file, ACL_TYPE_ACCESS, text->str)) {
                g_test_skip("no access lists here");
                return;
        }
        g_assert_false(file_is_public(scene->file));
}

/* What the kernel is asked, and as whom; this file's own, to answer in its place. */
static struct {
        bool answer;
        unsigned calls;
        uid_t fsuid;
        gid_t fsgid;
        int n_groups;
} kernel;

int faccessat(int directory, const char *path, int mode, int flags)
{
        kernel.calls++;
        kernel.fsuid = (uid_t) setfsuid((uid_t) -1);
        kernel.fsgid = (gid_t) setfsgid((gid_t) -1);
        kernel.n_groups = getgroups(0, NULL);
        errno = EACCES;
        return kernel.answer ? 0 : -1;
}

/* Mode bits are believed on local file systems only; elsewhere the kernel is asked, by root as nobody. */
static void test_kernel_is_asked(FileScene *scene, const void *data)
{
        const bool root = geteuid() == 0;

        kernel.calls = 0;
        kernel.answer = true;
        g_assert_true(file_is_public("/proc/version"));
        g_assert_cmpuint(kernel.calls, ==, 1);
        g_assert_cmpuint(kernel.fsuid, ==, root ? 65534 : geteuid());
        g_assert_cmpuint(kernel.fsgid, ==, root ? 65534 : getegid());
        if (root)
                g_assert_cmpint(kernel.n_groups, ==, 0);
        kernel.answer = false;
        g_assert_false(file_is_public("/proc/version"));
}

/* The rights of the thread are afterwards what they were. */
static void test_rights_come_back(FileScene *scene, const void *data)
{
        gid_t groups[64], groups_after[64];
        int n = getgroups(G_N_ELEMENTS(groups), groups);

        g_assert_cmpint(n, >=, 0);
        kernel.answer = true;
        g_assert_true(file_is_public("/proc/version"));
        g_assert_cmpint(setfsuid((uid_t) -1), ==, (int) geteuid());
        g_assert_cmpint(setfsgid((gid_t) -1), ==, (int) getegid());
        g_assert_cmpint(getgroups(G_N_ELEMENTS(groups_after), groups_after), ==, n);
        g_assert_cmpmem(groups, (size_t) n * sizeof(gid_t), groups_after, (size_t) n * sizeof(gid_t));

        write_file(scene->file, "a: 1\n");
        g_assert_cmpint(chmod(scene->file, 0600), ==, 0);
        assert_content(scene->file, "a: 1\n");
}

static int open_file(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        return fd;
}

/* What is open is what counts, and that the path leads to it. */
static void test_open(FileScene *scene, const void *data)
{
        g_autofree char *aside = scene_path(scene, "aside");
        int open_one, secret_one;

        write_file(scene->file, "a: 1\n");
        open_one = open_file(scene->file);
        g_assert_true(file_is_public_open(scene->file, open_one));
        g_assert_cmpint(chmod(scene->file, 0640), ==, 0);
        g_assert_false(file_is_public_open(scene->file, open_one));
        g_assert_cmpint(chmod(scene->file, 0644), ==, 0);
        write_file(aside, "a: 2\n");
        g_assert_cmpint(chmod(aside, 0600), ==, 0);
        secret_one = open_file(aside);
        g_assert_false(file_is_public_open(scene->file, secret_one));
        g_assert_false(file_is_public_open(aside, open_one));
        g_assert_cmpint(chmod(aside, 0644), ==, 0);
        g_assert_false(file_is_public_open(scene->file, secret_one));
        g_assert_cmpint(rename(aside, scene->file), ==, 0);
        g_assert_true(file_is_public_open(scene->file, secret_one));
        g_assert_false(file_is_public_open(scene->file, open_one));
        close(open_one);
        close(secret_one);
}

typedef struct Swapper {
        const char *one, *other;
        int stop;
} Swapper;

static void *swap(void *data)
{
        Swapper *swapper = data;

        while (!g_atomic_int_get(&swapper->stop))
                g_assert_cmpint(renameat2(AT_FDCWD, swapper->one, AT_FDCWD, swapper->other, RENAME_EXCHANGE),
                                ==, 0);
        return NULL;
}

/* A secret is none of the open file that has its place the next moment. */
static void test_swapped(FileScene *scene, const void *data)
{
        g_autofree char *secret = scene_path(scene, "secret.yaml");
        Swapper swapper = { .one = scene->file, .other = secret };
        GThread *thread;

        write_file(scene->file, "a: 1\n");
        write_file(secret, "secret\n");
        g_assert_cmpint(chmod(secret, 0600), ==, 0);
        thread = g_thread_new("swapper", swap, &swapper);
        for (unsigned i = 0; i < 20000; i++) {
                g_autoptr(GBytes) bytes = NULL;
                bool is_public = true;
                g_autoptr(Failure) failure = file_read_public(scene->file, 1000, &bytes, &is_public);

                g_assert_null(failure);
                if (g_bytes_get_size(bytes) == strlen("secret\n"))
                        g_assert_false(is_public);
        }
        g_atomic_int_set(&swapper.stop, 1);
        g_thread_join(thread);
        g_assert_cmpint(unlink(secret), ==, 0);
}

static void test_read(FileScene *scene, const void *data)
{
        g_autoptr(GBytes) open_bytes = NULL, secret_bytes = NULL;
        bool is_public = false;

        write_file(scene->file, "a: 1\n");
        g_assert_null(file_read_public(scene->file, 1000, &open_bytes, &is_public));
        g_assert_true(is_public);
        g_assert_cmpint(chmod(scene->file, 0600), ==, 0);
        g_assert_null(file_read_public(scene->file, 1000, &secret_bytes, &is_public));
        g_assert_false(is_public);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        scene_add("/file-public/modes", test_modes);
        scene_add("/file-public/directories", test_directories);
        scene_add("/file-public/kinds", test_kinds);
        scene_add("/file-public/links", test_links);
        scene_add("/file-public/circle", test_circle);
        scene_add("/file-public/lists-of-files", test_lists_of_files);
        scene_add("/file-public/lists-of-directories", test_lists_of_directories);
        scene_add("/file-public/long-list", test_long_list);
        scene_add("/file-public/kernel-is-asked", test_kernel_is_asked);
        scene_add("/file-public/rights-come-back", test_rights_come_back);
        scene_add("/file-public/open", test_open);
        scene_add("/file-public/read", test_read);
        scene_add("/file-public/swapped", test_swapped);
        return g_test_run();
}
