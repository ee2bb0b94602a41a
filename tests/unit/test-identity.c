/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of being somebody else for a moment
 */
#include "daemon/identity.h"

#include <errno.h>
#include <glib.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdint.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const gid_t groups[] = { 2000, 2001, 70000 };

/* All by which the kernel judges a thread that looks at files. */
typedef struct Standing {
        uid_t fsuid;
        gid_t fsgid;
        gid_t groups[64];
        int n_groups;
        uint32_t capabilities[_LINUX_CAPABILITY_U32S_3]; /* effective */
} Standing;

static Standing standing(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
        Standing found = { .fsuid = (uid_t) setfsuid((uid_t) -1), .fsgid = (gid_t) setfsgid((gid_t) -1) };

        found.n_groups = getgroups(G_N_ELEMENTS(found.groups), found.groups);
        g_assert_cmpint(found.n_groups, >=, 0);
        g_assert_cmpint(syscall(SYS_capget, &header, data), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(data); i++)
                found.capabilities[i] = data[i].effective;
        return found;
}

static void assert_same(const Standing *a, const Standing *b)
{
        g_assert_cmpuint(a->fsuid, ==, b->fsuid);
        g_assert_cmpuint(a->fsgid, ==, b->fsgid);
        g_assert_cmpmem(a->groups, (size_t) a->n_groups * sizeof(gid_t), b->groups,
                        (size_t) b->n_groups * sizeof(gid_t));
        g_assert_cmpmem(a->capabilities, sizeof(a->capabilities), b->capabilities, sizeof(b->capabilities));
}

static bool is_root(void)
{
        if (geteuid() == 0)
                return true;
        g_test_skip("only root can be somebody else");
        return false;
}

static void test_there_and_back(void)
{
        Standing before, meanwhile, after;
        Identity identity;

        if (!is_root())
                return;
        before = standing();
        g_assert_cmpint(identity_assume(1234, 1235, groups, G_N_ELEMENTS(groups), &identity), ==, 0);
        meanwhile = standing();
        identity_restore(&identity);
        after = standing();

        g_assert_cmpuint(meanwhile.fsuid, ==, 1234);
        g_assert_cmpuint(meanwhile.fsgid, ==, 1235);
        g_assert_cmpmem(meanwhile.groups, (size_t) meanwhile.n_groups * sizeof(gid_t), groups,
                        sizeof(groups));
        g_assert_cmphex(meanwhile.capabilities[0] & (1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH), ==,
                        0);
        assert_same(&before, &after);
}

/* Looks at itself when told. */
static void *look(void *data)
{
        GAsyncQueue *queue = data;
        Standing *found = g_async_queue_pop(queue);

        *found = standing();
        return NULL;
}

static void test_other_threads_stay(void)
{
        g_autoptr(GAsyncQueue) queue = g_async_queue_new();
        Standing before, other;
        Identity identity;
        GThread *thread;

        if (!is_root())
                return;
        before = standing();
        thread = g_thread_new("other", look, queue);
        g_assert_cmpint(identity_assume(1234, 1235, groups, G_N_ELEMENTS(groups), &identity), ==, 0);
        g_async_queue_push(queue, &other);
        g_thread_join(thread);
        identity_restore(&identity);
        assert_same(&before, &other);
}

/* Whom the kernel does not know, or not with so many groups. */
static void test_impossible(void)
{
        g_autofree gid_t *many = g_new0(gid_t, 70000);
        Standing before, after;
        Identity identity;

        if (!is_root())
                return;
        before = standing();
        g_assert_cmpint(identity_assume((uid_t) -1, 1235, NULL, 0, &identity), ==, -EPERM);
        g_assert_cmpint(identity_assume(1234, (gid_t) -1, groups, 1, &identity), ==, -EPERM);
        g_assert_cmpint(identity_assume(1234, 1235, many, 70000, &identity), ==, -EINVAL);
        after = standing();
        assert_same(&before, &after);
}

static void *keep_capabilities(void *data)
{
        Standing before = standing(), after;
        Identity identity;
        bool *kept = data;

        *kept = prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) == 0;
        if (*kept)
                g_assert_cmpint(identity_assume(1234, 1235, NULL, 0, &identity), ==, -EPERM);
        after = standing();
        assert_same(&before, &after);
        return NULL;
}

/* The kernel would answer for somebody who may do everything. */
static void test_with_capabilities_kept(void)
{
        bool kept;

        if (!is_root())
                return;
        /* It would hold for this thread from then on. */
        g_thread_join(g_thread_new("keeper", keep_capabilities, &kept));
        if (!kept)
                g_test_skip("not allowed to keep capabilities");
}

/* Of this thread alone, unlike setresuid(). */
static void *assume_as_user(void *data)
{
        Identity identity;

        if (geteuid() == 0)
                g_assert_cmpint(syscall(SYS_setresuid, 1000, 1000, 1000), ==, 0);
        g_assert_cmpint(identity_assume(1234, 1235, NULL, 0, &identity), ==, -EPERM);
        return NULL;
}

static void test_not_root(void)
{
        g_thread_join(g_thread_new("user", assume_as_user, NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/identity/there-and-back", test_there_and_back);
        g_test_add_func("/identity/other-threads-stay", test_other_threads_stay);
        g_test_add_func("/identity/impossible", test_impossible);
        g_test_add_func("/identity/with-capabilities-kept", test_with_capabilities_kept);
        g_test_add_func("/identity/not-root", test_not_root);
        return g_test_run();
}
