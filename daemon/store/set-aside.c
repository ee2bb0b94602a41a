/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Setting aside: a database that cannot be used makes room for a new one
 *
 * The log goes first. Were the database renamed first and the power cut then, the log left behind would meet
 * a new and empty database, and SQLite would delete it.
 */
#include "daemon/store/set-aside.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* As SQLite names them; the database itself comes last. */
static const char *const suffixes[] = { "-wal", "-journal", "-shm", "" };

static bool is_taken(const char *path)
{
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *file = g_strconcat(path, suffixes[i], NULL);

                if (faccessat(AT_FDCWD, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        return true;
        }
        return false;
}

static char *free_name(const char *path)
{
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%S");
        char *name = g_strdup_printf("%s.set-aside-%s", path, stamp);

        for (unsigned i = 2; is_taken(name); i++) {
                g_free(name);
                name = g_strdup_printf("%s.set-aside-%s.%u", path, stamp, i);
        }
        return name;
}

static int sync_directory(const char *path)
{
        g_autofree char *directory = g_path_get_dirname(path);
        int fd, r = 0;

        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fsync(fd) < 0)
                r = -errno;
        (void) close(fd);
        return r;
}

int set_aside(const char *path, char **ret)
{
        g_autofree char *name = free_name(path);

        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *from = g_strconcat(path, suffixes[i], NULL);
                g_autofree char *to = g_strconcat(name, suffixes[i], NULL);

                /* Of all but the last it is usual that there is none. */
                if (rename(from, to) < 0 && (errno != ENOENT || !*suffixes[i]))
                        return -errno;
        }

        *ret = g_steal_pointer(&name);
        return sync_directory(path);
}
