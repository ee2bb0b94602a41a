/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/file-attributes.h"

#include <errno.h>
#include <glib.h>
#include <linux/limits.h>
#include <linux/xattr.h>
#include <stdbool.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

static int copy_owner(const struct stat *status, int to)
{
        struct stat present;

        if (fstat(to, &present) < 0)
                return -errno;
        if (present.st_uid == status->st_uid && present.st_gid == status->st_gid)
                return 0;
        return fchown(to, status->st_uid, status->st_gid) < 0 ? -errno : 0;
}

static int copy_mode(const struct stat *status, int to)
{
        /* A list inherited from the directory would turn the group's bits into its mask. */
        if (fremovexattr(to, XATTR_NAME_POSIX_ACL_ACCESS) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
                return -errno;
        return fchmod(to, status->st_mode & 07777) < 0 ? -errno : 0;
}

/* An attribute that is there already is not set again: a label may be set by nobody but the kernel. */
static int copy_attribute(int from, int to, const char *name)
{
        g_autofree char *value = g_malloc(XATTR_SIZE_MAX);
        g_autofree char *present = g_malloc(XATTR_SIZE_MAX);
        ssize_t size = fgetxattr(from, name, value, XATTR_SIZE_MAX);
        ssize_t present_size = fgetxattr(to, name, present, XATTR_SIZE_MAX);

        if (size < 0)
                return errno == ENODATA ? 0 : -errno;
        if (size == present_size && memcmp(value, present, (size_t) size) == 0)
                return 0;
        return fsetxattr(to, name, value, (size_t) size, 0) < 0 ? -errno : 0;
}

static bool belongs_to_bytes(const char *name)
{
        return g_str_equal(name, XATTR_NAME_IMA) || g_str_equal(name, XATTR_NAME_EVM);
}

static int copy_attributes(int from, int to)
{
        g_autofree char *names = g_malloc(XATTR_LIST_MAX);
        ssize_t size = flistxattr(from, names, XATTR_LIST_MAX);

        if (size < 0)
                return errno == EOPNOTSUPP ? 0 : -errno;
        for (const char *name = names; name < names + size; name += strlen(name) + 1) {
                int r = belongs_to_bytes(name) ? 0 : copy_attribute(from, to, name);

                if (r < 0)
                        return r;
        }
        return 0;
}

int file_attributes_copy(int from, const struct stat *status, int to, const char **ret_what)
{
        int r;

        *ret_what = "owner";
        r = copy_owner(status, to);
        if (r < 0)
                return r;
        *ret_what = "mode";
        r = copy_mode(status, to);
        if (r < 0)
                return r;
        *ret_what = "extended attributes";
        return copy_attributes(from, to);
}
