/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of replacing files that nobody else touches
 */
#include "daemon/file.h"

#include "tests/support/access-list.h"
#include "tests/support/file-scene.h"
#include "tests/support/replacing.h"

#include <acl/libacl.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static void test_replace(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        assert_replaced(scene->file, "old", "new");
        assert_replaced(scene->file, "new", "");
        assert_replaced(scene->file, "", "newer");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

/* Longer than what is compared at once, with a difference in the last byte. */
static void test_large(FileScene *scene, const void *data)
{
        g_autofree char *old = g_strnfill(200000, 'a');
        g_autofree char *other = g_strnfill(200000, 'a');

        other[199999] = 'b';
        write_file(scene->file, other);
        assert_conflict(scene->file, old, "new");
        assert_content(scene->file, other);
        assert_replaced(scene->file, other, old);
}

static void test_conflict(FileScene *scene, const void *data)
{
        assert_conflict(scene->file, "old", "new");
        assert_conflict(scene->file, "old", NULL);
        write_file(scene->file, "other");
        assert_conflict(scene->file, "old", "new");
        assert_conflict(scene->file, "othe", "new");
        assert_conflict(scene->file, "other and more", "new");
        assert_conflict(scene->file, "old", NULL);
        assert_conflict(scene->file, NULL, "new");
        assert_conflict(scene->file, NULL, NULL);
        assert_content(scene->file, "other");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static void test_other_kinds(FileScene *scene, const void *data)
{
        g_assert_cmpint(mkdir(scene->file, 0755), ==, 0);
        assert_conflict(scene->file, "old", "new");
        assert_conflict(scene->file, NULL, "new");
        g_assert_cmpint(rmdir(scene->file), ==, 0);
        g_assert_cmpint(mkfifo(scene->file, 0644), ==, 0);
        assert_conflict(scene->file, "old", "new");
        assert_conflict(scene->file, "old", NULL);
}

static void test_create_and_remove(FileScene *scene, const void *data)
{
        assert_replaced(scene->file, NULL, NULL);
        assert_replaced(scene->file, NULL, "new");
        g_assert_cmpuint(mode_of(scene->file), ==, 0640);
        assert_replaced(scene->file, "new", NULL);
        g_assert_cmpuint(scene_count(scene), ==, 0);
}

static void test_no_directory(FileScene *scene, const void *data)
{
        g_autofree char *path = scene_path(scene, "no/config.yaml");

        assert_conflict(path, "old", "new");
        assert_conflict(path, "old", NULL);
        assert_replaced(path, NULL, NULL);
        assert_kept(path, NULL, "new", FAILURE_WRITE_FAILED, "create its directory");
}

/* The link stays, also where it is relative, leads over another or to nothing. */
static void test_links(FileScene *scene, const void *data)
{
        g_autofree char *first = scene_path(scene, "first");
        g_autofree char *second = scene_path(scene, "second");

        g_assert_cmpint(symlink("second", first), ==, 0);
        g_assert_cmpint(symlink(scene->file, second), ==, 0);
        assert_replaced(first, NULL, "new");
        assert_replaced(first, "new", "newer");
        assert_content(scene->file, "newer");
        g_assert_true(g_file_test(first, G_FILE_TEST_IS_SYMLINK));
        g_assert_true(g_file_test(second, G_FILE_TEST_IS_SYMLINK));
        g_assert_false(g_file_test(scene->file, G_FILE_TEST_IS_SYMLINK));
        assert_replaced(first, "newer", NULL);
        g_assert_cmpuint(scene_count(scene), ==, 2);
}

static void test_circle(FileScene *scene, const void *data)
{
        g_assert_cmpint(symlink("config.yaml", scene->file), ==, 0);
        assert_kept(scene->file, "old", "new", FAILURE_WRITE_FAILED, "symbolic links");
}

static void test_owner_and_mode(FileScene *scene, const void *data)
{
        struct stat status;
        bool root = geteuid() == 0;

        write_file(scene->file, "old");
        if (root)
                g_assert_cmpint(chown(scene->file, 1234, 5678), ==, 0);
        g_assert_cmpint(chmod(scene->file, 0604), ==, 0);
        assert_replaced(scene->file, "old", "new");
        g_assert_cmpuint(mode_of(scene->file), ==, 0604);
        g_assert_cmpint(stat(scene->file, &status), ==, 0);
        g_assert_cmpuint(status.st_uid, ==, root ? 1234 : geteuid());
        g_assert_cmpuint(status.st_gid, ==, root ? 5678 : getegid());
}

/* An owner that cannot be given to the new file: the old one stays. */
static void test_foreign_owner(FileScene *scene, const void *data)
{
        if (geteuid() != 0) {
                g_test_skip("needs root, to give files away");
                return;
        }
        write_file(scene->file, "old");
        g_assert_cmpint(chmod(scene->directory, 0777), ==, 0);
        g_assert_cmpint(seteuid(65534), ==, 0);
        assert_kept(scene->file, "old", "new", FAILURE_WRITE_FAILED, "cannot keep its owner");
        g_assert_cmpint(seteuid(0), ==, 0);
        assert_content(scene->file, "old");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static void test_attributes(FileScene *scene, const void *data)
{
        char value[16];

        write_file(scene->file, "old");
        if (setxattr(scene->file, "user.reconf.test", "\0yes", 4, 0) < 0) {
                g_test_skip("no user attributes here");
                return;
        }
        assert_replaced(scene->file, "old", "new");
        g_assert_cmpint(getxattr(scene->file, "user.reconf.test", value, sizeof(value)), ==, 4);
        g_assert_cmpmem(value, 4, "\0yes", 4);
        g_assert_cmpint(removexattr(scene->file, "user.reconf.test"), ==, 0);
        assert_replaced(scene->file, "new", "newer");
        g_assert_cmpint(getxattr(scene->file, "user.reconf.test", value, sizeof(value)), <, 0);
}

static char *get_list(const char *path)
{
        acl_t list = acl_get_file(path, ACL_TYPE_ACCESS);
        char *text, *copy;

        g_assert_nonnull(list);
        text = acl_to_any_text(list, NULL, ',', TEXT_NUMERIC_IDS);
        copy = g_strdup(text);
        acl_free(text);
        acl_free(list);
        return copy;
}

/* A list is kept, and where there is none, the directory's default list does not slip in. */
static void test_lists(FileScene *scene, const void *data)
{
        static const char *const list = "user::rw-,user:1234:r--,group::---,mask::r--,other::---";
        g_autofree char *kept = NULL;
        g_autofree char *none = NULL;

        write_file(scene->file, "old");
        if (!access_list_set(scene->file, ACL_TYPE_ACCESS, list)) {
                g_test_skip("no access lists here");
                return;
        }
        assert_replaced(scene->file, "old", "new");
        kept = get_list(scene->file);
        g_assert_cmpstr(kept, ==, list);

        g_assert_cmpint(g_unlink(scene->file), ==, 0);
        write_file(scene->file, "old");
        g_assert_true(access_list_set(scene->directory, ACL_TYPE_DEFAULT,
                                      "u::rwx,u:1234:rwx,g::rx,m::rwx,o::rx"));
        assert_replaced(scene->file, "old", "new");
        none = get_list(scene->file);
        g_assert_cmpstr(none, ==, "user::rw-,group::r--,other::r--");
        g_assert_cmpuint(mode_of(scene->file), ==, 0644);
}

static void test_size_limit(FileScene *scene, const void *data)
{
        g_autofree char *content = g_strnfill(10000, 'x');
        struct rlimit before, limit;
        void (*handler)(int);

        write_file(scene->file, "old");
        g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
        limit = before;
        limit.rlim_cur = 5000;
        handler = signal(SIGXFSZ, SIG_IGN);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
        assert_kept(scene->file, "old", content, FAILURE_WRITE_FAILED, "File too large");
        assert_content(scene->file, "old");
        g_assert_cmpuint(scene_count(scene), ==, 1);
        g_assert_cmpint(g_unlink(scene->file), ==, 0);
        assert_kept(scene->file, NULL, content, FAILURE_WRITE_FAILED, "File too large");
        g_assert_cmpuint(scene_count(scene), ==, 0);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
        signal(SIGXFSZ, handler);
}

/* A file system of its own, seen by this process only. */
static bool mount_here(const FileScene *scene, unsigned long flags, const char *options)
{
        static bool alone;

        if (!alone && unshare(CLONE_NEWNS) == 0)
                alone = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
        if (alone && mount("tmpfs", scene->directory, "tmpfs", flags, options) == 0)
                return true;
        g_test_skip("cannot mount");
        return false;
}

static void unmount(const FileScene *scene)
{
        g_assert_cmpint(umount2(scene->directory, MNT_DETACH), ==, 0);
}

static void test_disk_full(FileScene *scene, const void *data)
{
        g_autofree char *content = g_strnfill(200000, 'x');

        if (!mount_here(scene, 0, "size=64k,mode=755"))
                return;
        write_file(scene->file, "old");
        assert_kept(scene->file, "old", content, FAILURE_WRITE_FAILED, "make room");
        assert_content(scene->file, "old");
        g_assert_cmpuint(scene_count(scene), ==, 1);
        g_assert_cmpint(g_unlink(scene->file), ==, 0);
        assert_kept(scene->file, NULL, content, FAILURE_WRITE_FAILED, "make room");
        g_assert_cmpuint(scene_count(scene), ==, 0);
        unmount(scene);
}

static void test_read_only(FileScene *scene, const void *data)
{
        if (!mount_here(scene, 0, "size=64k,mode=755"))
                return;
        write_file(scene->file, "old");
        g_assert_cmpint(mount(NULL, scene->directory, NULL, MS_REMOUNT | MS_RDONLY, "size=64k"), ==, 0);
        assert_kept(scene->file, "old", "new", FAILURE_WRITE_FAILED, "Read-only file system");
        assert_kept(scene->file, "old", NULL, FAILURE_WRITE_FAILED, "Read-only file system");
        assert_content(scene->file, "old");
        g_assert_cmpuint(scene_count(scene), ==, 1);
        unmount(scene);
}

/* A file that is a mount of its own cannot be renamed over. */
static void test_mounted_file(FileScene *scene, const void *data)
{
        g_autofree char *other = scene_path(scene, "other");

        if (!mount_here(scene, 0, "size=64k,mode=755"))
                return;
        write_file(scene->file, "old");
        write_file(other, "old");
        g_assert_cmpint(mount(other, scene->file, NULL, MS_BIND, NULL), ==, 0);
        assert_kept(scene->file, "old", "new", FAILURE_WRITE_FAILED, "mount its directory instead");
        assert_content(scene->file, "old");
        g_assert_cmpint(umount2(scene->file, MNT_DETACH), ==, 0);
        g_assert_cmpuint(scene_count(scene), ==, 2);
        unmount(scene);
}

static bool set_immutable(const char *path, bool immutable)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        int flags = 0;
        int r;

        r = ioctl(fd, FS_IOC_GETFLAGS, &flags);
        flags = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
        if (r == 0)
                r = ioctl(fd, FS_IOC_SETFLAGS, &flags);
        close(fd);
        return r == 0;
}

static void test_immutable(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        if (!set_immutable(scene->file, true)) {
                g_test_skip("no immutable files here");
                return;
        }
        assert_kept(scene->file, "old", "new", FAILURE_WRITE_FAILED, "immutable");
        assert_kept(scene->file, "old", NULL, FAILURE_WRITE_FAILED, "immutable");
        g_assert_cmpuint(scene_count(scene), ==, 1);
        assert_content(scene->file, "old");
        g_assert_true(set_immutable(scene->file, false));
}

static void test_permission(FileScene *scene, const void *data)
{
        bool root = geteuid() == 0;

        write_file(scene->file, "old");
        g_assert_cmpint(chmod(scene->directory, 0555), ==, 0);
        if (root)
                g_assert_cmpint(seteuid(65534), ==, 0);
        assert_kept(scene->file, "old", "new", FAILURE_WRITE_FAILED, "let the daemon's user write");
        assert_kept(scene->file, "old", NULL, FAILURE_WRITE_FAILED, "let the daemon's user write");
        if (root)
                g_assert_cmpint(seteuid(0), ==, 0);
        g_assert_cmpint(chmod(scene->directory, 0755), ==, 0);
        assert_content(scene->file, "old");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        umask(0022);
        scene_add("/file-replace/replace", test_replace);
        scene_add("/file-replace/large", test_large);
        scene_add("/file-replace/conflict", test_conflict);
        scene_add("/file-replace/other-kinds", test_other_kinds);
        scene_add("/file-replace/create-and-remove", test_create_and_remove);
        scene_add("/file-replace/no-directory", test_no_directory);
        scene_add("/file-replace/links", test_links);
        scene_add("/file-replace/circle", test_circle);
        scene_add("/file-replace/owner-and-mode", test_owner_and_mode);
        scene_add("/file-replace/foreign-owner", test_foreign_owner);
        scene_add("/file-replace/attributes", test_attributes);
        scene_add("/file-replace/lists", test_lists);
        scene_add("/file-replace/size-limit", test_size_limit);
        scene_add("/file-replace/disk-full", test_disk_full);
        scene_add("/file-replace/read-only", test_read_only);
        scene_add("/file-replace/mounted-file", test_mounted_file);
        scene_add("/file-replace/immutable", test_immutable);
        scene_add("/file-replace/permission", test_permission);
        return g_test_run();
}
