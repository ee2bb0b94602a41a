/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/identity.h"

#include <errno.h>
#include <glib.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534U

/* The library's setgroups() would change all threads. */
static int set_thread_groups(size_t n_groups, const gid_t *groups)
{
        return syscall(SYS_setgroups, n_groups, groups) < 0 ? -errno : 0;
}

static uid_t get_fsuid(void)
{
        /* There is no such user, so this changes nothing. */
        return (uid_t) setfsuid((uid_t) -1);
}

static gid_t get_fsgid(void)
{
        return (gid_t) setfsgid((gid_t) -1);
}

/* Only then do the capabilities that pass over permissions go with the uid, and come back with it. */
static bool ids_rule_capabilities(void)
{
        int bits = prctl(PR_GET_SECUREBITS);

        return geteuid() == 0 && bits >= 0 && (bits & SECBIT_NO_SETUID_FIXUP) == 0;
}

static int read_groups(Identity *identity)
{
        int n = getgroups(0, NULL);

        if (n < 0)
                return -errno;
        identity->n_groups = (size_t) n;
        identity->groups = g_new(gid_t, identity->n_groups + 1);
        if (getgroups(n, identity->groups) == n)
                return 0;
        g_clear_pointer(&identity->groups, g_free);
        return -EPERM;
}

int identity_assume(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups, Identity *ret)
{
        Identity before = { .groups = NULL };
        int r;

        if (!ids_rule_capabilities())
                return -EPERM;
        r = read_groups(&before);
        if (r < 0)
                return r;
        r = set_thread_groups(n_groups, groups);
        if (r < 0) {
                g_free(before.groups);
                return r;
        }

        /* They say what was before, not whether it worked. */
        before.fsgid = (gid_t) setfsgid(gid);
        before.fsuid = (uid_t) setfsuid(uid);
        if (get_fsgid() != gid || get_fsuid() != uid) {
                identity_restore(&before);
                return -EPERM;
        }
        *ret = before;
        return 0;
}

void identity_restore(Identity *identity)
{
        setfsuid(identity->fsuid);
        setfsgid(identity->fsgid);
        if (get_fsuid() != identity->fsuid || get_fsgid() != identity->fsgid ||
            set_thread_groups(identity->n_groups, identity->groups) < 0)
                g_error("Cannot take back the rights of this thread");
        g_clear_pointer(&identity->groups, g_free);
}

gid_t identity_find_group(uid_t uid)
{
        g_autofree char *buffer = NULL;
        struct passwd entry, *found = NULL;
        size_t size = 16 * 1024;

        buffer = g_malloc(size);
        return getpwuid_r(uid, &entry, buffer, size, &found) == 0 && found ? found->pw_gid : NOBODY;
}
