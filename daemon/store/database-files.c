/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Database files: a database and what SQLite keeps beside it, as one thing
 *
 * The log is moved first. Were the database moved first and the power cut then, the log left behind would
 * meet a new and empty database, and SQLite would delete it.
 */
#include "daemon/store/database-files.h"

#include "daemon/store/write-all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where SQLite locks, by the form of its files: a reader some of these bytes, an exclusive user all. */
#define LOCK_START 0x40000002
#define LOCK_LENGTH 510

#define CHUNK (64U * 1024)

const char *const database_suffixes[] = { "-wal", "-journal", "-shm", "", NULL };

bool database_files_exist(const char *path)
{
        for (size_t i = 0; database_suffixes[i]; i++) {
                g_autofree char *file = g_strconcat(path, database_suffixes[i], NULL);

                if (faccessat(AT_FDCWD, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        return true;
        }
        return false;
}

static void move_first(const char *from, const char *to, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                g_autofree char *old = g_strconcat(from, database_suffixes[i], NULL);
                g_autofree char *new = g_strconcat(to, database_suffixes[i], NULL);

                (void) rename(old, new);
        }
}

int database_files_move(const char *from, const char *to)
{
        for (size_t i = 0; database_suffixes[i]; i++) {
                g_autofree char *old = g_strconcat(from, database_suffixes[i], NULL);
                g_autofree char *new = g_strconcat(to, database_suffixes[i], NULL);

                /* Of all but the last it is usual that there is none. */
                if (rename(old, new) < 0 && (errno != ENOENT || !*database_suffixes[i])) {
                        int r = -errno;

                        move_first(to, from, i);
                        return r;
                }
        }
        return 0;
}

void database_files_remove(const char *path)
{
        for (size_t i = 0; database_suffixes[i]; i++) {
                g_autofree char *file = g_strconcat(path, database_suffixes[i], NULL);

                (void) unlink(file);
        }
}

Failure *database_files_busy(const char *path)
{
        return failure_new(FAILURE_BUSY,
                           "The state database %s is in use by another process; is another reconfd running?",
                           path);
}

/* *ret_unread is errno where it is reading that fails. */
static int copy_bytes(int from, int to, int *ret_unread)
{
        g_autofree char *chunk = g_malloc(CHUNK);
        ssize_t n;

        while ((n = read(from, chunk, CHUNK)) != 0) {
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0) {
                        *ret_unread = errno;
                        return 0;
                }
                r = write_all(to, chunk, (size_t) n);
                if (r < 0)
                        return r;
        }
        return fsync(to) < 0 ? -errno : 0;
}

/* Likewise; a file that is not there is none to copy. */
static int copy_file(const char *from, const char *to, int *ret_unread)
{
        int in, out, r;

        in = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (in < 0) {
                *ret_unread = errno == ENOENT ? 0 : errno;
                return 0;
        }
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
        r = out < 0 ? -errno : copy_bytes(in, out, ret_unread);
        if (out >= 0)
                (void) close(out);
        (void) close(in);
        return r;
}

static int copy_files(const char *from, const char *to, char **ret_loss)
{
        for (size_t i = 0; database_suffixes[i]; i++) {
                g_autofree char *old = g_strconcat(from, database_suffixes[i], NULL);
                g_autofree char *new = g_strconcat(to, database_suffixes[i], NULL);
                int r, unread = 0;

                r = copy_file(old, new, &unread);
                if (r < 0)
                        return r;
                if (unread != 0) {
                        *ret_loss = g_strdup_printf("cannot be read (%s)", g_strerror(unread));
                        return 0;
                }
        }
        return 0;
}

int database_files_copy(const char *from, const char *to, bool *ret_copied, char **ret_loss)
{
        struct flock lock = { .l_type = F_RDLCK, .l_start = LOCK_START, .l_len = LOCK_LENGTH };
        struct stat st;
        int fd, r = 0;

        *ret_copied = false;
        database_files_remove(to);
        fd = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0) {
                if (errno != ENOENT)
                        *ret_loss = g_strdup_printf("cannot be read (%s)", g_strerror(errno));
                return 0;
        }

        /* On file systems without locks there is nothing to wait for. */
        if (fcntl(fd, F_OFD_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES)) {
                r = -EBUSY;
        } else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                *ret_loss = g_strdup("is not a regular file");
        } else if (st.st_size > 0) {
                r = copy_files(from, to, ret_loss);
                *ret_copied = r >= 0 && !*ret_loss;
                if (!*ret_copied)
                        database_files_remove(to);
        }
        (void) close(fd);
        return r;
}
