/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/file-walk.h"

#include "daemon/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As the kernel's own. */
#define MAX_LINKS 40U
/* How often a name that is another thing at each look is looked at. */
#define LOOKS 8U
#define NOBODY 65534U

/* What is left of the way: the texts of links in front of what stood behind them. */
typedef struct Rest {
        char *text;
        const char *next;
        unsigned links;
} Rest;

static int open_name(int directory, const char *name, int flags)
{
        int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | flags);

        return fd < 0 ? -errno : fd;
}

static int add_leader(FileWalk *walk, const struct stat *status, bool has_link)
{
        FileWalkLeader *leader = walk->leaders;

        if (status->st_uid == 0)
                return 0;
        for (; leader < walk->leaders + walk->n_leaders; leader++)
                if (leader->uid == status->st_uid) {
                        leader->has_link = leader->has_link || has_link;
                        return 0;
                }
        if (walk->n_leaders == FILE_WALK_MAX_LEADERS)
                return -EMLINK;
        *leader = (FileWalkLeader){ .uid = status->st_uid, .gid = status->st_gid, .has_link = has_link };
        walk->n_leaders++;
        return 0;
}

/* A link can be made another one by its owner, and by that of its directory. */
static int add_leaders(FileWalk *walk, const struct stat *link)
{
        struct stat directory;
        int r;

        if (geteuid() != 0)
                return 0;
        if (fstat(walk->directory, &directory) < 0)
                return -errno;
        r = add_leader(walk, link, true);
        return r < 0 ? r : add_leader(walk, &directory, true);
}

/* What is in a directory its owner can put in each other's place. Nobody owns none: one that seems to be his
 * is of a user that is not known here. */
static int add_holder(FileWalk *walk, int directory)
{
        struct stat status;

        if (geteuid() != 0)
                return 0;
        if (fstat(directory, &status) < 0)
                return -errno;
        return status.st_uid == NOBODY ? 0 : add_leader(walk, &status, false);
}

static void enter(FileWalk *walk, int directory)
{
        close(walk->directory);
        walk->directory = directory;
}

/* Puts the text of a link in front of the rest; an absolute one begins at the root again. */
static int follow(FileWalk *walk, Rest *rest, int link)
{
        char target[PATH_MAX];
        ssize_t length = ++rest->links <= MAX_LINKS ? readlinkat(link, "", target, sizeof target) : -1;
        char *text;
        int root;

        if (length < 0)
                return rest->links > MAX_LINKS ? -ELOOP : -errno;
        if (length == 0 || (size_t) length == sizeof target)
                return length == 0 ? -ENOENT : -ENAMETOOLONG;
        text = g_strdup_printf("%.*s/%s", (int) length, target, rest->next);
        g_free(rest->text);
        rest->text = text;
        rest->next = text;
        if (*text != '/')
                return 0;
        root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return -errno;
        enter(walk, root);
        return 0;
}

static int look_at_link(FileWalk *walk, Rest *rest, int link, const struct stat *status)
{
        int r = add_leaders(walk, status);

        return r < 0 ? r : follow(walk, rest, link);
}

/* A name with more behind it: a directory, which may have to be mounted first, or a link to one. */
static int pass(FileWalk *walk, Rest *rest, const char *name)
{
        for (unsigned look = 0; look < LOOKS; look++) {
                struct stat status;
                int fd = open_name(walk->directory, name, O_DIRECTORY);
                int r;

                if (fd >= 0) {
                        enter(walk, fd);
                        return add_holder(walk, fd);
                }
                if (fd != -ENOTDIR && fd != -ELOOP)
                        return fd;
                fd = open_name(walk->directory, name, 0);
                if (fd < 0)
                        return fd;
                r = fstat(fd, &status) < 0 ? -errno : 0;
                if (r == 0 && S_ISLNK(status.st_mode)) {
                        r = look_at_link(walk, rest, fd, &status);
                        close(fd);
                        return r;
                }
                close(fd);
                if (r < 0 || !S_ISDIR(status.st_mode))
                        return r < 0 ? r : -ENOTDIR;
        }
        return -ELOOP;
}

/* The last name. *ret_is_end stays as it is where that is a link. */
static int arrive(FileWalk *walk, Rest *rest, const char *name, bool *ret_is_end)
{
        int fd = open_name(walk->directory, name, 0);
        int r;

        if (fd < 0 && fd != -ENOENT)
                return fd;
        if (fd >= 0 && fstat(fd, &walk->status) < 0) {
                r = -errno;
                close(fd);
                return r;
        }
        if (fd >= 0 && S_ISLNK(walk->status.st_mode)) {
                r = look_at_link(walk, rest, fd, &walk->status);
                close(fd);
                return r;
        }
        *ret_is_end = true;
        walk->file = fd >= 0 ? fd : -1;
        walk->name = g_strdup(name);
        return 0;
}

static int walk_to_end(FileWalk *walk, Rest *rest)
{
        bool is_end = false;
        int r = 0;

        while (r >= 0 && !is_end) {
                g_autofree char *name = NULL;
                size_t length;

                rest->next += strspn(rest->next, "/");
                length = strcspn(rest->next, "/");
                name = length > 0 ? g_strndup(rest->next, length) : g_strdup(".");
                rest->next += length;
                /* Slashes at the end come of links, and mean nothing. */
                if (strspn(rest->next, "/") < strlen(rest->next))
                        r = pass(walk, rest, name);
                else
                        r = arrive(walk, rest, name, &is_end);
        }
        return r;
}

/* Leaves who leads it. */
static void close_walk(FileWalk *walk)
{
        if (walk->file >= 0)
                close(walk->file);
        if (walk->directory >= 0)
                close(walk->directory);
        walk->file = walk->directory = -1;
        g_clear_pointer(&walk->name, g_free);
}

int file_walk(const char *path, FileWalk *ret)
{
        FileWalk walk = { .directory = -1, .file = -1 };
        Rest rest = { .next = path };
        int r;

        walk.directory = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        r = walk.directory < 0 ? -errno : walk_to_end(&walk, &rest);
        g_free(rest.text);
        if (r < 0)
                close_walk(&walk);
        *ret = walk;
        return r;
}

void file_walk_clear(FileWalk *walk)
{
        close_walk(walk);
        walk->n_leaders = 0;
}

static bool same_place(int a, const struct stat *b)
{
        struct stat status;

        return a >= 0 && fstat(a, &status) == 0 && status.st_dev == b->st_dev && status.st_ino == b->st_ino;
}

/* The same way, and the same end, for whoever we are now. */
static bool may(const FileWalk *walk, const char *path, FileWalkPurpose purpose)
{
        g_auto(FileWalk) own = { .directory = -1, .file = -1 };
        struct stat directory;
        int r = file_walk(path, &own);

        /* That it ends in nothing he has to be able to see. */
        if (walk->directory < 0)
                return r == -ENOENT || r == -ENOTDIR;
        if (r < 0)
                return false;
        if (walk->file >= 0)
                return same_place(own.file, &walk->status) &&
                       faccessat(own.file, "", purpose == FILE_WALK_WRITE ? R_OK | W_OK : R_OK,
                                 AT_EMPTY_PATH | AT_EACCESS) == 0;
        return own.file < 0 && fstat(walk->directory, &directory) == 0 &&
               same_place(own.directory, &directory) &&
               (purpose == FILE_WALK_READ ||
                faccessat(own.directory, "", W_OK | X_OK, AT_EMPTY_PATH | AT_EACCESS) == 0);
}

static bool leader_may(const FileWalk *walk, const FileWalkLeader *leader, const char *path,
                       FileWalkPurpose purpose)
{
        const gid_t gid = leader->has_link ? NOBODY : leader->gid;
        Identity identity;
        bool allowed;

        /* What is his own, and what is made in his directory, is his affair. */
        if (!leader->has_link && (walk->file < 0 || walk->status.st_uid == leader->uid))
                return true;
        if (identity_assume(leader->uid, gid, NULL, 0, &identity) < 0)
                return false;
        allowed = may(walk, path, leader->has_link ? purpose : FILE_WALK_READ);
        identity_restore(&identity);
        return allowed;
}

int file_walk_check(const FileWalk *walk, const char *path, FileWalkPurpose purpose, uid_t *ret_uid)
{
        for (unsigned i = 0; i < walk->n_leaders; i++)
                if (!leader_may(walk, &walk->leaders[i], path, purpose)) {
                        *ret_uid = walk->leaders[i].uid;
                        return -EPERM;
                }
        return 0;
}

int file_walk_open(const FileWalk *walk)
{
        char path[32];
        int fd;

        (void) snprintf(path, sizeof path, "/proc/self/fd/%d", walk->file);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd >= 0 || errno != ENOENT)
                return fd < 0 ? -errno : fd;

        /* Where there is no /proc. */
        fd = openat(walk->directory, walk->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        if (same_place(fd, &walk->status))
                return fd;
        close(fd);
        return -ESTALE;
}
