/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access: what somebody may do to files, as the kernel says
 *
 * The kernel is asked with the credentials on this thread, so that directories, access lists and groups count
 * as they would if he opened the files himself. Nothing is opened for it, and nothing happens to the files.
 * Labels of security modules and other mount namespaces are not his: what is answered is what his ids allow.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct Credentials {
        uid_t uid;
        gid_t gid;
        gid_t *groups; /* supplementary */
        size_t n_groups;
} Credentials;

typedef enum AccessMode {
        ACCESS_READ,
        ACCESS_WRITE,
} AccessMode;

/*
 * Whether asking works in this process: it takes uid 0 without SECBIT_NO_SETUID_FIXUP, or nobody but
 * ourselves can be asked about. Negative errno.
 */
int access_check_possible(void);

/*
 * True if all files could be opened in this mode. For one that does not exist, reading is allowed where it
 * could be seen to be missing, writing where it could be made. What cannot be found out is refused.
 */
bool access_is_allowed(const Credentials *credentials, char *const *files, AccessMode mode);

Credentials *credentials_copy(const Credentials *credentials);
Credentials *credentials_free(Credentials *credentials);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Credentials, credentials_free)
