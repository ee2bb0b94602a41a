/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way to a file: where it ends, and behind whose links root does not go
 */
#include "daemon/file-walk.h"

#include "daemon/file.h"
#include "tests/support/file-scene.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define USER 1234U
#define OTHER 1235U

static void make(const char *path, uid_t uid, mode_t mode)
{
        write_file(path, "a: 1\n");
        g_assert_cmpint(chown(path, uid, uid), ==, 0);
        g_assert_cmpint(chmod(path, mode), ==, 0);
}

static char *make_directory(const FileScene *scene, const char *name, uid_t uid, mode_t mode)
{
        char *path = scene_path(scene, name);

        g_assert_cmpint(mkdir(path, 0700), ==, 0);
        g_assert_cmpint(chown(path, uid, uid), ==, 0);
        g_assert_cmpint(chmod(path, mode), ==, 0);
        return path;
}

static void make_link(const char *target, const char *path, uid_t uid)
{
        g_unlink(path);
        g_assert_cmpint(symlink(target, path), ==, 0);
        g_assert_cmpint(lchown(path, uid, uid), ==, 0);
}

/* That it ends at this file, in this directory under this name. */
static void assert_ends(const char *path, const char *directory, const char *name)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };
        g_autofree char *file = g_build_filename(directory, name, NULL);
        struct stat expected, found;

        g_assert_cmpint(file_walk(path, &walk), ==, 0);
        g_assert_cmpstr(walk.name, ==, name);
        g_assert_cmpint(stat(directory, &expected), ==, 0);
        g_assert_cmpint(fstat(walk.directory, &found), ==, 0);
        g_assert_cmpuint(found.st_ino, ==, expected.st_ino);
        if (stat(file, &expected) == 0) {
                g_assert_cmpint(walk.file, >=, 0);
                g_assert_cmpuint(walk.status.st_ino, ==, expected.st_ino);
        } else {
                g_assert_cmpint(walk.file, ==, -1);
        }
}

static void assert_walk_fails(const char *path, int error)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };

        g_assert_cmpint(file_walk(path, &walk), ==, error);
        g_assert_cmpint(walk.directory, ==, -1);
        g_assert_null(walk.name);
}

static void test_ends(FileScene *scene, const void *data)
{
        static const char *const targets[] = { "config.yaml",      "./config.yaml",  "../d/../config.yaml",
                                               "d/../config.yaml", "up/config.yaml", "d/up/up//config.yaml",
                                               "config.yaml/" };
        g_autofree char *directory = make_directory(scene, "d", 0, 0755);
        g_autofree char *up = scene_path(scene, "up");
        g_autofree char *below = g_build_filename(directory, "up", NULL);
        g_autofree char *link = scene_path(scene, "link");
        g_autofree char *again = scene_path(scene, "again");

        make_link("d/..", up, 0);
        make_link("../", below, 0);
        for (unsigned there = 0; there < 2; there++) {
                if (there > 0)
                        write_file(scene->file, "a: 1\n");
                assert_ends(scene->file, scene->directory, "config.yaml");
                for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
                        if (strstr(targets[i], "../d"))
                                make_link("d/up/config.yaml", link, 0);
                        else
                                make_link(targets[i], link, 0);
                        assert_ends(link, scene->directory, "config.yaml");
                }
                make_link(scene->file, link, 0);
                make_link(link, again, 0);
                assert_ends(again, scene->directory, "config.yaml");
        }
        assert_ends("/", "/", ".");
        g_assert_cmpint(g_unlink(below), ==, 0);
}

static void test_errors(FileScene *scene, const void *data)
{
        g_autofree char *below = g_strconcat(scene->file, "/below", NULL);
        g_autofree char *nowhere = scene_path(scene, "none/config.yaml");
        g_autofree char *link = scene_path(scene, "link");
        g_autofree char *through = scene_path(scene, "link/config.yaml");
        g_autofree char *name = g_strnfill(NAME_MAX + 1, 'x');
        g_autofree char *endless = scene_path(scene, name);

        assert_walk_fails(below, -ENOENT);
        write_file(scene->file, "");
        assert_walk_fails(below, -ENOTDIR);
        assert_walk_fails(nowhere, -ENOENT);
        assert_walk_fails(endless, -ENAMETOOLONG);
        make_link("link", link, 0);
        assert_walk_fails(link, -ELOOP);
        assert_walk_fails(through, -ELOOP);
        make_link("config.yaml", link, 0);
        assert_walk_fails(through, -ENOTDIR);
}

/* As many as the kernel follows, and no more. */
static void test_many_links(FileScene *scene, const void *data)
{
        g_autofree char *last = g_strdup("config.yaml");

        write_file(scene->file, "");
        for (unsigned i = 0; i < 41; i++) {
                g_autofree char *name = g_strdup_printf("link%u", i);
                g_autofree char *path = scene_path(scene, name);

                make_link(last, path, 0);
                if (i < 40)
                        assert_ends(path, scene->directory, "config.yaml");
                else
                        assert_walk_fails(path, -ELOOP);
                g_free(last);
                last = g_steal_pointer(&name);
        }
}

/* They are followed by what they say, which is no way to what only the process has. */
static void test_links_of_proc(FileScene *scene, const void *data)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };
        g_autofree char *path = NULL;
        int fd;

        write_file(scene->file, "a: 1\n");
        fd = open(scene->file, O_RDONLY | O_CLOEXEC);
        path = g_strdup_printf("/proc/self/fd/%d", fd);
        assert_ends(path, scene->directory, "config.yaml");
        g_assert_cmpint(g_unlink(scene->file), ==, 0);
        g_assert_cmpint(file_walk(path, &walk), ==, 0);
        g_assert_cmpint(walk.file, ==, -1);
        close(fd);
}

static unsigned count_leaders(const char *path)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };

        g_assert_cmpint(file_walk(path, &walk), ==, 0);
        return walk.n_leaders;
}

static void test_leaders(FileScene *scene, const void *data)
{
        g_autofree char *directory = make_directory(scene, "d", USER, 0755);
        g_autofree char *theirs = g_build_filename(directory, "config.yaml", NULL);
        g_autofree char *link = scene_path(scene, "link");
        g_autofree char *inside = g_build_filename(directory, "link", NULL);

        make(scene->file, OTHER, 0644);
        make(theirs, 0, 0600);
        g_assert_cmpuint(count_leaders(scene->file), ==, 0);
        /* What is in his directory he can give the file's name. */
        g_assert_cmpuint(count_leaders(theirs), ==, 1);
        make_link("config.yaml", link, 0);
        g_assert_cmpuint(count_leaders(link), ==, 0);
        make_link("config.yaml", link, USER);
        g_assert_cmpuint(count_leaders(link), ==, 1);
        make_link("config.yaml", inside, 0);
        g_assert_cmpuint(count_leaders(inside), ==, 1);
        make_link("../link", inside, USER);
        g_assert_cmpuint(count_leaders(inside), ==, 1);
        make_link("../link", inside, OTHER);
        g_assert_cmpuint(count_leaders(inside), ==, 2);
        g_assert_cmpint(g_unlink(inside), ==, 0);
        g_assert_cmpint(g_unlink(theirs), ==, 0);
}

static void test_too_many_leaders(FileScene *scene, const void *data)
{
        g_autofree char *last = g_strdup("config.yaml");

        write_file(scene->file, "a: 1\n");
        for (unsigned i = 0; i <= FILE_WALK_MAX_LEADERS; i++) {
                g_autofree char *name = g_strdup_printf("link%u", i);
                g_autofree char *path = scene_path(scene, name);

                make_link(last, path, USER + i);
                if (i < FILE_WALK_MAX_LEADERS) {
                        g_assert_cmpuint(count_leaders(path), ==, i + 1);
                } else {
                        g_autoptr(GBytes) bytes = NULL;
                        g_autoptr(Failure) failure = file_read(path, 1000, &bytes);

                        assert_walk_fails(path, -EMLINK);
                        assert_failure(failure, FAILURE_FILE_UNREADABLE, path, "more than 4 users");
                }
                g_free(last);
                last = g_steal_pointer(&name);
        }
}

static void assert_may(const char *path, FileWalkPurpose purpose, bool expected)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };
        uid_t uid = 0;
        int r;

        g_assert_cmpint(file_walk(path, &walk), ==, 0);
        r = file_walk_check(&walk, path, purpose, &uid);
        g_assert_cmpint(r, ==, expected ? 0 : -EPERM);
        g_assert_cmpuint(uid, ==, expected ? 0 : USER);
}

static void test_check(FileScene *scene, const void *data)
{
        static const struct {
                uid_t owner;
                mode_t mode, directory;
                bool read, write;
        } cases[] = {
                { 0, 0644, 0755, true, false },      { 0, 0600, 0755, false, false },
                { USER, 0600, 0755, true, true },    { USER, 0400, 0755, true, false },
                { OTHER, 0600, 0755, false, false }, { 0, 0666, 0755, true, true },
                { 0, 0222, 0755, false, false },     { 0, 0666, 0700, false, false },
                { USER, 0600, 0700, false, false },
        };
        g_autofree char *directory = make_directory(scene, "d", 0, 0755);
        g_autofree char *file = g_build_filename(directory, "config.yaml", NULL);
        g_autofree char *link = scene_path(scene, "link");

        make_link("d/config.yaml", link, USER);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_test_message("%zu", i);
                make(file, cases[i].owner, cases[i].mode);
                g_assert_cmpint(chmod(directory, cases[i].directory), ==, 0);
                assert_may(link, FILE_WALK_READ, cases[i].read);
                assert_may(link, FILE_WALK_WRITE, cases[i].write);
        }
        g_assert_cmpint(g_unlink(file), ==, 0);
}

static bool may_read(const char *path)
{
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(Failure) failure = file_read(path, 1000, &bytes);

        if (failure)
                assert_failure(failure, FAILURE_FILE_UNREADABLE, path,
                               "user 1234 can lead this path elsewhere");
        return !failure;
}

/* In his directory lies what he has put there, which may be others' as long as he can read it. */
static void test_check_directory(FileScene *scene, const void *data)
{
        static const struct {
                uid_t owner;
                gid_t group;
                mode_t mode;
                bool may;
        } cases[] = {
                { USER, USER, 0600, true }, { USER, USER, 0, true },       { 0, 0, 0600, false },
                { 0, 0, 0644, true },       { OTHER, OTHER, 0600, false }, { OTHER, OTHER, 0644, true },
                { 0, USER, 0640, true },    { 0, OTHER, 0640, false },     { OTHER, USER, 0640, true },
                { 0, 0, 0604, true },       { 0, USER, 0604, false },
        };
        g_autofree char *directory = make_directory(scene, "d", USER, 0755);
        g_autofree char *below = g_build_filename(directory, "below", NULL);
        g_autofree char *file = g_build_filename(directory, "config.yaml", NULL);
        g_autofree char *lower = g_build_filename(below, "config.yaml", NULL);
        const char *const files[] = { file, lower };

        g_assert_cmpint(mkdir(below, 0755), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                for (size_t k = 0; k < G_N_ELEMENTS(files); k++) {
                        g_test_message("%zu %zu", i, k);
                        make(files[k], cases[i].owner, cases[i].mode);
                        g_assert_cmpint(lchown(files[k], cases[i].owner, cases[i].group), ==, 0);
                        assert_may(files[k], FILE_WALK_READ, cases[i].may);
                        assert_may(files[k], FILE_WALK_WRITE, cases[i].may);
                        g_assert_true(may_read(files[k]) == cases[i].may);
                }
        make(files[1], 0, 0644);
        g_assert_cmpint(chmod(below, 0700), ==, 0);
        g_assert_false(may_read(files[1]));
        for (size_t k = 0; k < G_N_ELEMENTS(files); k++)
                g_assert_cmpint(g_unlink(files[k]), ==, 0);
        assert_may(files[1], FILE_WALK_WRITE, true);
        g_assert_cmpint(rmdir(below), ==, 0);
}

/* What is not there yet: seen to be missing, or made. */
static void test_check_nothing(FileScene *scene, const void *data)
{
        g_autofree char *directory = make_directory(scene, "d", 0, 0755);
        g_autofree char *link = scene_path(scene, "link");

        make_link("d/config.yaml", link, USER);
        assert_may(link, FILE_WALK_READ, true);
        assert_may(link, FILE_WALK_WRITE, false);
        g_assert_cmpint(chmod(directory, 0700), ==, 0);
        assert_may(link, FILE_WALK_READ, false);
        g_assert_cmpint(chown(directory, USER, USER), ==, 0);
        assert_may(link, FILE_WALK_READ, true);
        assert_may(link, FILE_WALK_WRITE, true);
}

/* Behind a link of root's, everything is root's own affair. */
static void test_own_links(FileScene *scene, const void *data)
{
        g_autofree char *link = scene_path(scene, "link");

        make(scene->file, OTHER, 0600);
        make_link("config.yaml", link, 0);
        assert_may(link, FILE_WALK_WRITE, true);
}

/* What was found stays what is read, whatever its path leads to meanwhile. */
static void test_swapped(FileScene *scene, const void *data)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };
        g_autofree char *directory = make_directory(scene, "d", USER, 0755);
        g_autofree char *aside = scene_path(scene, "aside");
        g_autofree char *secrets = make_directory(scene, "secrets", 0, 0700);
        g_autofree char *file = g_build_filename(directory, "config.yaml", NULL);
        g_autofree char *moved = g_build_filename(aside, "config.yaml", NULL);
        g_autofree char *secret = g_build_filename(secrets, "config.yaml", NULL);
        char content[8] = { 0 };
        uid_t uid;
        int fd;

        make(file, USER, 0600);
        write_file(secret, "b: 2\n");
        g_assert_cmpint(file_walk(file, &walk), ==, 0);
        g_assert_cmpint(g_rename(directory, aside), ==, 0);
        make_link("secrets", directory, USER);

        g_assert_cmpint(file_walk_check(&walk, file, FILE_WALK_READ, &uid), ==, 0);
        fd = file_walk_open(&walk);
        g_assert_cmpint(read(fd, content, sizeof content - 1), ==, 5);
        g_assert_cmpstr(content, ==, "a: 1\n");
        close(fd);

        file_walk_clear(&walk);
        g_assert_cmpint(file_walk(file, &walk), ==, 0);
        g_assert_cmpint(file_walk_check(&walk, file, FILE_WALK_READ, &uid), ==, -EPERM);
        g_assert_cmpuint(uid, ==, USER);
        g_assert_cmpint(g_unlink(moved), ==, 0);
        g_assert_cmpint(g_unlink(secret), ==, 0);
}

typedef struct Swapper {
        char *link;
        char *temporary;
        int stop;
} Swapper;

static void *swap(void *data)
{
        Swapper *swapper = data;

        for (unsigned i = 0; !g_atomic_int_get(&swapper->stop); i++) {
                make_link(i % 2 ? "secret.yaml" : "config.yaml", swapper->temporary, USER);
                g_assert_cmpint(g_rename(swapper->temporary, swapper->link), ==, 0);
        }
        return NULL;
}

/* However fast it is led to and fro. */
static void test_race(FileScene *scene, const void *data)
{
        g_autofree char *link = scene_path(scene, "link");
        g_autofree char *temporary = scene_path(scene, "temporary");
        g_autofree char *secret = scene_path(scene, "secret.yaml");
        g_autoptr(GBytes) expected = g_bytes_new_static("b: 2\n", 5);
        g_autoptr(GBytes) content = g_bytes_new_static("c: 3\n", 5);
        Swapper swapper = { .link = link, .temporary = temporary };
        unsigned taken = 0, refused = 0;
        GThread *thread;

        make(scene->file, USER, 0600);
        make(secret, 0, 0600);
        write_file(secret, "b: 2\n");
        g_assert_cmpint(chmod(secret, 0600), ==, 0);
        make_link("config.yaml", link, USER);
        thread = g_thread_new("swapper", swap, &swapper);
        while (taken < 200 || refused < 200) {
                g_autoptr(GBytes) bytes = NULL;
                g_autoptr(Failure) failure = file_read(link, 1000, &bytes);
                g_autoptr(Failure) replaced = file_replace(link, expected, content, 0600);

                if (failure)
                        refused++;
                else
                        taken++;
                if (!failure)
                        assert_bytes(bytes, "a: 1\n");
                g_assert_nonnull(replaced);
        }
        g_atomic_int_set(&swapper.stop, 1);
        g_thread_join(thread);
        assert_content(secret, "b: 2\n");
}

/* What reading and replacing say. */
static void test_messages(FileScene *scene, const void *data)
{
        g_autofree char *link = scene_path(scene, "link");
        g_autoptr(GBytes) expected = g_bytes_new_static("a: 1\n", 5);
        g_autoptr(GBytes) content = g_bytes_new_static("a: 2\n", 5);
        g_autoptr(GBytes) bytes = NULL;
        Failure *failure;

        make(scene->file, 0, 0600);
        make_link("config.yaml", link, USER);
        failure = file_read(link, 1000, &bytes);
        assert_failure(failure, FAILURE_FILE_UNREADABLE, link, "user 1234 can lead this path elsewhere");
        failure_free(failure);
        failure = file_replace(link, expected, content, 0600);
        assert_failure(failure, FAILURE_WRITE_FAILED, link, "user 1234 can lead this path elsewhere");
        failure_free(failure);
        failure = file_replace(link, expected, NULL, 0600);
        assert_failure(failure, FAILURE_WRITE_FAILED, link, "user 1234 can lead this path elsewhere");
        failure_free(failure);
        assert_content(scene->file, "a: 1\n");

        g_assert_cmpint(chown(scene->file, USER, USER), ==, 0);
        assert_success(file_read(link, 1000, &bytes));
        assert_success(file_replace(link, expected, content, 0600));
        assert_content(scene->file, "a: 2\n");
}

static void add(const char *path, void (*test)(FileScene *, const void *), bool as_root)
{
        if (as_root && geteuid() != 0)
                return;
        scene_add(path, test);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("/file-walk/ends", test_ends, false);
        add("/file-walk/errors", test_errors, false);
        add("/file-walk/many-links", test_many_links, false);
        add("/file-walk/links-of-proc", test_links_of_proc, false);
        add("/file-walk/leaders", test_leaders, true);
        add("/file-walk/leaders/too-many", test_too_many_leaders, true);
        add("/file-walk/check", test_check, true);
        add("/file-walk/check/directory", test_check_directory, true);
        add("/file-walk/check/nothing", test_check_nothing, true);
        add("/file-walk/check/own-links", test_own_links, true);
        add("/file-walk/swapped", test_swapped, true);
        add("/file-walk/race", test_race, true);
        add("/file-walk/messages", test_messages, true);
        return g_test_run();
}
