/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/watch/chain.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Scene {
        char *directory;
        char *table;
        Mounts *mounts;
} Scene;

static void on_change(const GPtrArray *targets, void *userdata)
{
        g_assert_not_reached();
}

static char *path_of(const Scene *scene, const char *name)
{
        return g_build_filename(scene->directory, name, NULL);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
        return remove(path);
}

/* Nothing but a root, and what more is mounted, as "name" of the scene. */
static void mount_remote(Scene *scene, const char *name)
{
        g_autofree char *target = name ? path_of(scene, name) : g_strdup("/none");
        g_autofree char *text = g_strdup_printf("20 1 8:1 / / rw - ext4 source rw\n"
                                                "21 20 8:2 / %s rw - nfs source rw\n",
                                                target);

        g_assert_true(g_file_set_contents(scene->table, text, -1, NULL));
        scene->mounts = mounts_free(scene->mounts);
        g_assert_cmpint(mounts_new(NULL, scene->table, on_change, NULL, &scene->mounts), ==, 0);
}

static void set_up(Scene *scene, const void *data)
{
        g_autofree char *directory = g_dir_make_tmp("reconf-chain-XXXXXX", NULL);

        scene->directory = realpath(directory, NULL);
        g_assert_nonnull(scene->directory);
        scene->table = path_of(scene, ".table");
        mount_remote(scene, NULL);
}

static void tear_down(Scene *scene, const void *data)
{
        mounts_free(scene->mounts);
        g_assert_cmpint(nftw(scene->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), ==, 0);
        g_free(scene->table);
        free(scene->directory);
}

static void make_directory(const Scene *scene, const char *name)
{
        g_autofree char *path = path_of(scene, name);

        g_assert_cmpint(mkdir(path, 0755), ==, 0);
}

static void make_file(const Scene *scene, const char *name)
{
        g_autofree char *path = path_of(scene, name);

        g_assert_true(g_file_set_contents(path, "", 0, NULL));
}

static void make_link(const Scene *scene, const char *target, const char *name)
{
        g_autofree char *path = path_of(scene, name);

        g_assert_cmpint(symlink(target, path), ==, 0);
}

/* The steps inside the scene's directory, as "directory:name:KIND ". */
static char *describe(const Scene *scene, const Chain *chain)
{
        static const char *const kinds[] = {
                [STEP_PASSED] = "passed", [STEP_HOLDER] = "holder", [STEP_LINK] = "link",
                [STEP_ABSENT] = "absent", [STEP_CLOSED] = "closed", [STEP_REMOTE] = "remote",
                [STEP_END] = "end",
        };
        g_autoptr(GString) text = g_string_new(NULL);
        size_t length = strlen(scene->directory);

        for (unsigned i = 0; i < chain->steps->len; i++) {
                const Step *step = chain->steps->pdata[i];

                if (strncmp(step->directory, scene->directory, length) == 0)
                        g_string_append_printf(text, "%s/%s:%s ", step->directory + length, step->name,
                                               kinds[step->kind]);
        }

        return g_string_free(g_steal_pointer(&text), FALSE);
}

static Chain *resolve(const Scene *scene, const char *name)
{
        g_autofree char *path = path_of(scene, name);

        return chain_resolve(path, scene->mounts);
}

/* end is relative to the scene, NULL where the path leads to nothing. */
static void assert_chain(const Scene *scene, const char *name, const char *steps, const char *end)
{
        g_autoptr(Chain) chain = resolve(scene, name);
        g_autofree char *text = describe(scene, chain);
        g_autofree char *path = end ? path_of(scene, end) : NULL;

        g_assert_cmpstr(text, ==, steps);
        g_assert_cmpint(chain->exists, ==, end != NULL);
        g_assert_cmpstr(chain->end, ==, path);
}

static void test_plain(Scene *scene, const void *data)
{
        make_directory(scene, "a");
        make_directory(scene, "a/b");
        make_file(scene, "a/b/f");

        assert_chain(scene, "a/b/f", "/a:passed /a/b:passed /a/b/f:end ", "a/b/f");
        assert_chain(scene, "a//b/./f", "/a:passed /a/b:passed /a/b/f:end ", "a/b/f");
        assert_chain(scene, "a/b/f/", "/a:passed /a/b:passed /a/b/f:end ", "a/b/f");
        assert_chain(scene, "a/b/f/.", "/a:passed /a/b:passed /a/b/f:end ", "a/b/f");
        assert_chain(scene, "a/b/../b/f", "/a:passed /a/b:passed /a/b:passed /a/b/f:end ", "a/b/f");
}

static void test_from_root(Scene *scene, const void *data)
{
        g_autoptr(Chain) root = chain_resolve("/", scene->mounts);
        g_autoptr(Chain) above = chain_resolve("/../..", scene->mounts);
        g_autoptr(Chain) chain = resolve(scene, "f");
        const Step *first = chain->steps->pdata[0];

        g_assert_cmpuint(root->steps->len, ==, 0);
        g_assert_true(root->exists);
        g_assert_cmpstr(root->end, ==, "/");
        g_assert_true(chain_equal(root, above));
        g_assert_cmpstr(first->directory, ==, "/");
        g_assert_cmpint(first->kind, ==, STEP_PASSED);
}

static void test_missing(Scene *scene, const void *data)
{
        make_directory(scene, "a");
        make_directory(scene, "a/b");

        assert_chain(scene, "a/b/f", "/a:passed /a/b:holder /a/b/f:end ", NULL);
        assert_chain(scene, "a/x/y/f", "/a:holder /a/x:absent ", NULL);
}

static void test_file_on_the_way(Scene *scene, const void *data)
{
        make_directory(scene, "a");
        make_file(scene, "a/b");

        assert_chain(scene, "a/b/f", "/a:passed /a/b:absent ", NULL);
}

static void test_links(Scene *scene, const void *data)
{
        g_autofree char *absolute = path_of(scene, "real/f");

        make_directory(scene, "real");
        make_file(scene, "real/f");
        make_link(scene, absolute, "one");
        make_link(scene, "real", "way");
        make_link(scene, "../one", "real/back");

        assert_chain(scene, "one", "/one:link /real:passed /real/f:end ", "real/f");
        assert_chain(scene, "way/f", "/way:link /real:passed /real/f:end ", "real/f");
        assert_chain(scene, "way/back",
                     "/way:link /real:passed /real/back:link /one:link /real:passed /real/f:end ", "real/f");
        assert_chain(scene, "way/..", "/way:link /real:passed ", "");
}

static void test_dangling(Scene *scene, const void *data)
{
        make_link(scene, "gone/f", "f");

        assert_chain(scene, "f", "/f:link /gone:absent ", NULL);
}

static void test_circle(Scene *scene, const void *data)
{
        g_autoptr(Chain) chain = NULL;
        const Step *last;

        make_link(scene, "b", "a");
        make_link(scene, "a", "b");

        chain = resolve(scene, "a");
        last = chain->steps->pdata[chain->steps->len - 1];
        g_assert_false(chain->exists);
        g_assert_cmpint(last->kind, ==, STEP_LINK);
}

static void test_link_limit(Scene *scene, const void *data)
{
        g_autofree char *path = path_of(scene, "40");
        g_autofree char *over = path_of(scene, "41");
        struct stat st;

        make_file(scene, "0");
        for (unsigned i = 1; i <= CHAIN_MAX_LINKS + 1; i++) {
                g_autofree char *target = g_strdup_printf("%u", i - 1);
                g_autofree char *name = g_strdup_printf("%u", i);

                make_link(scene, target, name);
        }

        /* Where the kernel draws the line. */
        g_assert_cmpint(stat(path, &st), ==, 0);
        g_assert_cmpint(stat(over, &st), ==, -1);
        g_assert_cmpint(errno, ==, ELOOP);

        for (unsigned i = 0; i < 2; i++) {
                g_autoptr(Chain) chain = chain_resolve(i == 0 ? path : over, scene->mounts);

                g_assert_cmpint(chain->exists, ==, i == 0);
        }
}

static void test_long_names(Scene *scene, const void *data)
{
        g_autofree char *name = g_strnfill(300, 'n');
        g_autofree char *deep = g_strnfill(6000, '/');
        g_autofree char *steps = g_strdup_printf("/%s:end ", name);

        assert_chain(scene, name, steps, NULL);

        for (size_t i = 1; i < 6000; i += 2)
                deep[i] = 'd';
        assert_chain(scene, deep, "/d:absent ", NULL);
}

static void test_remote(Scene *scene, const void *data)
{
        g_autoptr(Chain) chain = NULL;
        g_autofree char *target = path_of(scene, "net");

        make_directory(scene, "a");
        make_directory(scene, "net");
        make_file(scene, "net/f");
        make_link(scene, "../net/f", "a/f");
        mount_remote(scene, "net");

        assert_chain(scene, "net/x/f", "/net:remote ", NULL);
        assert_chain(scene, "a/f", "/a:passed /a/f:link /net:remote ", NULL);

        chain = resolve(scene, "a/f");
        g_assert_cmpstr(chain->remote, ==, target);
}

static void test_remote_root(Scene *scene, const void *data)
{
        g_autoptr(Chain) chain = NULL;

        g_assert_true(g_file_set_contents(scene->table, "20 1 8:1 / / rw - nfs4 source rw\n", -1, NULL));
        scene->mounts = mounts_free(scene->mounts);
        g_assert_cmpint(mounts_new(NULL, scene->table, on_change, NULL, &scene->mounts), ==, 0);

        chain = resolve(scene, "f");
        g_assert_cmpuint(chain->steps->len, ==, 0);
        g_assert_false(chain->exists);
        g_assert_cmpstr(chain->remote, ==, "/");
}

static void test_covered(Scene *scene, const void *data)
{
        g_autofree char *target = path_of(scene, "f");
        g_autofree char *text = g_strdup_printf("20 1 8:1 / / rw - ext4 source rw\n"
                                                "21 20 8:2 / %s rw - ext4 source rw\n",
                                                target);
        g_autoptr(Chain) before = NULL, after = NULL;

        make_file(scene, "f");
        before = resolve(scene, "f");
        g_assert_false(before->covered);

        g_assert_true(g_file_set_contents(scene->table, text, -1, NULL));
        scene->mounts = mounts_free(scene->mounts);
        g_assert_cmpint(mounts_new(NULL, scene->table, on_change, NULL, &scene->mounts), ==, 0);

        after = resolve(scene, "f");
        g_assert_true(after->covered);
        g_assert_false(chain_equal(before, after));
}

static void test_closed(Scene *scene, const void *data)
{
        uid_t uid = geteuid();

        make_directory(scene, "a");
        make_directory(scene, "a/b");
        make_file(scene, "a/b/f");
        g_assert_cmpint(chmod(scene->directory, 0755), ==, 0);
        {
                g_autofree char *path = path_of(scene, "a/b");

                g_assert_cmpint(chmod(path, 0), ==, 0);
                if (uid == 0)
                        g_assert_cmpint(seteuid(65534), ==, 0);
                assert_chain(scene, "a/b/f", "/a:passed /a/b:holder /a/b/f:closed ", NULL);
                if (uid == 0)
                        g_assert_cmpint(seteuid(0), ==, 0);
                g_assert_cmpint(chmod(path, 0755), ==, 0);
        }
        assert_chain(scene, "a/b/f", "/a:passed /a/b:passed /a/b/f:end ", "a/b/f");
}

static void test_equal(Scene *scene, const void *data)
{
        g_autoptr(Chain) a = NULL, b = NULL, c = NULL, d = NULL;

        a = resolve(scene, "f");
        b = resolve(scene, "g");
        make_file(scene, "f");
        c = resolve(scene, "f");
        d = resolve(scene, "f");

        g_assert_false(chain_equal(a, b));
        g_assert_false(chain_equal(a, c));
        g_assert_true(chain_equal(c, d));
}

int main(int argc, char *argv[])
{
        static const struct {
                const char *path;
                void (*test)(Scene *, const void *);
        } tests[] = {
                { "/chain/plain", test_plain },
                { "/chain/from-root", test_from_root },
                { "/chain/missing", test_missing },
                { "/chain/file-on-the-way", test_file_on_the_way },
                { "/chain/links", test_links },
                { "/chain/dangling", test_dangling },
                { "/chain/circle", test_circle },
                { "/chain/link-limit", test_link_limit },
                { "/chain/long-names", test_long_names },
                { "/chain/remote", test_remote },
                { "/chain/remote-root", test_remote_root },
                { "/chain/covered", test_covered },
                { "/chain/closed", test_closed },
                { "/chain/equal", test_equal },
        };

        g_test_init(&argc, &argv, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].path, Scene, NULL, set_up, tests[i].test, tear_down);
        return g_test_run();
}
