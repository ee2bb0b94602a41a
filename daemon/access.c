/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/access.h"

#include "daemon/file-walk.h"
#include "daemon/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534U

static bool may(int fd, int mode)
{
        return faccessat(fd, "", mode, AT_EMPTY_PATH | AT_EACCESS) == 0;
}

static bool file_is_allowed(const FileWalk *walk, AccessMode mode)
{
        return S_ISREG(walk->status.st_mode) && may(walk->file, mode == ACCESS_WRITE ? R_OK | W_OK : R_OK);
}

/* By the way that a file is read and written, so that it is the same file: the kernel follows links of /proc
 * that have nothing to do with their text. */
static bool path_is_allowed(const char *path, AccessMode mode)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };
        int r = file_walk(path, &walk);

        if (r == -ENOENT || r == -ENOTDIR)
                return mode == ACCESS_READ;
        if (r < 0)
                return false;
        if (walk.file >= 0)
                return file_is_allowed(&walk, mode);
        return mode == ACCESS_READ || may(walk.directory, W_OK | X_OK);
}

static bool all_are_allowed(char *const *files, const void *how)
{
        const AccessMode *mode = how;

        for (size_t i = 0; files[i]; i++)
                if (!path_is_allowed(files[i], *mode))
                        return false;
        return true;
}

static bool matching_are_allowed(char *const *directories, const void *pattern)
{
        g_autoptr(GDir) directory = g_dir_open(directories[0], 0, NULL);
        const char *name;

        if (!directory)
                return false;
        while ((name = g_dir_read_name(directory))) {
                g_autofree char *path = g_build_filename(directories[0], name, NULL);

                if (fnmatch(pattern, name, FNM_PERIOD) == 0 && !path_is_allowed(path, ACCESS_READ))
                        return false;
        }
        return true;
}

int access_check_possible(void)
{
        Identity identity;
        int r = identity_assume(NOBODY, NOBODY, NULL, 0, &identity);

        if (r < 0)
                return r;
        identity_restore(&identity);
        return 0;
}

typedef bool (*Asked)(char *const *paths, const void *how);

static bool ask_as(const Credentials *credentials, Asked asked, char *const *paths, const void *how)
{
        Identity identity;
        bool allowed;

        if (credentials->uid == geteuid())
                return asked(paths, how);
        if (identity_assume(credentials->uid, credentials->gid, credentials->groups, credentials->n_groups,
                            &identity) < 0)
                return false;
        allowed = asked(paths, how);
        identity_restore(&identity);
        return allowed;
}

bool access_is_allowed(const Credentials *credentials, char *const *files, AccessMode mode)
{
        return ask_as(credentials, all_are_allowed, files, &mode);
}

bool access_is_listable(const Credentials *credentials, const char *directory, const char *pattern)
{
        char *const paths[] = { (char *) directory, NULL };

        return ask_as(credentials, matching_are_allowed, paths, pattern);
}
