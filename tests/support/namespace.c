/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Namespace: mounts that nobody else sees
 */
#include "tests/support/namespace.h"

#include <glib.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

static bool write_text(const char *path, const char *text)
{
        return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0, NULL);
}

bool enter_namespace(void)
{
        g_autofree char *users = g_strdup_printf("0 %u 1", (unsigned) geteuid());
        g_autofree char *groups = g_strdup_printf("0 %u 1", (unsigned) getegid());

        if (unshare(CLONE_NEWNS) < 0 &&
            (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || !write_text("/proc/self/uid_map", users) ||
             !write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/gid_map", groups)))
                return false;

        return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}
