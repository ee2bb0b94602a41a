/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading files
 *
 * A small file takes five system calls more than the way to it: open, status, read, status, close. The
 * second look at the status tells a writer that was at work meanwhile; then the bytes are read anew through
 * the same descriptor. A file that never stands still is returned as it was read last: its writer's next
 * event brings us back.
 */
#include "daemon/file.h"

#include "daemon/file-walk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a file that changes under us is read anew. */
#define READ_TRIES 4U
/* Room for files that do not tell their size, as those of /proc. */
#define UNKNOWN_SIZE 4096U

static Failure *unreadable(const char *path, const char *what, int error)
{
        const char *advice = "";

        if (error == EACCES || error == EPERM)
                advice = "; let the daemon's user read it and pass the directories above it";
        else if (error == ELOOP)
                advice = "; its links lead in a circle, point them at a file";
        return failure_new_at(FAILURE_FILE_UNREADABLE, FAILURE_STAGE_READ, path, 0, 0, NULL, "%s: %s%s",
                              what, g_strerror(error), advice);
}

static Failure *not_regular(const char *path, const char *found)
{
        return failure_new_at(FAILURE_FILE_UNREADABLE, FAILURE_STAGE_READ, path, 0, 0, NULL,
                              "expected a regular file, found a %s; put a file in its place", found);
}

static Failure *too_large(const char *path, uint64_t max_size)
{
        return failure_new_at(FAILURE_TOO_LARGE, FAILURE_STAGE_READ, path, 0, 0, NULL,
                              "larger than %" G_GUINT64_FORMAT " bytes; make it smaller, or raise max-size",
                              max_size);
}

/* What the caller sees there the service of the system may not: its unit gives it directories of its own. */
static const char *advice_for_missing(const char *path)
{
        if (geteuid() == 0 && (g_str_has_prefix(path, "/tmp/") || g_str_has_prefix(path, "/var/tmp/")))
                return "create it where the service can see it, see reconfd(8)";
        return "create it, or correct the path";
}

static Failure *open_failed(const char *path, int error)
{
        switch (error) {
        case ENOENT:
        case ENOTDIR:
                return failure_new_at(FAILURE_FILE_NOT_FOUND, FAILURE_STAGE_READ, path, 0, 0, NULL,
                                      "no such file (%s); %s", g_strerror(error), advice_for_missing(path));
        case EMLINK:
                return failure_new_at(FAILURE_FILE_UNREADABLE, FAILURE_STAGE_READ, path, 0, 0, NULL,
                                      "more than %u users have a hand in its way; give a path of fewer",
                                      FILE_WALK_MAX_LEADERS);
        default:
                return unreadable(path, "cannot open", error);
        }
}

static Failure *not_theirs(const char *path, uid_t uid)
{
        return failure_new_at(
                        FAILURE_FILE_UNREADABLE, FAILURE_STAGE_READ, path, 0, 0, NULL,
                        "user %u can lead this path elsewhere, and may not read what it leads to; give a "
                        "path that is not his",
                        (unsigned) uid);
}

static Failure *check_kind(const char *path, mode_t mode)
{
        switch (mode & S_IFMT) {
        case S_IFREG:
                return NULL;
        case S_IFDIR:
                return not_regular(path, "directory");
        case S_IFIFO:
                return not_regular(path, "FIFO");
        case S_IFSOCK:
                return not_regular(path, "socket");
        default:
                return not_regular(path, "device");
        }
}

static bool same_state(const struct stat *a, const struct stat *b)
{
        return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
               a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
               a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/*
 * Reads from the start to the end, at most max_size + 1 bytes. A read that ends where the status said, with
 * room left, is the end: one call is saved.
 */
static int read_all(int fd, uint64_t expected_size, uint64_t max_size, GBytes **ret)
{
        const uint64_t limit = max_size + 1;
        size_t room = MIN((expected_size > 0 ? expected_size : UNKNOWN_SIZE) + 1, limit);
        g_autofree char *data = g_malloc(room);
        size_t length = 0;

        while (length < limit) {
                ssize_t n;

                if (length == room) {
                        room = MIN(2 * room, limit);
                        data = g_realloc(data, room);
                }
                n = pread(fd, data + length, room - length, (off_t) length);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                length += (size_t) n;
                if (n == 0 || (length == expected_size && length < room))
                        break;
        }

        *ret = g_bytes_new_take(g_steal_pointer(&data), length);
        return 0;
}

/* The status is that from before the bytes were read. */
static Failure *read_settled(int fd, const char *path, uint64_t max_size, GBytes **ret,
                             struct stat *ret_status)
{
        g_autoptr(GBytes) bytes = NULL;
        struct stat before, after;

        if (fstat(fd, &before) < 0)
                return unreadable(path, "cannot get its status", errno);

        for (unsigned try = 0; try < READ_TRIES; try++) {
                Failure *failure = check_kind(path, before.st_mode);
                int r;

                if (failure)
                        return failure;
                if ((uint64_t) before.st_size > max_size)
                        return too_large(path, max_size);

                g_clear_pointer(&bytes, g_bytes_unref);
                r = read_all(fd, (uint64_t) before.st_size, max_size, &bytes);
                if (r < 0)
                        return unreadable(path, "cannot read", -r);
                if (fstat(fd, &after) < 0)
                        return unreadable(path, "cannot get its status", errno);
                if (same_state(&before, &after))
                        break;
                before = after;
        }

        if (g_bytes_get_size(bytes) > max_size)
                return too_large(path, max_size);
        *ret = g_steal_pointer(&bytes);
        *ret_status = before;
        return NULL;
}

Failure *file_read_open(const char *path, uint64_t max_size, GBytes **ret, int *ret_fd,
                        struct stat *ret_status)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };
        Failure *failure;
        uid_t uid;
        int fd, r;

        r = file_walk(path, &walk);
        /* First of all: also what kind of thing is there, or that nothing is, is not for everybody. */
        if ((r >= 0 || r == -ENOENT || r == -ENOTDIR) &&
            file_walk_check(&walk, path, FILE_WALK_READ, &uid) < 0)
                return not_theirs(path, uid);
        if (r >= 0 && walk.file < 0)
                r = -ENOENT;
        if (r < 0)
                return open_failed(path, -r);
        failure = check_kind(path, walk.status.st_mode);
        if (failure)
                return failure;
        fd = file_walk_open(&walk);
        if (fd < 0)
                return open_failed(path, -fd);

        failure = read_settled(fd, path, max_size, ret, ret_status);
        if (failure)
                close(fd);
        else
                *ret_fd = fd;
        return failure;
}

Failure *file_read(const char *path, uint64_t max_size, GBytes **ret)
{
        struct stat status;
        int fd = -1;
        Failure *failure = file_read_open(path, max_size, ret, &fd, &status);

        if (fd >= 0)
                close(fd);
        return failure;
}
