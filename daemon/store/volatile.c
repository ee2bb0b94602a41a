/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Volatile: a place for the state that lasts as long as the process
 */
#include "daemon/store/volatile.h"

#include "daemon/store/database-files.h"
#include "daemon/store/database-internal.h"

#include <errno.h>
#include <glib.h>
#include <unistd.h>

static int try_place(const char *place, const char *path, char **ret, bool *ret_copied, char **ret_loss)
{
        g_autofree char *directory = g_build_filename(place, "reconf-state-XXXXXX", NULL);
        g_autofree char *copy = NULL, *mark = NULL;
        int r;

        if (!g_mkdtemp(directory))
                return -errno;

        copy = g_build_filename(directory, DATABASE_FILE, NULL);
        r = database_files_copy(path, copy, ret_copied, ret_loss);
        if (r < 0) {
                volatile_free(g_steal_pointer(&directory));
                return r;
        }

        mark = database_damage_mark(path);
        if (*ret_copied && access(mark, F_OK) == 0) {
                database_files_remove(copy);
                *ret_copied = false;
                *ret_loss = g_strdup(DATABASE_WAS_DAMAGED);
        }
        *ret = g_steal_pointer(&directory);
        return 0;
}

int volatile_new(const char *path, char **ret, bool *ret_copied, char **ret_loss)
{
        const char *runtime = g_getenv("XDG_RUNTIME_DIR");
        const char *const places[] = {
                runtime && *runtime == '/' ? runtime : NULL,
                geteuid() == 0 ? "/run" : NULL,
                "/tmp",
        };
        int r = -ENOENT;

        for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
                if (!places[i])
                        continue;
                r = try_place(places[i], path, ret, ret_copied, ret_loss);
                if (r >= 0 || r == -EBUSY)
                        break;
        }
        return r;
}

char *volatile_free(char *directory)
{
        g_autoptr(GDir) entries = directory ? g_dir_open(directory, 0, NULL) : NULL;
        const char *name;

        while (entries && (name = g_dir_read_name(entries))) {
                g_autofree char *file = g_build_filename(directory, name, NULL);

                (void) unlink(file);
        }
        if (directory)
                (void) rmdir(directory);
        g_free(directory);
        return NULL;
}
