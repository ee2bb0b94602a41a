/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of credentials, and of what the user database says
 */
#include "daemon/credentials.h"

#include <dlfcn.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <unistd.h>

static void test_copy(void)
{
        gid_t groups[] = { 5, 4 };
        Credentials original = { .uid = 1, .gid = 2, .groups = groups, .n_groups = 2 };
        g_autoptr(Credentials) copy = credentials_copy(&original);
        g_autoptr(Credentials) bare = NULL;

        groups[0] = 6;
        g_assert_cmpuint(copy->uid, ==, 1);
        g_assert_cmpuint(copy->gid, ==, 2);
        g_assert_cmpuint(copy->n_groups, ==, 2);
        g_assert_cmpuint(copy->groups[0], ==, 5);
        g_assert_cmpuint(copy->groups[1], ==, 4);

        original.groups = NULL;
        original.n_groups = 0;
        bare = credentials_copy(&original);
        g_assert_null(bare->groups);
        g_assert_null(credentials_free(NULL));
}

static bool is_member(const Credentials *credentials, gid_t gid)
{
        for (size_t i = 0; i < credentials->n_groups; i++)
                if (credentials->groups[i] == gid)
                        return true;
        return false;
}

/* What the database has, its other half has to agree with: each group says who is in it. */
static void test_look_up(void)
{
        g_autoptr(Credentials) credentials = credentials_look_up(0);
        const struct passwd *root = getpwuid(0);
        const struct group *group;

        g_assert_nonnull(root);
        g_assert_cmpuint(credentials->uid, ==, 0);
        g_assert_cmpuint(credentials->gid, ==, root->pw_gid);
        g_assert_true(is_member(credentials, root->pw_gid));
        setgrent();
        while ((group = getgrent()))
                for (size_t i = 0; group->gr_mem[i]; i++)
                        if (g_str_equal(group->gr_mem[i], "root"))
                                g_assert_true(is_member(credentials, group->gr_gid));
        endgrent();
}

/* How many groups the database has for everybody; 0: what it really has. */
static int pretended;

/* In the library's place. */
int getgrouplist(const char *user, gid_t group, gid_t *groups, int *n_groups)
{
        int (*real)(const char *, gid_t, gid_t *, int *);
        int room = *n_groups;

        if (pretended == 0) {
                *(void **) &real = dlsym(RTLD_NEXT, "getgrouplist");
                return real(user, group, groups, n_groups);
        }
        *n_groups = pretended;
        for (int i = 0; i < MIN(room, pretended); i++)
                groups[i] = (gid_t) i;
        return room < pretended ? -1 : pretended;
}

static void test_many(void)
{
        g_autoptr(Credentials) many = NULL, too_many = NULL;

        pretended = 1000;
        many = credentials_look_up(0);
        g_assert_cmpuint(many->n_groups, ==, 1000);
        g_assert_cmpuint(many->groups[999], ==, 999);
        /* More than the kernel would take. */
        pretended = 65537;
        too_many = credentials_look_up(0);
        pretended = 0;
        g_assert_cmpuint(too_many->gid, ==, many->gid);
        g_assert_cmpuint(too_many->n_groups, ==, 0);
}

static void test_unknown(void)
{
        g_autoptr(Credentials) credentials = NULL;
        uid_t uid = 3999999999U;

        g_assert_null(getpwuid(uid));
        credentials = credentials_look_up(uid);
        g_assert_cmpuint(credentials->uid, ==, uid);
        g_assert_cmpuint(credentials->gid, ==, (gid_t) -1);
        g_assert_cmpuint(credentials->n_groups, ==, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/credentials/copy", test_copy);
        g_test_add_func("/credentials/look-up", test_look_up);
        g_test_add_func("/credentials/many", test_many);
        g_test_add_func("/credentials/unknown", test_unknown);
        return g_test_run();
}
