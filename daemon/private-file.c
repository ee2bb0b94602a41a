/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/private-file.h"

#include "daemon/store/write-all.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What somebody may have put into the directory is not followed further down. */
#define MAX_DEPTH 32U

static int make_file(const PrivateFile *file, GBytes *bytes, uid_t uid, gid_t gid)
{
        int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return -errno;
        r = write_all_bytes(fd, bytes);
        /* The directory last: until it is theirs nobody else is in it. */
        if (r >= 0 && geteuid() == 0 && (fchown(fd, uid, gid) < 0 || chown(file->directory, uid, gid) < 0))
                r = -errno;
        close(fd);
        return r;
}

/* A user's runtime directory is closed to those whom root becomes. */
static int make_directory(char **ret)
{
        const char *parents[] = {
                g_getenv("RUNTIME_DIRECTORY"),
                geteuid() == 0 ? NULL : g_getenv("XDG_RUNTIME_DIR"),
                g_get_tmp_dir(),
        };

        for (size_t i = 0; i < G_N_ELEMENTS(parents); i++) {
                g_autofree char *directory = NULL;

                if (!parents[i])
                        continue;
                directory = g_build_filename(parents[i], "reconf-XXXXXX", NULL);
                if (mkdtemp(directory)) {
                        *ret = g_steal_pointer(&directory);
                        return 0;
                }
        }
        return -errno;
}

int private_file_new(const char *name, GBytes *bytes, uid_t uid, gid_t gid, PrivateFile **ret)
{
        g_autoptr(PrivateFile) file = g_new0(PrivateFile, 1);
        int r = make_directory(&file->directory);

        if (r < 0)
                return r;
        file->path = g_build_filename(file->directory, name, NULL);
        r = make_file(file, bytes, uid, gid);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&file);
        return 0;
}

/* Through descriptors alone, so that no link leads elsewhere. Takes the descriptor. */
static void remove_entries(int fd, unsigned depth)
{
        DIR *stream = fdopendir(fd);
        const struct dirent *entry;

        if (!stream) {
                close(fd);
                return;
        }
        while ((entry = readdir(stream))) {
                int below;

                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                    unlinkat(fd, entry->d_name, 0) >= 0 || depth >= MAX_DEPTH)
                        continue;
                below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (below >= 0)
                        remove_entries(below, depth + 1);
                (void) unlinkat(fd, entry->d_name, AT_REMOVEDIR);
        }
        closedir(stream);
}

PrivateFile *private_file_free(PrivateFile *file)
{
        int fd;

        if (!file)
                return NULL;

        /* Root needs no such help, and would give it to whatever lies there by now. */
        if (file->directory && geteuid() != 0)
                (void) chmod(file->directory, 0700);
        fd = file->directory ? open(file->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        if (fd >= 0) {
                remove_entries(fd, 0);
                (void) rmdir(file->directory);
        }
        g_free(file->directory);
        g_free(file->path);
        g_free(file);
        return NULL;
}
