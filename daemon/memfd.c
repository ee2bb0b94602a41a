/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/memfd.h"

#include "daemon/store/write-all.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int memfd_new_sealed(const char *name, GBytes *bytes)
{
        int fd, r;

        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return -errno;

        r = write_all_bytes(fd, bytes);
        /* Whoever is handed one shares it: nor may they hang attributes on it. */
        if (r >= 0 && fchmod(fd, 0444) < 0)
                r = -errno;
        if (r >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
                r = -errno;
        if (r < 0) {
                close(fd);
                return r;
        }
        return fd;
}

int memfd_reopen(int fd)
{
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
        int opened = open(path, O_RDONLY | O_CLOEXEC);

        return opened < 0 ? -errno : opened;
}
