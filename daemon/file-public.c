/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether every user may read a file
 *
 * The path is walked one name at a time, links included, and each directory on it is asked about: mode bits
 * and access lists must let everybody through, the owner and the group too. That is all there is to ask on a
 * local file system, and costs two calls a name. Others have rules of their own (servers, lists of other
 * kinds): there, where the daemon is root, the kernel is asked as nobody, on this thread only.
 *
 * Whatever cannot be found out is no: a config taken for secret is heard by those who subscribe, one taken
 * for public is heard by all. What a security module or another mount namespace keeps from single users is
 * not seen, nor a path that somebody changes while it is walked: who can do that owns one of its
 * directories.
 */
#include "daemon/file.h"

#include "daemon/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NOBODY 65534U
/* As the kernel's own. */
#define MAX_LINKS 40U
/* An access list of more entries than this is not looked through. */
#define MAX_ACL_ENTRIES 128U
/* Files that are saved over each time that they are read are somebody's game. */
#define MAX_AGAIN 20U

/* True if each entry of the list grants what is wanted, less what the mask takes away. */
static bool list_grants(const struct posix_acl_xattr_entry *entries, size_t n_entries, unsigned wanted)
{
        unsigned mask = wanted;

        for (size_t i = 0; i < n_entries; i++)
                if (GUINT16_FROM_LE(entries[i].e_tag) == ACL_MASK)
                        mask = GUINT16_FROM_LE(entries[i].e_perm);

        for (size_t i = 0; i < n_entries; i++) {
                unsigned tag = GUINT16_FROM_LE(entries[i].e_tag);
                unsigned granted = GUINT16_FROM_LE(entries[i].e_perm);

                if (tag == ACL_USER || tag == ACL_GROUP || tag == ACL_GROUP_OBJ)
                        granted &= mask;
                if ((granted & wanted) == 0)
                        return false;
        }
        return true;
}

/* Of the open file where there is one. */
static bool access_list_grants(const char *path, int fd, unsigned wanted)
{
        struct {
                struct posix_acl_xattr_header header;
                struct posix_acl_xattr_entry entries[MAX_ACL_ENTRIES];
        } list;
        ssize_t size = fd >= 0 ? fgetxattr(fd, XATTR_NAME_POSIX_ACL_ACCESS, &list, sizeof(list))
                               : lgetxattr(path, XATTR_NAME_POSIX_ACL_ACCESS, &list, sizeof(list));

        if (size < 0)
                return errno == ENODATA || errno == EOPNOTSUPP;
        if ((size_t) size < sizeof(list.header) ||
            GUINT32_FROM_LE(list.header.a_version) != POSIX_ACL_XATTR_VERSION)
                return false;
        return list_grants(list.entries, ((size_t) size - sizeof(list.header)) / sizeof(list.entries[0]),
                           wanted);
}

/* True where mode bits and access lists are the whole truth. */
static bool is_local(const char *path)
{
        struct statfs status;

        if (statfs(path, &status) < 0)
                return false;
        switch ((unsigned long) status.f_type) {
        case BTRFS_SUPER_MAGIC:
        case EXT4_SUPER_MAGIC: /* ext2 and ext3, too */
        case F2FS_SUPER_MAGIC:
        case OVERLAYFS_SUPER_MAGIC:
        case RAMFS_MAGIC:
        case SQUASHFS_MAGIC:
        case TMPFS_MAGIC:
        case XFS_SUPER_MAGIC:
                return true;
        default:
                return false;
        }
}

/* Only root may ask as nobody, and in a container not always; where it cannot be done, mode bits and lists
 * have to do. */
static bool nobody_may_read(const char *path)
{
        Identity identity;
        bool is_nobody = identity_assume(NOBODY, NOBODY, NULL, 0, &identity) == 0;
        bool may = faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;

        if (is_nobody)
                identity_restore(&identity);
        return may;
}

/* A place on the way, without links in its path. */
typedef struct Walk {
        char path[PATH_MAX]; /* "" for the root */
        size_t length;
        struct stat status;
        int fd;         /* what the end has to be, or -1 */
        char *followed; /* what rest points into, once a link was followed */
        const char *rest;
        unsigned links;
} Walk;

static const char *walk_path(const Walk *walk)
{
        return walk->length > 0 ? walk->path : "/";
}

static bool walk_look(Walk *walk)
{
        return lstat(walk_path(walk), &walk->status) == 0;
}

static void walk_up(Walk *walk)
{
        while (walk->length > 0 && walk->path[--walk->length] != '/')
                ;
        walk->path[walk->length] = '\0';
}

/* Goes back to the link's directory, or to the root, with the link's target in front of what is left of the
 * way. */
static bool walk_follow(Walk *walk)
{
        char target[PATH_MAX];
        ssize_t length;
        char *rest;

        length = ++walk->links <= MAX_LINKS ? readlink(walk->path, target, sizeof(target)) : -1;
        if (length <= 0 || (size_t) length == sizeof(target))
                return false;

        rest = g_strdup_printf("%.*s/%s", (int) length, target, walk->rest);
        g_free(walk->followed);
        walk->followed = rest;
        walk->rest = rest;
        if (*rest == '/')
                walk->length = 0;
        else
                walk_up(walk);
        walk->path[walk->length] = '\0';
        return walk_look(walk);
}

/* Goes on to the name in front of the rest, of that length. */
static bool walk_step(Walk *walk, size_t length)
{
        const char *name = walk->rest;

        walk->rest += length;
        if (length == 1 && name[0] == '.')
                return true;
        if (length == 2 && name[0] == '.' && name[1] == '.') {
                walk_up(walk);
                return walk_look(walk);
        }
        if (length >= sizeof(walk->path) - walk->length - 1)
                return false;
        walk->path[walk->length] = '/';
        memcpy(walk->path + walk->length + 1, name, length);
        walk->length += length + 1;
        walk->path[walk->length] = '\0';
        return walk_look(walk) && (!S_ISLNK(walk->status.st_mode) || walk_follow(walk));
}

static bool walk_is_at_open_directory(const Walk *walk)
{
        const mode_t all = S_IXUSR | S_IXGRP | S_IXOTH;

        return S_ISDIR(walk->status.st_mode) && (walk->status.st_mode & all) == all &&
               access_list_grants(walk_path(walk), -1, ACL_EXECUTE);
}

/* A path may lead elsewhere at each look: what is open is asked about itself. */
static bool look_at_open(Walk *walk)
{
        struct stat status;

        if (walk->fd < 0)
                return true;
        if (fstat(walk->fd, &status) < 0 || status.st_dev != walk->status.st_dev ||
            status.st_ino != walk->status.st_ino)
                return false;
        walk->status = status;
        return true;
}

static bool walk_is_at_open_file(Walk *walk)
{
        const mode_t all = S_IRUSR | S_IRGRP | S_IROTH;

        return look_at_open(walk) && S_ISREG(walk->status.st_mode) && (walk->status.st_mode & all) == all &&
               access_list_grants(walk->path, walk->fd, ACL_READ) &&
               (is_local(walk->path) || nobody_may_read(walk->path));
}

static bool walk_to_end(Walk *walk)
{
        if (!walk_look(walk))
                return false;
        for (;;) {
                size_t length;

                walk->rest += strspn(walk->rest, "/");
                length = strcspn(walk->rest, "/");
                if (length == 0)
                        return walk_is_at_open_file(walk);
                if (!walk_is_at_open_directory(walk) || !walk_step(walk, length))
                        return false;
        }
}

bool file_is_public_open(const char *path, int fd)
{
        Walk walk;
        bool is_public;

        walk.fd = fd;
        walk.path[0] = '\0';
        walk.length = 0;
        walk.followed = NULL;
        walk.rest = path;
        walk.links = 0;

        is_public = walk_to_end(&walk);
        g_free(walk.followed);
        return is_public;
}

bool file_is_public(const char *path)
{
        return file_is_public_open(path, -1);
}

/* True if the path leads to another file by now, or to none. */
static bool has_gone(const char *path, const struct stat *status)
{
        struct stat now;

        if (stat(path, &now) < 0)
                return errno == ENOENT;
        return now.st_dev != status->st_dev || now.st_ino != status->st_ino;
}

Failure *file_read_public(const char *path, uint64_t max_size, GBytes **ret, bool *ret_public)
{
        const mode_t all = S_IRUSR | S_IRGRP | S_IROTH;
        struct stat status;
        bool again = true;

        /* Of a file that was saved over while it was read nobody can tell, so it is the new one that counts.
         */
        for (unsigned i = 0; again; i++) {
                g_autoptr(GBytes) bytes = NULL;
                int fd = -1;
                Failure *failure = file_read_open(path, max_size, &bytes, &fd, &status);

                if (failure)
                        return failure;
                /* One that is opened to all after it was read may have been rewritten before that. */
                *ret_public = (status.st_mode & all) == all && file_is_public_open(path, fd);
                again = !*ret_public && i < MAX_AGAIN && has_gone(path, &status);
                close(fd);
                if (!again)
                        *ret = g_steal_pointer(&bytes);
        }
        return NULL;
}
