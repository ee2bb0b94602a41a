/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identity: somebody else's rights to files, on this thread for a moment
 *
 * What the kernel goes by when it looks at files are the ids for files and the groups of the thread that
 * asks. Whoever is not root there has no capabilities to pass over permissions either, unless the process
 * asked to keep them. Other threads go on as they are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What the thread was before. */
typedef struct Identity {
        uid_t fsuid;
        gid_t fsgid;
        gid_t *groups;
        size_t n_groups;
} Identity;

/*
 * Makes the thread somebody else, until identity_restore(). On failure (-EPERM where the process is not
 * root, may not do this or would keep its capabilities; or another negative errno) nothing has changed and
 * there is nothing to restore. What stands between the two must be short and leave alone what else the
 * thread does.
 */
int identity_assume(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups, Identity *ret);
/* Ends the process where that cannot be done: going on with another's rights would be worse. */
void identity_restore(Identity *identity);
/* The user's own group, as the user database has it; that of nobody where it does not know him. May block.
 */
gid_t identity_find_group(uid_t uid);
