/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/access.h"

#include "daemon/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the kernel's own. */
#define MAX_LINKS 40U
#define NOBODY 65534U

static bool may(int fd, int mode)
{
        return faccessat(fd, "", mode, AT_EMPTY_PATH | AT_EACCESS) == 0;
}

static bool file_is_allowed(int fd, AccessMode mode)
{
        struct stat status;

        return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
               may(fd, mode == ACCESS_WRITE ? R_OK | W_OK : R_OK);
}

/* The directory that a path's last name stands in, and that name. */
static int open_directory(int base, const char *path, const char **ret_name)
{
        const char *slash = strrchr(path, '/');
        g_autofree char *directory = NULL;
        int fd;

        *ret_name = slash ? slash + 1 : path;
        directory = slash ? g_strndup(path, (size_t) (slash - path) + 1) : g_strdup(".");
        fd = openat(base, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Whether the file that is not there could be made; for a link that leads nowhere, where it leads. */
static bool could_be_made(const char *path)
{
        g_autofree char *target = g_strdup(path);
        int base = AT_FDCWD;
        bool could = false;

        for (unsigned links = 0; links <= MAX_LINKS; links++) {
                char link[PATH_MAX];
                const char *name;
                ssize_t length;
                int fd = open_directory(base, target, &name);

                if (base >= 0)
                        close(base);
                base = fd;
                if (fd < 0 || *name == '\0')
                        break;
                length = readlinkat(fd, name, link, sizeof(link));
                if (length < 0 && errno == ENOENT)
                        could = may(fd, W_OK | X_OK);
                if (length <= 0 || (size_t) length == sizeof(link))
                        break;
                g_free(target);
                target = g_strndup(link, (size_t) length);
        }
        if (base >= 0)
                close(base);
        return could;
}

static bool path_is_allowed(const char *path, AccessMode mode)
{
        /* Follows links as opening does, and stops in front of what is there. */
        int fd = open(path, O_PATH | O_CLOEXEC);
        bool allowed;

        if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
                return false;
        if (fd < 0)
                return mode == ACCESS_READ || could_be_made(path);
        allowed = file_is_allowed(fd, mode);
        close(fd);
        return allowed;
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
