/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what others may do to files, with the kernel's own answers
 */
#include "daemon/access.h"

#include "tests/support/access-list.h"
#include "tests/support/file-scene.h"
#include "tests/support/store-scene.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

static gid_t groups[] = { 5, 2000 };

static const Credentials user = { .uid = 1234, .gid = 1234 };
static const Credentials other = { .uid = 1235, .gid = 1235 };
/* In the group 2000, by one way or the other. */
static const Credentials member = { .uid = 1235, .gid = 1235, .groups = groups, .n_groups = 2 };
static const Credentials primary = { .uid = 1235, .gid = 2000 };
/* Whose groups nobody knows. */
static const Credentials stranger = { .uid = 1235, .gid = (gid_t) -1 };

static bool may(const Credentials *credentials, const char *path, AccessMode mode)
{
        char *files[] = { (char *) path, NULL };

        return access_is_allowed(credentials, files, mode);
}

static void assert_may(const Credentials *credentials, const char *path, bool read, bool write)
{
        g_assert_true(may(credentials, path, ACCESS_READ) == read);
        g_assert_true(may(credentials, path, ACCESS_WRITE) == write);
}

static void make(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
        write_file(path, "a: 1\n");
        g_assert_cmpint(chown(path, uid, gid), ==, 0);
        g_assert_cmpint(chmod(path, mode), ==, 0);
}

static unsigned count_descriptors(void)
{
        DIR *directory = opendir("/proc/self/fd");
        unsigned n = 0;

        g_assert_nonnull(directory);
        while (readdir(directory))
                n++;
        closedir(directory);
        return n;
}

static void test_modes(FileScene *scene, const void *data)
{
        static const struct {
                uid_t uid;
                gid_t gid;
                mode_t mode;
                const Credentials *who;
                bool read, write;
        } cases[] = {
                { 0, 0, 0600, &user, false, false },        { 0, 0, 0644, &user, true, false },
                { 0, 0, 0666, &user, true, true },          { 0, 0, 0622, &user, false, false },
                { 1234, 0, 0600, &user, true, true },       { 1234, 0, 0400, &user, true, false },
                { 1234, 0, 0200, &user, false, false },     { 1234, 0, 0600, &other, false, false },
                { 1234, 0, 0066, &user, false, false },     { 0, 2000, 0640, &member, true, false },
                { 0, 2000, 0660, &member, true, true },     { 0, 2000, 0660, &primary, true, true },
                { 0, 2000, 0660, &other, false, false },    { 0, 2000, 0604, &member, false, false },
                { 0, 1235, 0640, &member, true, false },    { 0, 5, 0640, &member, true, false },
                { 0, 0, 0660, &member, false, false },      { 0, 0, 0666, &stranger, false, false },
                { 1235, 0, 0600, &stranger, false, false },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                make(scene->file, cases[i].uid, cases[i].gid, cases[i].mode);
                g_test_message("case %zu", i);
                assert_may(cases[i].who, scene->file, cases[i].read, cases[i].write);
        }
}

/* What a directory keeps from him, he cannot even see to be missing. */
static void test_directories(FileScene *scene, const void *data)
{
        g_autofree char *directory = scene_path(scene, "d");
        g_autofree char *file = g_build_filename(directory, "f.yaml", NULL);
        g_autofree char *none = g_build_filename(directory, "none.yaml", NULL);

        g_assert_cmpint(mkdir(directory, 0755), ==, 0);
        make(file, 0, 0, 0666);
        assert_may(&user, file, true, true);
        assert_may(&user, none, true, false);
        g_assert_cmpint(chmod(directory, 0711), ==, 0);
        assert_may(&user, file, true, true);
        assert_may(&user, none, true, false);
        g_assert_cmpint(chmod(directory, 0744), ==, 0);
        assert_may(&user, file, false, false);
        assert_may(&user, none, false, false);
        g_assert_cmpint(chmod(directory, 0777), ==, 0);
        assert_may(&user, none, true, true);
        g_assert_cmpint(chmod(directory, 0776), ==, 0);
        assert_may(&user, none, false, false);
        g_assert_cmpint(chmod(directory, 0770), ==, 0);
        g_assert_cmpint(chown(directory, 0, 2000), ==, 0);
        assert_may(&member, file, true, true);
        assert_may(&member, none, true, true);
        assert_may(&other, file, false, false);
        assert_may(&other, none, false, false);
        g_assert_cmpint(unlink(file), ==, 0);
}

/* Through what only the process has there is no way past a directory. */
static void test_links_of_proc(FileScene *scene, const void *data)
{
        g_autofree char *directory = scene_path(scene, "d");
        g_autofree char *file = g_build_filename(directory, "f.yaml", NULL);
        g_autofree char *link = NULL;
        int fd;

        g_assert_cmpint(mkdir(directory, 0755), ==, 0);
        make(file, 0, 0, 0666);
        fd = open(file, O_RDONLY | O_CLOEXEC);
        link = g_strdup_printf("/proc/self/fd/%d", fd);
        assert_may(&user, link, true, true);
        g_assert_cmpint(chmod(directory, 0700), ==, 0);
        assert_may(&user, file, false, false);
        assert_may(&user, link, false, false);
        close(fd);
        g_assert_cmpint(unlink(file), ==, 0);
}

static void test_lists(FileScene *scene, const void *data)
{
        static const struct {
                const char *text;
                const Credentials *who;
                bool read, write;
        } cases[] = {
                { "u::rw,g::-,o::-,u:1234:r,m::r", &user, true, false },
                { "u::rw,g::-,o::-,u:1234:rw,m::rw", &user, true, true },
                { "u::rw,g::-,o::-,u:1234:rw,m::r", &user, true, false },
                { "u::rw,g::-,o::-,u:1234:rw,m::rw", &other, false, false },
                { "u::rw,g::r,o::rw,u:1234:-,m::rw", &user, false, false },
                { "u::rw,g::-,o::-,g:2000:rw,m::rw", &member, true, true },
                { "u::rw,g::-,o::-,g:2000:r,m::rw", &primary, true, false },
                { "u::rw,g::-,o::rw,g:2000:-,m::rw", &member, false, false },
        };

        make(scene->file, 0, 0, 0600);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                if (!access_list_set(scene->file, ACL_TYPE_ACCESS, cases[i].text)) {
                        g_test_skip("no access lists here");
                        return;
                }
                g_test_message("%s", cases[i].text);
                assert_may(cases[i].who, scene->file, cases[i].read, cases[i].write);
        }
}

static void test_lists_of_directories(FileScene *scene, const void *data)
{
        g_autofree char *directory = scene_path(scene, "d");
        g_autofree char *file = g_build_filename(directory, "f.yaml", NULL);

        g_assert_cmpint(mkdir(directory, 0755), ==, 0);
        make(file, 0, 0, 0644);
        if (access_list_set(directory, ACL_TYPE_ACCESS, "u::rwx,g::rx,o::rx,u:1234:r,m::rx")) {
                assert_may(&user, file, false, false);
                assert_may(&other, file, true, false);
                g_assert_true(access_list_set(directory, ACL_TYPE_ACCESS, "u::rwx,g::-,o::-,u:1234:x,m::x"));
                assert_may(&user, file, true, false);
                assert_may(&other, file, false, false);
        } else {
                g_test_skip("no access lists here");
        }
        g_assert_cmpint(unlink(file), ==, 0);
}

/* Links are followed as he would, to what he may. */
static void test_links(FileScene *scene, const void *data)
{
        g_autofree char *directory = scene_path(scene, "d");
        g_autofree char *file = g_build_filename(directory, "f.yaml", NULL);
        g_autofree char *to_file = scene_path(scene, "to-file");
        g_autofree char *dangling = scene_path(scene, "dangling");
        g_autofree char *absolute = scene_path(scene, "absolute");
        g_autofree char *lost = scene_path(scene, "lost");
        g_autofree char *circle = scene_path(scene, "circle");
        g_autofree char *target = g_build_filename(directory, "none.yaml", NULL);

        g_assert_cmpint(mkdir(directory, 0755), ==, 0);
        make(file, 1234, 0, 0600);
        g_assert_cmpint(symlink("d/f.yaml", to_file), ==, 0);
        g_assert_cmpint(symlink("d/none.yaml", dangling), ==, 0);
        g_assert_cmpint(symlink(target, absolute), ==, 0);
        g_assert_cmpint(symlink("nowhere/none.yaml", lost), ==, 0);
        g_assert_cmpint(symlink("circle", circle), ==, 0);

        assert_may(&user, to_file, true, true);
        assert_may(&other, to_file, false, false);
        assert_may(&user, dangling, true, false);
        assert_may(&user, absolute, true, false);
        assert_may(&user, lost, true, false);
        assert_may(&user, circle, false, false);
        g_assert_cmpint(chown(directory, 1234, 0), ==, 0);
        assert_may(&user, dangling, true, true);
        assert_may(&user, absolute, true, true);
        assert_may(&user, lost, true, false);
        g_assert_cmpint(chmod(directory, 0700), ==, 0);
        assert_may(&user, to_file, true, true);
        assert_may(&other, to_file, false, false);
        assert_may(&other, dangling, false, false);
        g_assert_cmpint(unlink(file), ==, 0);
}

static void test_missing_below_a_file(FileScene *scene, const void *data)
{
        g_autofree char *below = g_strconcat(scene->file, "/below", NULL);
        g_autofree char *nowhere = scene_path(scene, "nowhere/f.yaml");

        make(scene->file, 0, 0, 0666);
        assert_may(&user, below, true, false);
        assert_may(&user, nowhere, true, false);
}

/* Whatever a config cannot be; a FIFO without a reader would block whoever opens it. */
static void test_kinds(FileScene *scene, const void *data)
{
        g_autofree char *fifo = scene_path(scene, "fifo");
        g_autofree char *directory = scene_path(scene, "d");

        g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
        g_assert_cmpint(chmod(fifo, 0666), ==, 0);
        g_assert_cmpint(mkdir(directory, 0700), ==, 0);
        g_assert_cmpint(chmod(directory, 0777), ==, 0);
        assert_may(&user, fifo, false, false);
        assert_may(&user, directory, false, false);
        assert_may(&user, "/dev/null", false, false);
        assert_may(&(Credentials){ .uid = geteuid() }, fifo, false, false);
}

static void test_all_count(FileScene *scene, const void *data)
{
        g_autofree char *second = scene_path(scene, "second.yaml");
        char *files[] = { scene->file, second, NULL };

        make(scene->file, 1234, 0, 0600);
        make(second, 1234, 0, 0400);
        g_assert_true(access_is_allowed(&user, files, ACCESS_READ));
        g_assert_false(access_is_allowed(&user, files, ACCESS_WRITE));
        make(second, 0, 0, 0600);
        g_assert_false(access_is_allowed(&user, files, ACCESS_READ));
        make(second, 1234, 0, 0600);
        g_assert_true(access_is_allowed(&user, files, ACCESS_WRITE));
        make(scene->file, 0, 0, 0600);
        g_assert_false(access_is_allowed(&user, files, ACCESS_READ));
}

static void test_nothing_is_left(FileScene *scene, const void *data)
{
        g_autofree char *none = scene_path(scene, "none.yaml");
        g_autofree char *dangling = scene_path(scene, "dangling");
        const char *const paths[] = { scene->file, none, dangling, scene->directory };
        gid_t before[64], after[64];
        int n = getgroups(G_N_ELEMENTS(before), before);
        unsigned descriptors = count_descriptors();
        struct stat status, later;

        g_assert_cmpint(symlink("nowhere/f.yaml", dangling), ==, 0);
        make(scene->file, 0, 0, 0600);
        g_assert_cmpint(stat(scene->file, &status), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
                for (AccessMode mode = ACCESS_READ; mode <= ACCESS_WRITE; mode++) {
                        (void) may(&member, paths[i], mode);
                        (void) may(&stranger, paths[i], mode);
                }

        g_assert_cmpint(setfsuid((uid_t) -1), ==, (int) geteuid());
        g_assert_cmpint(setfsgid((gid_t) -1), ==, (int) getegid());
        g_assert_cmpint(getgroups(G_N_ELEMENTS(after), after), ==, n);
        g_assert_cmpmem(before, (size_t) n * sizeof(gid_t), after, (size_t) n * sizeof(gid_t));
        g_assert_cmpuint(count_descriptors(), ==, descriptors);
        g_assert_cmpint(access(none, F_OK), <, 0);
        g_assert_cmpint(stat(scene->file, &later), ==, 0);
        g_assert_cmpmem(&status, sizeof(status), &later, sizeof(later));
        /* Opened with the rights that came back. */
        assert_content(scene->file, "a: 1\n");
}

/* Ourselves, whatever groups are said to be ours. */
static void test_ourselves(FileScene *scene, const void *data)
{
        g_autofree char *none = scene_path(scene, "none.yaml");
        Credentials self = { .uid = geteuid(), .gid = (gid_t) -1 };

        write_file(scene->file, "a: 1\n");
        assert_may(&self, scene->file, true, true);
        assert_may(&self, none, true, true);
}

/* Who is not root cannot ask about others. */
static void test_unprivileged(FileScene *scene, const void *data)
{
        write_file(scene->file, "a: 1\n");
        g_assert_cmpint(chmod(scene->file, 0666), ==, 0);
        g_assert_cmpint(access_check_possible(), ==, -EPERM);
        assert_may(&(Credentials){ .uid = geteuid() + 1, .gid = getegid() }, scene->file, false, false);
}

static void in_read_only_mount(const StoreScene *scene)
{
        g_autofree char *file = g_build_filename(scene->root, "f.yaml", NULL);
        g_autofree char *none = g_build_filename(scene->root, "none.yaml", NULL);
        Credentials self;

        enter_or_skip();
        self = (Credentials){ .uid = geteuid() };
        mount_read_only(scene->root);
        assert_may(&self, file, true, false);
        assert_may(&self, none, true, false);
        /* In a namespace of users there is nobody but ourselves. */
        if (access_check_possible() < 0)
                return;
        assert_may(&user, file, true, false);
        assert_may(&user, none, true, false);
}

static void test_read_only(StoreScene *scene, const void *data)
{
        g_autofree char *file = g_build_filename(scene->root, "f.yaml", NULL);

        g_assert_cmpint(chmod(scene->root, 0777), ==, 0);
        write_file(file, "a: 1\n");
        g_assert_cmpint(chmod(file, 0666), ==, 0);
        store_scene_in_child(in_read_only_mount, scene);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        scene_add("/access/kinds", test_kinds);
        scene_add("/access/ourselves", test_ourselves);
        store_scene_add("/access/read-only", test_read_only, NULL);
        if (access_check_possible() < 0) {
                scene_add("/access/unprivileged", test_unprivileged);
                return g_test_run();
        }
        scene_add("/access/modes", test_modes);
        scene_add("/access/directories", test_directories);
        scene_add("/access/links-of-proc", test_links_of_proc);
        scene_add("/access/lists", test_lists);
        scene_add("/access/lists-of-directories", test_lists_of_directories);
        scene_add("/access/links", test_links);
        scene_add("/access/missing-below-a-file", test_missing_below_a_file);
        scene_add("/access/all-count", test_all_count);
        scene_add("/access/nothing-is-left", test_nothing_is_left);
        return g_test_run();
}
