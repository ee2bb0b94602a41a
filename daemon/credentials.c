/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/credentials.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

/* Where the library gives no hint; it says when more is needed. */
#define FIRST_BUFFER_SIZE 1024U
#define MAX_BUFFER_SIZE (1024U * 1024)
#define FIRST_GROUPS 64
/* The kernel takes no more. */
#define MAX_GROUPS 65536

Credentials *credentials_copy(const Credentials *credentials)
{
        Credentials *copy = g_new(Credentials, 1);

        *copy = *credentials;
        copy->groups = g_memdup2(credentials->groups, credentials->n_groups * sizeof(gid_t));
        return copy;
}

Credentials *credentials_free(Credentials *credentials)
{
        if (!credentials)
                return NULL;

        g_free(credentials->groups);
        g_free(credentials);
        return NULL;
}

bool credentials_equal(const Credentials *a, const Credentials *b)
{
        return a->uid == b->uid && a->gid == b->gid && a->n_groups == b->n_groups &&
               (a->n_groups == 0 || memcmp(a->groups, b->groups, a->n_groups * sizeof *a->groups) == 0);
}

/* The user's name, or NULL. */
static char *find_user(uid_t uid, gid_t *ret_gid)
{
        for (size_t size = FIRST_BUFFER_SIZE; size <= MAX_BUFFER_SIZE; size *= 2) {
                g_autofree char *buffer = g_malloc(size);
                struct passwd entry, *found = NULL;
                int r = getpwuid_r(uid, &entry, buffer, size, &found);

                if (r == ERANGE)
                        continue;
                if (r != 0 || !found)
                        return NULL;
                *ret_gid = found->pw_gid;
                return g_strdup(found->pw_name);
        }
        return NULL;
}

Credentials *credentials_look_up(uid_t uid)
{
        Credentials *credentials = g_new(Credentials, 1);
        g_autofree char *name = NULL;
        int n = FIRST_GROUPS;

        *credentials = (Credentials){ .uid = uid, .gid = (gid_t) -1 };
        name = find_user(uid, &credentials->gid);
        if (!name)
                return credentials;

        /* It says how many there are where they do not fit; there may be more the next time. */
        do
                credentials->groups = g_renew(gid_t, credentials->groups, (size_t) n);
        while (getgrouplist(name, credentials->gid, credentials->groups, &n) < 0 && n <= MAX_GROUPS);
        credentials->n_groups = n <= MAX_GROUPS ? (size_t) n : 0;
        return credentials;
}
