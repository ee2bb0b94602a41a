/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Credentials: the ids by which the kernel decides what somebody may do to files
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct Credentials {
        uid_t uid;
        gid_t gid;     /* the kernel treats it as one more group; (gid_t) -1 where no group is known */
        gid_t *groups; /* supplementary */
        size_t n_groups;
} Credentials;

Credentials *credentials_copy(const Credentials *credentials);
Credentials *credentials_free(Credentials *credentials);

/* True if the kernel would decide alike. */
bool credentials_equal(const Credentials *a, const Credentials *b);

/*
 * Credentials of a user with the groups that the user database has for him, which are those that he would
 * get by logging in. Without any where he is not in it. Asks whatever the system's user database is made of,
 * which may be a server: may block for long, so not for the loop.
 */
Credentials *credentials_look_up(uid_t uid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Credentials, credentials_free)
