/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access: what somebody may do to files, as the kernel says
 *
 * The kernel is asked with the credentials on this thread, so that directories, access lists, groups and
 * read-only mounts count as they would if he opened the files himself. Nothing is opened for it, and nothing
 * happens to the files. Labels of security modules and other mount namespaces are not his: what is answered
 * is what his ids allow.
 *
 * It is about what the paths lead to now, which need not be what was loaded from them before.
 */
#pragma once

#include "daemon/credentials.h"

#include <stdbool.h>

typedef enum AccessMode {
        ACCESS_READ,
        ACCESS_WRITE, /* and read, since whoever changes a config is told what it holds */
} AccessMode;

/*
 * Whether anybody can be asked about in this process: it takes uid 0 without SECBIT_NO_SETUID_FIXUP. Where
 * it does not work (negative errno), only users of our own uid are let in anywhere. It is asked again each
 * time.
 */
int access_check_possible(void);

/*
 * True if all files, NULL-terminated, are regular files that could be opened in this mode. For one that does
 * not exist, reading is allowed where it could be seen to be missing, writing where it could be made. What
 * cannot be found out is refused. Somebody of our own uid may do what we may.
 *
 * Never waits for what is at the end of a path (a FIFO, an automount), but walks to it: where a file system
 * on the way may hang, ask in a worker. Any thread will do.
 */
bool access_is_allowed(const Credentials *credentials, char *const *files, AccessMode mode);

/*
 * True if the directory could be listed, and all files in it that the glob matches be read. Opens the
 * directory as whoever it is.
 */
bool access_is_listable(const Credentials *credentials, const char *directory, const char *pattern);
