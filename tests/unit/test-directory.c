/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of directories: which files match, as they come and go
 */
#include "daemon/directory.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_USEC (20 * G_USEC_PER_SEC)
#define POLL_USEC (2 * G_USEC_PER_SEC)

typedef struct DirectoryScene {
        char *root;
        char *path; /* watched; not made yet */
        sd_event *event;
        Watcher *watcher;
        Worker *worker;
        Directory *directory;
        char *found; /* names with a space behind each, or "!" for a failure; NULL: not told since */
        FailureCode code;
        bool stop_when_told;
} DirectoryScene;

static void scene_set_up(DirectoryScene *scene, const void *data)
{
        scene->root = g_dir_make_tmp("reconf-directory-XXXXXX", NULL);
        scene->path = g_build_filename(scene->root, "d", NULL);
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        g_assert_cmpint(watcher_new(scene->event, &scene->watcher), ==, 0);
        g_assert_cmpint(worker_new(scene->event, &scene->worker), ==, 0);
}

static void scene_tear_down(DirectoryScene *scene, const void *data)
{
        g_autoptr(GDir) stream = g_dir_open(scene->path, 0, NULL);
        const char *name;

        if (scene->directory)
                directory_stop(scene->directory);
        worker_free(scene->worker);
        directory_unref(scene->directory);
        watcher_free(scene->watcher);
        sd_event_unref(scene->event);
        while (stream && (name = g_dir_read_name(stream))) {
                g_autofree char *path = g_build_filename(scene->path, name, NULL);

                g_assert_cmpint(g_remove(path), ==, 0);
        }
        (void) g_rmdir(scene->path);
        g_assert_cmpint(g_rmdir(scene->root), ==, 0);
        g_free(scene->root);
        g_free(scene->path);
        g_free(scene->found);
}

static void on_scanned(Directory *directory, const GPtrArray *files, const Failure *failure, void *userdata)
{
        DirectoryScene *scene = userdata;
        GString *found = g_string_new(NULL);

        g_assert_true((files == NULL) == (failure != NULL));
        for (guint i = 0; files && i < files->len; i++) {
                const char *file = g_ptr_array_index(files, i);

                g_assert_true(g_str_has_prefix(file, scene->path));
                g_string_append_printf(found, "%s ", file + strlen(scene->path) + 1);
        }
        if (failure) {
                g_string_append_c(found, '!');
                scene->code = failure->code;
        }
        g_free(scene->found);
        scene->found = g_string_free(found, FALSE);
        if (scene->stop_when_told)
                directory_stop(directory);
}

static void open_directory(DirectoryScene *scene, const char *pattern)
{
        g_autoptr(Failure) failure = directory_new(scene->event, scene->watcher, scene->worker, scene->path,
                                                   pattern, POLL_USEC, on_scanned, scene, &scene->directory);

        g_assert_null(failure);
}

static void assert_found(DirectoryScene *scene, const char *expected)
{
        g_assert_cmpstr(scene->found, ==, expected);
        g_clear_pointer(&scene->found, g_free);
}

/* Waits until that is found; other answers may come before. */
static void await_found(DirectoryScene *scene, const char *expected)
{
        while (g_strcmp0(scene->found, expected) != 0)
                g_assert_cmpint(sd_event_run(scene->event, TIMEOUT_USEC), >, 0);
        g_clear_pointer(&scene->found, g_free);
}

static void add(const DirectoryScene *scene, const char *name)
{
        g_autofree char *path = g_build_filename(scene->path, name, NULL);

        g_assert_true(g_file_set_contents(path, "", -1, NULL));
}

static void take_away(const DirectoryScene *scene, const char *name)
{
        g_autofree char *path = g_build_filename(scene->path, name, NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
}

static void test_matching(DirectoryScene *scene, const void *data)
{
        g_autofree char *inner = g_build_filename(scene->path, "dir.yaml", NULL);

        g_assert_cmpint(g_mkdir(scene->path, 0755), ==, 0);
        g_assert_cmpint(g_mkdir(inner, 0755), ==, 0);
        add(scene, "b.yaml");
        add(scene, "a.yaml");
        add(scene, "c.json");
        add(scene, ".hidden.yaml");
        add(scene, "x.yaml~");
        add(scene, "\xff.yaml");
        open_directory(scene, "*.yaml");
        g_assert_null(scene->found);
        directory_scan(scene->directory);
        assert_found(scene, "a.yaml b.yaml ");
}

static void test_hidden(DirectoryScene *scene, const void *data)
{
        g_assert_cmpint(g_mkdir(scene->path, 0755), ==, 0);
        add(scene, ".env.a");
        add(scene, "b.env");
        open_directory(scene, ".env.[a-c]");
        directory_scan(scene->directory);
        assert_found(scene, ".env.a ");
}

static void test_coming_and_going(DirectoryScene *scene, const void *data)
{
        g_assert_cmpint(g_mkdir(scene->path, 0755), ==, 0);
        open_directory(scene, "*");
        directory_scan(scene->directory);
        assert_found(scene, "");
        add(scene, "a");
        await_found(scene, "a ");
        add(scene, "b");
        await_found(scene, "a b ");
        take_away(scene, "a");
        await_found(scene, "b ");
}

static void test_no_directory(DirectoryScene *scene, const void *data)
{
        open_directory(scene, "*");
        directory_scan(scene->directory);
        assert_found(scene, "!");
        g_assert_cmpint(scene->code, ==, FAILURE_FILE_NOT_FOUND);
        /* It is waited for. */
        g_assert_cmpint(g_mkdir(scene->path, 0755), ==, 0);
        add(scene, "a");
        await_found(scene, "a ");
        take_away(scene, "a");
        await_found(scene, "");
        g_assert_cmpint(g_rmdir(scene->path), ==, 0);
        await_found(scene, "!");
}

static void test_file_in_place(DirectoryScene *scene, const void *data)
{
        g_assert_true(g_file_set_contents(scene->path, "", -1, NULL));
        open_directory(scene, "*");
        directory_scan(scene->directory);
        assert_found(scene, "!");
        g_assert_cmpint(scene->code, ==, FAILURE_FILE_NOT_FOUND);
        g_assert_cmpint(g_unlink(scene->path), ==, 0);
}

/* Where a link leads nobody knows, so the loop does not look. */
static void test_links(DirectoryScene *scene, const void *data)
{
        g_autofree char *to_file = g_build_filename(scene->path, "b.yaml", NULL);
        g_autofree char *to_directory = g_build_filename(scene->path, "c.yaml", NULL);
        g_autofree char *to_nothing = g_build_filename(scene->path, "d.yaml", NULL);

        g_assert_cmpint(g_mkdir(scene->path, 0755), ==, 0);
        add(scene, "a.yaml");
        g_assert_cmpint(symlink("a.yaml", to_file), ==, 0);
        g_assert_cmpint(symlink(".", to_directory), ==, 0);
        g_assert_cmpint(symlink("nowhere", to_nothing), ==, 0);
        open_directory(scene, "*.yaml");
        directory_scan(scene->directory);
        g_assert_null(scene->found);
        /* The newer of two looks counts. */
        directory_scan(scene->directory);
        await_found(scene, "a.yaml b.yaml d.yaml ");
        while (worker_pending(scene->worker) > 0)
                g_assert_cmpint(sd_event_run(scene->event, TIMEOUT_USEC), >, 0);
        g_assert_null(scene->found);
}

static void test_stop(DirectoryScene *scene, const void *data)
{
        g_autofree char *link = g_build_filename(scene->path, "a", NULL);

        g_assert_cmpint(g_mkdir(scene->path, 0755), ==, 0);
        g_assert_cmpint(symlink("nowhere", link), ==, 0);
        open_directory(scene, "*");
        directory_scan(scene->directory);
        directory_stop(scene->directory);
        while (worker_pending(scene->worker) > 0)
                g_assert_cmpint(sd_event_run(scene->event, TIMEOUT_USEC), >, 0);
        g_assert_null(scene->found);
}

static void test_stop_when_told(DirectoryScene *scene, const void *data)
{
        g_assert_cmpint(g_mkdir(scene->path, 0755), ==, 0);
        open_directory(scene, "*");
        add(scene, "a");
        scene->stop_when_told = true;
        await_found(scene, "a ");
        add(scene, "b");
        while (sd_event_run(scene->event, 0) > 0)
                ;
        g_assert_null(scene->found);
}

static void assert_check(const char *path, const char *pattern, const FailureCode *code)
{
        g_autoptr(Failure) failure = directory_check(path, pattern);

        g_assert_cmpint(failure != NULL, ==, code != NULL);
        if (failure)
                g_assert_cmpint(failure->code, ==, *code);
}

static void test_check(void)
{
        static const FailureCode path = FAILURE_INVALID_PATH, argument = FAILURE_INVALID_ARGUMENT;
        g_autofree char *longest = g_strnfill(PATH_MAX, 'x');

        longest[0] = '/';
        assert_check("/srv/tenants", "*.yaml", NULL);
        assert_check("/", "[a-z]?.json", NULL);
        assert_check("srv", "*", &path);
        assert_check("", "*", &path);
        assert_check("/srv/../etc", "*", &path);
        assert_check("/srv/", "*", &path);
        assert_check("/\xff", "*", &path);
        assert_check(longest, "*", &path);
        assert_check("/srv", "", &argument);
        assert_check("/srv", "*/x", &argument);
        assert_check("/srv", "\xff", &argument);
}

int main(int argc, char **argv)
{
        static const struct {
                const char *path;
                void (*test)(DirectoryScene *, const void *);
        } tests[] = {
                { "/directory/matching", test_matching },
                { "/directory/hidden", test_hidden },
                { "/directory/coming-and-going", test_coming_and_going },
                { "/directory/no-directory", test_no_directory },
                { "/directory/file-in-place", test_file_in_place },
                { "/directory/links", test_links },
                { "/directory/stop", test_stop },
                { "/directory/stop-when-told", test_stop_when_told },
        };

        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/directory/check", test_check);
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].path, DirectoryScene, NULL, scene_set_up, tests[i].test,
                           scene_tear_down);
        return g_test_run();
}
