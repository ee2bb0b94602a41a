/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Setting aside: a database that cannot be used makes room for a new one
 */
#include "daemon/store/set-aside.h"

#include "daemon/store/database-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

static char *free_name(const char *path)
{
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%S");
        char *name = g_strdup_printf("%s.set-aside-%s", path, stamp);

        for (unsigned i = 2; database_files_exist(name); i++) {
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
        int r;

        r = database_files_move(path, name);
        if (r < 0)
                return r;

        *ret = g_steal_pointer(&name);
        return sync_directory(path);
}
