/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of replacing files that others save in the same moment
 *
 * Other writers are let in at the one place that matters: renameat2() is this file's own, which calls the
 * test before each step.
 */
#include "daemon/file.h"

#include "tests/support/file-scene.h"
#include "tests/support/replacing.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

int renameat(int old_directory, const char *old, int new_directory, const char *new)
{
        return renameat2(old_directory, old, new_directory, new, 0);
}

static void meddled(FileScene *scene, Meddler meddler)
{
        meddled_scene = scene;
        meddle = meddler;
        steps = 0;
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

static int save_and_create(FileScene *scene, unsigned step)
{
        if (step < 2)
                write_file(scene->file, step == 0 ? "newer" : "newest");
        return 0;
}

/* Moved away and found to be theirs: it comes back, unless there is a newer one already. */
static void test_race_remove(FileScene *scene, const void *data)
{
        write_file(scene->file, "old");
        meddled(scene, save_first);
        assert_conflict(scene->file, "old", NULL);
        assert_content(scene->file, "theirs");
        meddled(scene, save_and_create);
        assert_conflict(scene->file, "theirs", NULL);
        assert_content(scene->file, "newest");
        meddled(scene, remove_first);
        assert_conflict(scene->file, "newest", NULL);
        g_assert_cmpuint(scene_count(scene), ==, 0);
}

static int not_supported(FileScene *scene, unsigned step)
{
        return step == 0 ? EINVAL : 0;
}

static int save_not_supported(FileScene *scene, unsigned step)
{
        if (step == 0)
                write_file(scene->file, "theirs");
        return step == 0 ? ENOSYS : 0;
}

/* As on file systems that cannot exchange. */
static void test_plain_rename(FileScene *scene, const void *data)
{
        meddled(scene, not_supported);
        assert_replaced(scene->file, NULL, "old");
        meddled(scene, not_supported);
        assert_replaced(scene->file, "old", "new");
        g_assert_cmpuint(scene_count(scene), ==, 1);
        meddled(scene, save_not_supported);
        assert_conflict(scene->file, "new", "newer");
        assert_content(scene->file, "theirs");
        g_assert_cmpint(g_unlink(scene->file), ==, 0);
        meddled(scene, save_not_supported);
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

typedef void (*Test)(FileScene *scene, const void *data);

static const struct {
        const char *path;
        Test test;
} tests[] = {
        { "/file-race/saved", test_race },
        { "/file-race/again", test_race_again },
        { "/file-race/in-place", test_race_in_place },
        { "/file-race/without-end", test_race_without_end },
        { "/file-race/removed", test_race_removed },
        { "/file-race/removed-and-saved", test_race_removed_and_saved },
        { "/file-race/gone", test_race_gone },
        { "/file-race/mode", test_race_mode },
        { "/file-race/directory", test_race_directory },
        { "/file-race/create", test_race_create },
        { "/file-race/remove", test_race_remove },
        { "/file-race/plain-rename", test_plain_rename },
        { "/file-race/step-fails", test_step_fails },
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
