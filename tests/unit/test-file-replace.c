/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of replacing files
 *
 * Other writers are let in at the one place that matters: renameat2() is this file's own, which calls the
 * test before and after each step.
 */
#include "daemon/file.h"

#include "tests/support/file-scene.h"

#include <acl/libacl.h>
#include <errno.h>
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

/* Called before step n, from 0; an errno makes the step fail. */
typedef int (*Meddler)(FileScene *scene, unsigned step);

static FileScene *meddled_scene;
static Meddler meddle;
static unsigned steps;

int renameat2(int old_directory, const char *old, int new_directory, const char *new, unsigned flags)
{
        int error = meddle ? meddle(meddled_scene, steps) : 0;

        steps++;
        if (error != 0) {
                errno = error;
                return -1;
        }
        return (int) syscall(SYS_renameat2, old_directory, old, new_directory, new, flags);
}

static Failure *replace(const char *path, const char *expected, const char *content)
{
        g_autoptr(GBytes) before = expected ? g_bytes_new(expected, strlen(expected)) : NULL;
        g_autoptr(GBytes) after = content ? g_bytes_new(content, strlen(content)) : NULL;

        return file_replace(path, before, after, 0640);
}

static void assert_replaced(const char *path, const char *expected, const char *content)
{
        g_autoptr(Failure) failure = replace(path, expected, content);

        assert_success(failure);
        if (content)
                assert_content(path, content);
        else
                g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void assert_kept(const char *path, const char *expected, const char *content, FailureCode code,
                        const char *message)
{
        g_autoptr(Failure) failure = replace(path, expected, content);

        assert_failure(failure, code, path, message);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_NONE);
}

static void assert_conflict(const char *path, const char *expected, const char *content)
{
        assert_kept(path, expected, content, FAILURE_VERSION_CONFLICT, "changed by somebody else");
}

static void meddled(FileScene *scene, Meddler meddler)
{
        meddled_scene = scene;
        meddle = meddler;
        steps = 0;
}

static mode_t mode_of(const char *path)
{
        struct stat status;

        g_assert_cmpint(stat(path, &status), ==, 0);
        return status.st_mode & 07777;
}

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

static bool set_list(const char *path, acl_type_t type, const char *text)
{
        acl_t list = acl_from_text(text);
        int r = acl_set_file(path, type, list);

        acl_free(list);
        return r == 0;
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
        if (!set_list(scene->file, ACL_TYPE_ACCESS, list)) {
                g_test_skip("no access lists here");
                return;
        }
        assert_replaced(scene->file, "old", "new");
        kept = get_list(scene->file);
        g_assert_cmpstr(kept, ==, list);

        g_assert_cmpint(g_unlink(scene->file), ==, 0);
        write_file(scene->file, "old");
        g_assert_true(set_list(scene->directory, ACL_TYPE_DEFAULT, "u::rwx,u:1234:rwx,g::rx,m::rwx,o::rx"));
        assert_replaced(scene->file, "old", "new");
        none = get_list(scene->file);
        g_assert_cmpstr(none, ==, "user::rw-,group::r--,other::r--");
        g_assert_cmpuint(mode_of(scene->file), ==, 0644);
}

static int save_first(FileScene *scene, unsigned step)
{
        if (step == 0)
                write_file(scene->file, "theirs");
        return 0;
}

/* Saved between the look and the step: their file comes back. */
static void test_race(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        meddled(scene, save_first);
        assert_conflict(scene->file, "old", "new");
        g_assert_cmpuint(steps, ==, 2);
        assert_content(scene->file, "theirs");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static void write_in_place(const char *path, const char *content)
{
        int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

        g_assert_cmpint(write(fd, content, strlen(content)), ==, (ssize_t) strlen(content));
        close(fd);
}

static int save_each_time(FileScene *scene, unsigned step)
{
        char content[] = "theirs 0";

        if (step < 4) {
                content[7] = (char) ('0' + step);
                write_file(scene->file, content);
        }
        return 0;
}

/* Saved again while the first is put back: the newest stays. */
static void test_race_again(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        meddled(scene, save_each_time);
        assert_conflict(scene->file, "old", "new");
        assert_content(scene->file, "theirs 3");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static int save_in_place(FileScene *scene, unsigned step)
{
        if (step == 0)
                write_file(scene->file, "theirs");
        if (step == 1)
                write_in_place(scene->file, "wen");
        return 0;
}

/* The new file is written to in place before it is taken back: what was written is the newest, and stays. */
static void test_race_in_place(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        meddled(scene, save_in_place);
        assert_conflict(scene->file, "old", "new");
        assert_content(scene->file, "wen");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static int save_for_ever(FileScene *scene, unsigned step)
{
        g_autofree char *content = g_strdup_printf("theirs %u", step);

        write_file(scene->file, content);
        return 0;
}

/* No end of it: one is kept under the temporary name, and the message says so. */
static void test_race_without_end(FileScene *scene, const void *data)
{
        g_autoptr(GDir) directory = NULL;
        const char *name;

        write_file(scene->file, "old");
        meddled(scene, save_for_ever);
        assert_kept(scene->file, "old", "new", FAILURE_WRITE_FAILED, "cannot be put back");
        g_assert_cmpuint(scene_count(scene), ==, 2);
        directory = g_dir_open(scene->directory, 0, NULL);
        while ((name = g_dir_read_name(directory))) {
                g_autofree char *path = scene_path(scene, name);
                g_autofree char *content = NULL;

                g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
                g_assert_true(g_str_has_prefix(content, "theirs "));
                g_assert_cmpint(g_unlink(path), ==, 0);
        }
}

static int save_then_remove(FileScene *scene, unsigned step)
{
        if (step == 0)
                write_file(scene->file, "theirs");
        if (step == 1)
                g_assert_cmpint(g_unlink(scene->file), ==, 0);
        return 0;
}

static void test_race_removed(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        meddled(scene, save_then_remove);
        assert_conflict(scene->file, "old", "new");
        assert_content(scene->file, "theirs");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static int save_remove_save(FileScene *scene, unsigned step)
{
        if (step == 2)
                write_file(scene->file, "newest");
        return save_then_remove(scene, step);
}

static void test_race_removed_and_saved(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        meddled(scene, save_remove_save);
        assert_conflict(scene->file, "old", "new");
        assert_content(scene->file, "newest");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static int remove_first(FileScene *scene, unsigned step)
{
        if (step == 0)
                g_assert_cmpint(g_unlink(scene->file), ==, 0);
        return 0;
}

static void test_race_gone(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        meddled(scene, remove_first);
        assert_conflict(scene->file, "old", "new");
        g_assert_cmpuint(scene_count(scene), ==, 0);
}

static int hide_first(FileScene *scene, unsigned step)
{
        if (step == 0)
                g_assert_cmpint(chmod(scene->file, 0600), ==, 0);
        return 0;
}

/* Closed to others in the last moment: the new content must not be open to them. */
static void test_race_mode(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        meddled(scene, hide_first);
        assert_conflict(scene->file, "old", "new");
        assert_content(scene->file, "old");
        g_assert_cmpuint(mode_of(scene->file), ==, 0600);
}

static int directory_first(FileScene *scene, unsigned step)
{
        if (step == 0) {
                g_assert_cmpint(g_unlink(scene->file), ==, 0);
                g_assert_cmpint(mkdir(scene->file, 0755), ==, 0);
        }
        return 0;
}

static void test_race_directory(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        meddled(scene, directory_first);
        assert_conflict(scene->file, "old", "new");
        g_assert_true(g_file_test(scene->file, G_FILE_TEST_IS_DIR));
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static int create_first(FileScene *scene, unsigned step)
{
        if (step == 0)
                write_file(scene->file, "theirs");
        return 0;
}

static void test_race_create(FileScene *scene, const void *data)
{
        meddled(scene, create_first);
        assert_conflict(scene->file, NULL, "new");
        assert_content(scene->file, "theirs");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static int not_supported(FileScene *scene, unsigned step)
{
        return EINVAL;
}

static int save_not_supported(FileScene *scene, unsigned step)
{
        write_file(scene->file, "theirs");
        return ENOSYS;
}

/* As on file systems that cannot exchange. */
static void test_plain_rename(FileScene *scene, const void *data)
{
        meddled(scene, not_supported);
        assert_replaced(scene->file, NULL, "old");
        assert_replaced(scene->file, "old", "new");
        g_assert_cmpuint(scene_count(scene), ==, 1);
        meddled(scene, save_not_supported);
        assert_conflict(scene->file, "new", "newer");
        assert_content(scene->file, "theirs");
        g_assert_cmpint(g_unlink(scene->file), ==, 0);
        assert_conflict(scene->file, NULL, "new");
        assert_content(scene->file, "theirs");
        g_assert_cmpuint(scene_count(scene), ==, 1);
}

static int fail_exchange(FileScene *scene, unsigned step)
{
        return EIO;
}

static int fail_put_back(FileScene *scene, unsigned step)
{
        if (step == 0)
                write_file(scene->file, "theirs");
        return step == 1 ? EROFS : 0;
}

static void test_step_fails(FileScene *scene, const void *data)
{
        g_autoptr(GDir) directory = NULL;
        const char *name;

        write_file(scene->file, "old");
        meddled(scene, fail_exchange);
        assert_kept(scene->file, "old", "new", FAILURE_WRITE_FAILED, "Input/output error");
        assert_content(scene->file, "old");
        g_assert_cmpuint(scene_count(scene), ==, 1);

        meddled(scene, fail_put_back);
        assert_kept(scene->file, "old", "new", FAILURE_WRITE_FAILED,
                    "cannot be put back: Read-only file system");
        directory = g_dir_open(scene->directory, 0, NULL);
        while ((name = g_dir_read_name(directory))) {
                g_autofree char *path = scene_path(scene, name);

                assert_content(path, g_str_equal(path, scene->file) ? "new" : "theirs");
                g_assert_cmpint(g_unlink(path), ==, 0);
        }
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

typedef void (*Test)(FileScene *scene, const void *data);

static const struct {
        const char *path;
        Test test;
} tests[] = {
        { "/file-replace/replace", test_replace },
        { "/file-replace/large", test_large },
        { "/file-replace/conflict", test_conflict },
        { "/file-replace/other-kinds", test_other_kinds },
        { "/file-replace/create-and-remove", test_create_and_remove },
        { "/file-replace/no-directory", test_no_directory },
        { "/file-replace/links", test_links },
        { "/file-replace/circle", test_circle },
        { "/file-replace/owner-and-mode", test_owner_and_mode },
        { "/file-replace/foreign-owner", test_foreign_owner },
        { "/file-replace/attributes", test_attributes },
        { "/file-replace/lists", test_lists },
        { "/file-replace/race", test_race },
        { "/file-replace/race-again", test_race_again },
        { "/file-replace/race-in-place", test_race_in_place },
        { "/file-replace/race-without-end", test_race_without_end },
        { "/file-replace/race-removed", test_race_removed },
        { "/file-replace/race-removed-and-saved", test_race_removed_and_saved },
        { "/file-replace/race-gone", test_race_gone },
        { "/file-replace/race-mode", test_race_mode },
        { "/file-replace/race-directory", test_race_directory },
        { "/file-replace/race-create", test_race_create },
        { "/file-replace/plain-rename", test_plain_rename },
        { "/file-replace/step-fails", test_step_fails },
        { "/file-replace/size-limit", test_size_limit },
        { "/file-replace/disk-full", test_disk_full },
        { "/file-replace/read-only", test_read_only },
        { "/file-replace/mounted-file", test_mounted_file },
        { "/file-replace/immutable", test_immutable },
        { "/file-replace/permission", test_permission },
};

/* Nobody meddles unless the test says so. */
static void run(FileScene *scene, const void *data)
{
        const Test *test = data;

        meddled(scene, NULL);
        (*test)(scene, NULL);
        meddled(scene, NULL);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        umask(0022);
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
                scene_add_with(tests[i].path, run, &tests[i].test);
        return g_test_run();
}
