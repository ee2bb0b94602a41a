/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File attributes: what a file has beside its bytes
 *
 * A file that takes another's place must look like it to everybody but the reader of its bytes: same owner,
 * mode, access list, label and other extended attributes. Left out are security.ima and security.evm, which
 * sign the bytes and the inode that they belong to, and flags as chattr(1) sets them.
 */
#pragma once

#include <sys/stat.h>

/*
 * Gives the file open as to what the one open as from has; status is that one's. Negative errno where
 * something cannot be kept; *ret_what then names it.
 */
int file_attributes_copy(int from, const struct stat *status, int to, const char **ret_what);
