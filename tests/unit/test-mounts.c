/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/watch/mounts.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct Scene {
        char *table;
        GString *told; /* targets, each with a space behind it */
        Mounts *mounts;
} Scene;

static void on_change(const GPtrArray *targets, void *userdata)
{
        Scene *scene = userdata;

        for (unsigned i = 0; i < targets->len; i++)
                g_string_append_printf(scene->told, "%s ", (const char *) targets->pdata[i]);
}

static void write_table(Scene *scene, const char *text)
{
        g_autoptr(GError) error = NULL;

        g_file_set_contents(scene->table, text, -1, &error);
        g_assert_no_error(error);
}

/* One line of the table. */
#define MOUNT(id, parent, target, type) \
#id " " #parent " 8:1 / " target " rw,relatime shared:1 - " type " source rw\n"

static void open_table(Scene *scene, const char *text)
{
        write_table(scene, text);
        g_assert_cmpint(mounts_new(NULL, scene->table, on_change, scene, &scene->mounts), ==, 0);
}

static void set_up(Scene *scene, const void *data)
{
        g_autoptr(GError) error = NULL;
        int fd = g_file_open_tmp("reconf-mounts-XXXXXX", &scene->table, &error);

        g_assert_no_error(error);
        g_assert_true(g_close(fd, NULL));
        scene->told = g_string_new(NULL);
}

static void tear_down(Scene *scene, const void *data)
{
        mounts_free(scene->mounts);
        g_assert_cmpint(g_unlink(scene->table), ==, 0);
        g_free(scene->table);
        g_string_free(scene->told, TRUE);
}

static void assert_mount(const Scene *scene, const char *path, int id)
{
        const Mount *mount = mounts_find(scene->mounts, path);

        g_assert_nonnull(mount);
        g_assert_cmpint(mount->id, ==, id);
}

static void test_find(Scene *scene, const void *data)
{
        open_table(scene, MOUNT(20, 1, "/", "ext4") MOUNT(21, 20, "/proc", "proc") MOUNT(
                                          22, 20, "/srv", "xfs") MOUNT(23, 22, "/srv/a\\040b", "btrfs"));

        assert_mount(scene, "/", 20);
        assert_mount(scene, "/etc/app", 20);
        assert_mount(scene, "/srv", 22);
        assert_mount(scene, "/srvx", 20);
        assert_mount(scene, "/srv/a", 22);
        assert_mount(scene, "/srv/a b", 23);
        assert_mount(scene, "/srv/a b/c/d", 23);
        g_assert_cmpstr(mounts_find(scene->mounts, "/srv/a b/c")->target, ==, "/srv/a b");
}

static void test_hidden(Scene *scene, const void *data)
{
        /* What is mounted on /a hides what was on /a/b before, though that is the longer prefix. */
        open_table(scene,
                   MOUNT(20, 1, "/", "ext4") MOUNT(21, 20, "/a/b", "ext4") MOUNT(22, 20, "/a", "nfs4"));

        assert_mount(scene, "/a/b/c", 22);
        g_assert_true(mounts_find(scene->mounts, "/a/b/c")->remote);
}

static void test_stacked(Scene *scene, const void *data)
{
        open_table(scene, MOUNT(20, 1, "/", "ext4") MOUNT(21, 20, "/a", "autofs") MOUNT(22, 21, "/a", "ext4")
                                          MOUNT(23, 22, "/a", "nfs"));

        assert_mount(scene, "/a/b", 23);
}

static void test_root(Scene *scene, const void *data)
{
        /* A first root that is its own parent, with another one on top. */
        open_table(scene, MOUNT(1, 1, "/", "rootfs") MOUNT(20, 1, "/", "ext4") MOUNT(21, 20, "/a", "xfs"));

        assert_mount(scene, "/", 20);
        assert_mount(scene, "/a", 21);
}

static void test_no_root(Scene *scene, const void *data)
{
        /* As seen from a root that is no mount. */
        open_table(scene, MOUNT(21, 20, "/a", "nfs"));

        g_assert_null(mounts_find(scene->mounts, "/"));
        g_assert_null(mounts_find(scene->mounts, "/etc"));
        assert_mount(scene, "/a/b", 21);
}

static void test_remote(Scene *scene, const void *data)
{
        static const char *const remote[] = { "nfs",     "nfs4",       "cifs",    "smb3", "9p",
                                              "fuse",    "fuse.sshfs", "ceph",    "afs",  "fuse.foo",
                                              "fuseblk", "autofs",     "virtiofs" };
        static const char *const local[] = { "ext4", "xfs", "btrfs", "tmpfs", "overlay", "fusectl", "vfat" };

        for (unsigned i = 0; i < G_N_ELEMENTS(remote) + G_N_ELEMENTS(local); i++) {
                bool is_remote = i < G_N_ELEMENTS(remote);
                const char *type = is_remote ? remote[i] : local[i - G_N_ELEMENTS(remote)];
                g_autofree char *text = g_strdup_printf("20 1 8:1 / / rw - ext4 source rw\n"
                                                        "21 20 8:2 / /a rw - %s source rw\n",
                                                        type);

                open_table(scene, text);
                g_test_message("%s", type);
                g_assert_cmpint(mounts_find(scene->mounts, "/a/b")->remote, ==, is_remote);
                scene->mounts = mounts_free(scene->mounts);
        }
}

static void assert_told(Scene *scene, const char *told)
{
        g_assert_cmpstr(scene->told->str, ==, told);
        g_string_truncate(scene->told, 0);
}

static void test_reload(Scene *scene, const void *data)
{
        open_table(scene, MOUNT(20, 1, "/", "ext4") MOUNT(21, 20, "/a", "ext4"));

        g_assert_cmpint(mounts_reload(scene->mounts), ==, 0);
        assert_told(scene, "");

        write_table(scene, MOUNT(20, 1, "/", "ext4") MOUNT(21, 20, "/a", "ext4") MOUNT(22, 21, "/a", "nfs"));
        g_assert_cmpint(mounts_reload(scene->mounts), ==, 0);
        assert_told(scene, "/a ");
        assert_mount(scene, "/a/b", 22);

        write_table(scene, MOUNT(20, 1, "/", "ext4") MOUNT(21, 20, "/a", "ext4"));
        g_assert_cmpint(mounts_reload(scene->mounts), ==, 0);
        assert_told(scene, "/a ");
        assert_mount(scene, "/a/b", 21);

        /* Another one in its place, and one that moved. */
        write_table(scene, MOUNT(20, 1, "/", "ext4") MOUNT(23, 20, "/a", "ext4"));
        g_assert_cmpint(mounts_reload(scene->mounts), ==, 0);
        assert_told(scene, "/a /a ");
        write_table(scene, MOUNT(20, 1, "/", "ext4") MOUNT(23, 20, "/b", "ext4"));
        g_assert_cmpint(mounts_reload(scene->mounts), ==, 0);
        assert_told(scene, "/a /b ");
}

static void test_unreadable(Scene *scene, const void *data)
{
        Mounts *mounts = NULL;

        open_table(scene, MOUNT(20, 1, "/", "ext4"));
        g_assert_cmpint(g_unlink(scene->table), ==, 0);

        g_assert_cmpint(mounts_new(NULL, scene->table, on_change, scene, &mounts), ==, -ENOENT);
        g_assert_null(mounts);
        g_assert_cmpint(mounts_reload(scene->mounts), ==, -ENOENT);
        assert_mount(scene, "/a", 20);

        write_table(scene, "");
}

static void test_kernel(Scene *scene, const void *data)
{
        g_autoptr(Mounts) mounts = NULL;
        sd_event *event = NULL;

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(mounts_new(event, NULL, on_change, scene, &mounts), ==, 0);
        g_assert_cmpstr(mounts_find(mounts, "/proc/self")->target, ==, "/proc");
        g_assert_false(mounts_find(mounts, "/proc/self")->remote);
        g_assert_cmpint(mounts_reload(mounts), ==, 0);
        sd_event_unref(event);
}

int main(int argc, char *argv[])
{
        static const struct {
                const char *path;
                void (*test)(Scene *, const void *);
        } tests[] = {
                { "/mounts/find", test_find },       { "/mounts/hidden", test_hidden },
                { "/mounts/stacked", test_stacked }, { "/mounts/root", test_root },
                { "/mounts/no-root", test_no_root }, { "/mounts/remote", test_remote },
                { "/mounts/reload", test_reload },   { "/mounts/unreadable", test_unreadable },
                { "/mounts/kernel", test_kernel },
        };

        g_test_init(&argc, &argv, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].path, Scene, NULL, set_up, tests[i].test, tear_down);
        return g_test_run();
}
