/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private files: bytes that one user may read under a name of their own
 *
 * The file lies alone in a directory (0700) below the service's runtime directory, or the user's, or else
 * the temporary one. Whatever else appears in that directory goes with it.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct PrivateFile {
        char *directory;
        char *path;
} PrivateFile;

/* name is that of the file alone. Belongs to uid and gid where the process is root. Zero or negative errno.
 */
int private_file_new(const char *name, GBytes *bytes, uid_t uid, gid_t gid, PrivateFile **ret);
PrivateFile *private_file_free(PrivateFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrivateFile, private_file_free)
