/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of a database that is not ours to write, in a directory that is
 *
 * Modes mean nothing to root, so all is done as somebody else.
 */
#include "tests/support/store-scene.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static int give_away(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        return chown(path, NOBODY, NOBODY);
}

static int give_directory_away(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        return type == FTW_D ? give_away(path, st, type, ftw) : 0;
}

static void leave_root(const StoreScene *scene,
                       int (*give)(const char *, const struct stat *, int, struct FTW *))
{
        if (nftw(scene->root, give, 8, FTW_PHYS) < 0 || setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 ||
            setuid(NOBODY) < 0)
                skip_child();
}

static void become_nobody(const StoreScene *scene)
{
        g_unsetenv("XDG_RUNTIME_DIR");
        if (geteuid() == 0)
                leave_root(scene, give_away);
}

static char *find_set_aside(const StoreScene *scene, unsigned *ret_count)
{
        g_autoptr(GDir) entries = g_dir_open(scene->directory, 0, NULL);
        char *found = NULL;
        const char *name;

        g_assert_nonnull(entries);
        *ret_count = 0;
        while ((name = g_dir_read_name(entries))) {
                g_assert_null(strstr(name, ".copy"));
                if (!strstr(name, ".set-aside-") || g_str_has_suffix(name, "-wal"))
                        continue;
                ++*ret_count;
                g_free(found);
                found = g_build_filename(scene->directory, name, NULL);
        }
        return found;
}

/* Opens, expecting that for this reason so many files are set aside; what is in use from then on is ours. */
static void assert_replaced(const StoreScene *scene, const char *reason, const char *history,
                            unsigned n_set_aside)
{
        g_autofree char *message = NULL, *name = NULL, *epoch = NULL;
        g_autoptr(Store) store = NULL;
        unsigned count;
        GStatBuf st;

        assert_no_failure(store_open(scene->directory, &store, &message));
        name = find_set_aside(scene, &count);
        g_assert_cmpuint(count, ==, n_set_aside);
        if (!strstr(message, reason) || !strstr(message, scene->database) ||
            !strstr(message, "it was set aside as"))
                g_error("\"%s\" does not say \"%s\"", message, reason);
        g_assert_cmpint(g_stat(scene->database, &st), ==, 0);
        g_assert_cmpint(st.st_mode & 07777, ==, 0600);

        assert_history(store, "app", history);
        g_assert_cmpuint(add_content(store, "app", "a: 3\n"), ==, *history ? 3 : 1);
        epoch = g_strdup(store_epoch(store));
        store = store_close(store);
        store = store_scene_open(scene->directory);
        g_assert_cmpstr(store_epoch(store), ==, epoch);
        assert_layers(store, "app", *history ? 3 : 1, "a: 3\n");
}

static void open_read_only(const StoreScene *scene)
{
        g_autofree char *before = NULL, *after = NULL, *name = NULL, *epoch = NULL;
        g_autoptr(Store) store = NULL;
        size_t length_before, length_after;
        unsigned count;

        store_scene_make_history(scene);
        store = store_scene_open(scene->directory);
        epoch = g_strdup(store_epoch(store));
        store = store_close(store);
        become_nobody(scene);
        g_assert_cmpint(g_chmod(scene->database, 0400), ==, 0);
        g_assert_true(g_file_get_contents(scene->database, &before, &length_before, NULL));

        assert_replaced(scene, "is read-only", STORE_SCENE_HISTORY, 1);
        name = find_set_aside(scene, &count);
        g_assert_true(g_file_get_contents(name, &after, &length_after, NULL));
        g_assert_cmpmem(before, length_before, after, length_after);
        store = store_scene_open(scene->directory);
        g_assert_cmpstr(store_epoch(store), !=, epoch);
}

static void test_read_only(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_read_only, scene);
}

/* The log goes along, and what another try left behind does not matter. */
static void open_killed(const StoreScene *scene)
{
        g_autofree char *killed = NULL, *log = NULL, *left_behind = NULL, *left_log = NULL;
        g_autoptr(Store) store = store_scene_open(scene->directory);
        StoreScene scene_killed = { .root = scene->root };

        (void) add_content(store, "app", "a: 1\n");
        (void) add_content(store, "app", "a: 2\n");
        killed = store_scene_snapshot(scene, scene->directory);
        store = store_close(store);
        scene_killed.directory = killed;
        scene_killed.database = g_build_filename(killed, "state.db", NULL);
        log = g_strconcat(scene_killed.database, "-wal", NULL);
        left_behind = g_strconcat(scene_killed.database, ".copy", NULL);
        left_log = g_strconcat(scene_killed.database, ".copy-wal", NULL);
        g_assert_true(g_file_set_contents(left_behind, "half", -1, NULL));
        g_assert_true(g_file_set_contents(left_log, "half", -1, NULL));

        become_nobody(scene);
        g_assert_cmpint(g_chmod(scene_killed.database, 0400), ==, 0);
        g_assert_cmpint(g_chmod(log, 0400), ==, 0);
        assert_replaced(&scene_killed, "is read-only", STORE_SCENE_HISTORY, 1);
        g_free(scene_killed.database);
}

static void test_killed(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_killed, scene);
}

static void open_unreadable(const StoreScene *scene)
{
        store_scene_make_history(scene);
        become_nobody(scene);
        g_assert_cmpint(g_chmod(scene->database, 0), ==, 0);
        assert_replaced(scene, "cannot be read", "", 1);
}

static void test_unreadable(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_unreadable, scene);
}

static void open_damaged(const StoreScene *scene)
{
        g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
        g_assert_true(g_file_set_contents(scene->database, "a: 1\n", -1, NULL));
        become_nobody(scene);
        g_assert_cmpint(g_chmod(scene->database, 0400), ==, 0);
        assert_replaced(scene, "is damaged", "", 2);
}

static void test_damaged(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_damaged, scene);
}

static void open_damaged_content(const StoreScene *scene)
{
        store_scene_make_history(scene);
        store_scene_run(scene->database, "INSERT INTO registrations VALUES('a', NULL, NULL, '[]', '{', 0)");
        become_nobody(scene);
        g_assert_cmpint(g_chmod(scene->database, 0400), ==, 0);
        assert_replaced(scene, "is damaged (in its content)", "", 2);
}

static void test_damaged_content(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_damaged_content, scene);
}

/* Nobody else may go on reading it. */
static void open_of_somebody_else(const StoreScene *scene)
{
        if (geteuid() != 0)
                skip_child();
        store_scene_make_history(scene);
        g_assert_cmpint(g_chmod(scene->database, 0666), ==, 0);
        leave_root(scene, give_directory_away);
        assert_replaced(scene, "can be read by others", STORE_SCENE_HISTORY, 1);
}

static void test_of_somebody_else(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_of_somebody_else, scene);
}

/* A file that we may write, where no log can be made beside it. */
static void open_in_closed_directory(const StoreScene *scene)
{
        g_autofree char *message = NULL;
        g_autoptr(Store) store = NULL;

        store_scene_make_history(scene);
        become_nobody(scene);
        g_assert_cmpint(g_chmod(scene->directory, 0500), ==, 0);
        assert_no_failure(store_open(scene->directory, &store, &message));
        g_assert_nonnull(message);
        g_assert_nonnull(strstr(message, "kept only until reconfd ends, in /tmp/"));
        assert_history(store, "app", STORE_SCENE_HISTORY);
        store = store_close(store);

        g_assert_cmpint(g_chmod(scene->directory, 0700), ==, 0);
        store = store_scene_open(scene->directory);
        assert_history(store, "app", STORE_SCENE_HISTORY);
}

static void test_closed_directory(StoreScene *scene, const void *data)
{
        store_scene_in_child(open_in_closed_directory, scene);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/database-read-only/read-only", test_read_only, NULL);
        store_scene_add("/database-read-only/killed", test_killed, NULL);
        store_scene_add("/database-read-only/unreadable", test_unreadable, NULL);
        store_scene_add("/database-read-only/damaged", test_damaged, NULL);
        store_scene_add("/database-read-only/damaged-content", test_damaged_content, NULL);
        store_scene_add("/database-read-only/of-somebody-else", test_of_somebody_else, NULL);
        store_scene_add("/database-read-only/closed-directory", test_closed_directory, NULL);
        return g_test_run();
}
