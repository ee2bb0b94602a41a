/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files: read whole, replaced whole
 *
 * Reading goes through one descriptor that can neither hang on a FIFO nor follow a race: checked to be a
 * regular file before it is opened, read, and checked to be still what it was. Where somebody else could
 * lead the path elsewhere, root touches only what they could touch themselves (file-walk.h). Replacing goes
 * by a temporary file in the same directory that takes over owner, mode, access list and extended
 * attributes, is synced, and changes places with the old one; what came out is compared with what was meant
 * to be replaced, so that nobody's newer edit is lost. A link stays a link: what it points at is replaced.
 * Both may block: call them where that is allowed.
 */
#pragma once

#include "daemon/model/failure.h"

#include <stdbool.h>
#include <sys/stat.h>

/* How the names of temporary files begin; a kill in the middle may leave one behind. */
#define FILE_TEMPORARY_PREFIX ".reconf-"

/*
 * Reads a file of at most max_size bytes. A file that does not exist (ENOENT, ENOTDIR) is
 * FAILURE_FILE_NOT_FOUND, one that cannot be read, or is no regular file, FAILURE_FILE_UNREADABLE, a larger
 * one FAILURE_TOO_LARGE; all of stage read, naming the file.
 */
Failure *file_read(const char *path, uint64_t max_size, GBytes **ret);
/* The same, and leaves the file open where it was read; its status is that from before. */
Failure *file_read_open(const char *path, uint64_t max_size, GBytes **ret, int *ret_fd,
                        struct stat *ret_status);
/*
 * The same, and tells whether every user may read these bytes: those of the file that was read. Where that
 * cannot be told since the path leads to another by then, that one is read.
 */
Failure *file_read_public(const char *path, uint64_t max_size, GBytes **ret, bool *ret_public);

/*
 * Makes the file hold content, provided that it holds expected now. NULL stands for no file: as expected,
 * the file is created; as content, removed. A file that holds something else stays, or is put back, as it
 * is, and the answer is FAILURE_VERSION_CONFLICT; what cannot be written is FAILURE_WRITE_FAILED. On failure
 * the file is as before.
 *
 * create_mode is the mode of a file that is created, less the umask, since nothing tells who may read it:
 * 0600 unless what is written is known to be public. SIGXFSZ must be ignored by the process.
 */
Failure *file_replace(const char *path, GBytes *expected, GBytes *content, mode_t create_mode);

/*
 * True if every user of the machine may read the file: each directory on the way to it can be passed by all
 * classes, the file read by all, no access list gives anybody less, and (where the process may ask) the
 * kernel lets nobody open it. False for a file that is not there.
 */
bool file_is_public(const char *path);
/* The same of a file that is open; also false where the path leads to another one. */
bool file_is_public_open(const char *path, int fd);
