/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replacing files
 *
 * The new content changes places with the old in one step (RENAME_EXCHANGE), so at no time is there no file,
 * and what was displaced lies at hand to be looked at: where it is not what was meant to be replaced, the
 * two change places again. That step, too, may meet a still newer file, which then goes back in turn: the
 * newest stays.
 *
 * Limits: file systems that cannot exchange (some network and FUSE ones) get a comparison and then a plain
 * rename, with a moment between them. A process that has the old file open and goes on writing to it writes
 * to a file without a name. Other hard links keep the old content. A kill may leave a temporary file behind;
 * by then it holds nothing that is not in the history or in the file.
 */
#include "daemon/file.h"

#include "daemon/file-attributes.h"
#include "daemon/file-walk.h"
#include "daemon/store/write-all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a file is put back that others keep replacing. */
#define PUT_BACK_TRIES 8U
#define NAME_TRIES 16U
#define COMPARE_CHUNK 65536U

/* The file that is replaced, at the end of all links, and the temporary one beside it. */
typedef struct Target {
        const char *path; /* as it was given, for messages */
        int directory;
        char *name;
        char temporary[sizeof(FILE_TEMPORARY_PREFIX) + 16];
        bool has_temporary;
} Target;

static void remove_temporary(Target *target)
{
        if (target->has_temporary)
                unlinkat(target->directory, target->temporary, 0);
        target->has_temporary = false;
}

static void target_clear(Target *target)
{
        remove_temporary(target);
        if (target->directory >= 0)
                close(target->directory);
        g_free(target->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Target, target_clear)

typedef int Descriptor;

static void descriptor_clear(Descriptor *fd)
{
        if (*fd >= 0)
                close(*fd);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Descriptor, descriptor_clear)

static const char *advice_for(int error)
{
        switch (error) {
        case EACCES:
        case EPERM:
                return "; let the daemon's user write to the directory, and see that neither is immutable";
        case ENOSPC:
        case EDQUOT:
                return "; make room on its file system";
        case EROFS:
                return "; see reconfd(8) for where the service writes nothing";
        case EBUSY:
        case EXDEV:
                return "; it seems to be mounted by itself, mount its directory instead";
        case ENOENT:
                return "; create its directory";
        default:
                return "";
        }
}

static Failure *write_failed(const Target *target, const char *what, int error)
{
        return failure_new_at(FAILURE_WRITE_FAILED, FAILURE_STAGE_NONE, target->path, 0, 0, NULL, "%s: %s%s",
                              what, g_strerror(error), advice_for(error));
}

static Failure *conflict(const Target *target)
{
        return failure_new_at(FAILURE_VERSION_CONFLICT, FAILURE_STAGE_NONE, target->path, 0, 0, NULL,
                              "was changed by somebody else and is left so; look at it, then try again");
}

static Failure *not_theirs(const Target *target, uid_t uid)
{
        return failure_new_at(FAILURE_WRITE_FAILED, FAILURE_STAGE_NONE, target->path, 0, 0, NULL,
                              "user %u can lead this path elsewhere, and may not do this to what it leads "
                              "to; give a path that is not his",
                              (unsigned) uid);
}

static int open_directory(Target *target, FileWalk *walk)
{
        target->name = g_steal_pointer(&walk->name);
        target->directory = openat(walk->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return target->directory < 0 ? -errno : 0;
}

/* True if the file holds these bytes and ends behind them. */
static bool holds(int fd, GBytes *bytes)
{
        g_autofree char *chunk = g_malloc(COMPARE_CHUNK);
        size_t size, offset = 0;
        const char *data = g_bytes_get_data(bytes, &size);

        for (;;) {
                ssize_t n = pread(fd, chunk, COMPARE_CHUNK, (off_t) offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 || (size_t) n > size - offset)
                        return false;
                if (n == 0)
                        return offset == size;
                if (memcmp(chunk, data + offset, (size_t) n) != 0)
                        return false;
                offset += (size_t) n;
        }
}

static bool same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool same_access(const struct stat *a, const struct stat *b)
{
        return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid;
}

/*
 * Opens the regular file of that name and makes sure that it holds what is to be replaced. A link, directory
 * or other thing in its place is somebody's change.
 */
static Failure *open_expected(const Target *target, const char *name, GBytes *expected, int *ret_fd,
                              struct stat *ret_status)
{
        g_auto(Descriptor) fd = openat(target->directory, name,
                                       O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);

        if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == ENXIO))
                return conflict(target);
        if (fd < 0)
                return write_failed(target, "cannot read what is to be replaced", errno);
        if (fstat(fd, ret_status) < 0)
                return write_failed(target, "cannot get its status", errno);
        if (!S_ISREG(ret_status->st_mode) || !holds(fd, expected))
                return conflict(target);
        *ret_fd = fd;
        fd = -1;
        return NULL;
}

static void choose_temporary(Target *target)
{
        snprintf(target->temporary, sizeof(target->temporary), FILE_TEMPORARY_PREFIX "%08x%08x",
                 g_random_int(), g_random_int());
}

static int open_temporary(Target *target, mode_t mode)
{
        int fd;

        for (unsigned try = 0; try < NAME_TRIES; try++) {
                choose_temporary(target);
                fd = openat(target->directory, target->temporary,
                            O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
                if (fd < 0 && errno == EEXIST)
                        continue;
                target->has_temporary = fd >= 0;
                return fd < 0 ? -errno : fd;
        }
        return -EEXIST;
}

static int write_durably(int fd, GBytes *bytes)
{
        int r = write_all_bytes(fd, bytes);

        return r >= 0 && fsync(fd) < 0 ? -errno : r;
}

static bool cannot_exchange(int error)
{
        return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

/* Where the file system cannot exchange, the last look comes before the step and not after it. */
static Failure *replace_plainly(Target *target, GBytes *expected)
{
        g_auto(Descriptor) fd = -1;
        struct stat status;
        Failure *failure;

        failure = open_expected(target, target->name, expected, &fd, &status);
        if (failure)
                return failure;
        if (renameat(target->directory, target->temporary, target->directory, target->name) < 0)
                return write_failed(target, "cannot put the new content in place", errno);
        target->has_temporary = false;
        return NULL;
}

/* What is under the temporary name is somebody's newest and goes nowhere: it is kept there. */
static Failure *cannot_put_back(Target *target, int error)
{
        target->has_temporary = false;
        return failure_new_at(FAILURE_WRITE_FAILED, FAILURE_STAGE_NONE, target->path, 0, 0, NULL,
                              "was changed by somebody else, and their file, now %s beside it, cannot be "
                              "put back: %s",
                              target->temporary, g_strerror(error));
}

/*
 * The file that was displaced goes back. What comes out then has to be what was put in; where it is not,
 * somebody saved once more, and that one is the newest. A name without a file was removed: then what was
 * displaced is put there, since nobody meant to remove that.
 */
static Failure *put_back(Target *target, int own, GBytes *content, const struct stat *displaced)
{
        struct stat put, next = *displaced, out;
        bool put_own = true;

        if (fstat(own, &put) < 0)
                return cannot_put_back(target, errno);

        for (unsigned try = 0; try < PUT_BACK_TRIES; try++) {
                if (renameat2(target->directory, target->temporary, target->directory, target->name,
                              RENAME_EXCHANGE) < 0) {
                        if (errno != ENOENT)
                                return cannot_put_back(target, errno);
                        if (renameat2(target->directory, target->temporary, target->directory, target->name,
                                      RENAME_NOREPLACE) == 0) {
                                target->has_temporary = false;
                                return conflict(target);
                        }
                        if (errno != EEXIST)
                                return cannot_put_back(target, errno);
                        continue;
                }
                if (fstatat(target->directory, target->temporary, &out, AT_SYMLINK_NOFOLLOW) < 0)
                        return cannot_put_back(target, errno);
                if (same_file(&out, &put) && (!put_own || holds(own, content)))
                        return conflict(target);
                put = next;
                next = out;
                put_own = false;
        }
        return cannot_put_back(target, EBUSY);
}

/* Lets both files change places and looks at what came out. before is how the old one was. */
static Failure *exchange(Target *target, int own, const struct stat *before, GBytes *expected,
                         GBytes *content)
{
        g_auto(Descriptor) fd = -1;
        g_autoptr(Failure) failure = NULL;
        struct stat displaced;

        if (renameat2(target->directory, target->temporary, target->directory, target->name,
                      RENAME_EXCHANGE) < 0) {
                if (cannot_exchange(errno))
                        return replace_plainly(target, expected);
                if (errno == ENOENT)
                        return conflict(target);
                return write_failed(target, "cannot put the new content in place", errno);
        }

        failure = open_expected(target, target->temporary, expected, &fd, &displaced);
        if (!failure && same_access(before, &displaced))
                return NULL;
        if (fstatat(target->directory, target->temporary, &displaced, AT_SYMLINK_NOFOLLOW) < 0)
                return cannot_put_back(target, errno);
        return put_back(target, own, content, &displaced);
}

static Failure *replace(Target *target, GBytes *expected, GBytes *content)
{
        g_auto(Descriptor) old = -1;
        g_auto(Descriptor) new = -1;
        g_autofree char *message = NULL;
        struct stat before;
        const char *what;
        Failure *failure;
        int r;

        failure = open_expected(target, target->name, expected, &old, &before);
        if (failure)
                return failure;

        new = open_temporary(target, S_IRUSR | S_IWUSR);
        if (new < 0)
                return write_failed(target, "cannot create a file in its directory", -new);
        r = file_attributes_copy(old, &before, new, &what);
        if (r < 0) {
                message = g_strdup_printf("cannot keep its %s", what);
                return write_failed(target, message, -r);
        }
        r = write_durably(new, content);
        if (r < 0)
                return write_failed(target, "cannot write the new content", -r);
        return exchange(target, new, &before, expected, content);
}

static Failure *create(Target *target, GBytes *content, mode_t mode)
{
        g_auto(Descriptor) fd = open_temporary(target, mode);
        int r;

        if (fd < 0)
                return write_failed(target, "cannot create a file in its directory", -fd);
        r = write_durably(fd, content);
        if (r < 0)
                return write_failed(target, "cannot write the new content", -r);

        if (renameat2(target->directory, target->temporary, target->directory, target->name,
                      RENAME_NOREPLACE) == 0) {
                target->has_temporary = false;
                return NULL;
        }
        if (errno == EEXIST)
                return conflict(target);
        if (!cannot_exchange(errno))
                return write_failed(target, "cannot put the new content in place", errno);

        if (linkat(target->directory, target->temporary, target->directory, target->name, 0) == 0)
                return NULL;
        return errno == EEXIST ? conflict(target)
                               : write_failed(target, "cannot put the new content in place", errno);
}

/* Moved away first, then looked at: whoever writes meanwhile writes a new file. */
static Failure *remove_expected(Target *target, GBytes *expected)
{
        g_auto(Descriptor) fd = -1;
        g_autoptr(Failure) failure = NULL;
        struct stat status;

        failure = open_expected(target, target->name, expected, &fd, &status);
        if (failure)
                return g_steal_pointer(&failure);

        choose_temporary(target);
        if (renameat(target->directory, target->name, target->directory, target->temporary) < 0)
                return errno == ENOENT ? conflict(target) : write_failed(target, "cannot remove it", errno);
        target->has_temporary = true;

        descriptor_clear(&fd);
        failure = open_expected(target, target->temporary, expected, &fd, &status);
        if (!failure)
                return NULL;
        if (renameat2(target->directory, target->temporary, target->directory, target->name,
                      RENAME_NOREPLACE) == 0)
                target->has_temporary = false;
        else if (errno != EEXIST)
                return cannot_put_back(target, errno);
        return conflict(target);
}

static Failure *expect_absent(const Target *target)
{
        struct stat status;

        if (fstatat(target->directory, target->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
                return conflict(target);
        return errno == ENOENT ? NULL : write_failed(target, "cannot get its status", errno);
}

Failure *file_replace(const char *path, GBytes *expected, GBytes *content, mode_t create_mode)
{
        g_auto(Target) target = { .path = path, .directory = -1 };
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };
        Failure *failure;
        uid_t uid;
        int r;

        r = file_walk(path, &walk);
        if (r >= 0 && file_walk_check(&walk, path, FILE_WALK_WRITE, &uid) < 0)
                return not_theirs(&target, uid);
        if (r >= 0)
                r = open_directory(&target, &walk);
        if ((r == -ENOENT || r == -ENOTDIR) && expected)
                return conflict(&target);
        if ((r == -ENOENT || r == -ENOTDIR) && !content)
                return NULL;
        if (r < 0)
                return write_failed(&target, "cannot open its directory", -r);

        if (expected && content)
                failure = replace(&target, expected, content);
        else if (content)
                failure = create(&target, content, create_mode);
        else if (expected)
                failure = remove_expected(&target, expected);
        else
                failure = expect_absent(&target);
        if (failure)
                return failure;

        /*
         * Where the directory cannot be synced, a power cut may bring the old file back; a start sees that
         * as it sees any change.
         */
        remove_temporary(&target);
        fsync(target.directory);
        return NULL;
}
