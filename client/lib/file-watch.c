/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/file-watch.h"

#include <errno.h>
#include <gio/gio.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many links as the kernel follows. */
#define MAX_LINKS 40U

struct FileWatch {
        char *const *paths;
        FileWatchFunc func;
        void *data;
        GHashTable *monitors; /* directory to Monitored */
};

typedef struct Monitored {
        FileWatch *watch;
        GFileMonitor *monitor;
        gulong handler;
        GHashTable *names; /* a set: what matters in it */
} Monitored;

static void monitored_free(void *data)
{
        Monitored *monitored = data;

        if (monitored->monitor) {
                g_signal_handler_disconnect(monitored->monitor, monitored->handler);
                g_file_monitor_cancel(monitored->monitor);
                g_object_unref(monitored->monitor);
        }
        g_hash_table_unref(monitored->names);
        g_free(monitored);
}

static bool matters(const Monitored *monitored, GFile *file)
{
        g_autofree char *name = file ? g_file_get_basename(file) : NULL;

        return name && g_hash_table_contains(monitored->names, name);
}

static void on_event(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, void *data)
{
        const Monitored *monitored = data;
        FileWatch *watch = monitored->watch;

        switch (event) {
        case G_FILE_MONITOR_EVENT_UNMOUNTED:
        case G_FILE_MONITOR_EVENT_PRE_UNMOUNT:
                watch->func(WATCH_WRITING, watch->data);
                break;
        case G_FILE_MONITOR_EVENT_CHANGES_DONE_HINT:
        case G_FILE_MONITOR_EVENT_MOVED_IN:
        case G_FILE_MONITOR_EVENT_RENAMED:
                if (matters(monitored, file) || matters(monitored, other))
                        watch->func(WATCH_FINISHED, watch->data);
                break;
        default:
                if (matters(monitored, file) || matters(monitored, other))
                        watch->func(WATCH_WRITING, watch->data);
        }
}

static void add_name(GHashTable *directories, const char *directory, const char *name)
{
        GHashTable *names = g_hash_table_lookup(directories, directory);

        if (!names) {
                names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
                g_hash_table_insert(directories, g_strdup(directory), names);
        }
        g_hash_table_add(names, g_strdup(name));
}

static char *read_link(const char *path)
{
        char target[PATH_MAX];
        ssize_t length = readlink(path, target, sizeof target - 1);

        if (length <= 0)
                return NULL;
        target[length] = '\0';
        return g_strdup(target);
}

/* Notes the directories that a path depends on, with the names that matter in each. */
static void walk(GHashTable *directories, const char *path)
{
        g_autofree char *rest = g_canonicalize_filename(path, "/");
        g_autofree char *directory = g_strdup("/");
        unsigned n_links = 0;

        while (rest && n_links <= MAX_LINKS) {
                g_autofree char *left = g_steal_pointer(&rest);
                const char *name = left + strspn(left, "/");
                size_t length = strcspn(name, "/");
                g_autofree char *first = g_strndup(name, length);
                g_autofree char *here = g_build_filename(directory, first, NULL);
                g_autofree char *target = read_link(here);
                const char *behind = name + length + strspn(name + length, "/");

                if (target) {
                        add_name(directories, directory, first);
                        n_links++;
                        here = (g_free(here), g_canonicalize_filename(target, directory));
                        rest = g_build_filename(here, behind, NULL);
                        g_free(directory);
                        directory = g_strdup("/");
                } else if (*behind == '\0' || !g_file_test(here, G_FILE_TEST_IS_DIR)) {
                        add_name(directories, directory, first);
                } else {
                        const char *next = strchr(behind, '/');

                        /* The last directory may go, and come back. */
                        if (!next)
                                add_name(directories, directory, first);
                        g_free(directory);
                        directory = g_steal_pointer(&here);
                        rest = g_strdup(behind);
                }
        }
}

static Monitored *start_monitor(FileWatch *watch, const char *directory)
{
        g_autoptr(GFile) file = g_file_new_for_path(directory);
        Monitored *monitored = g_new0(Monitored, 1);

        monitored->watch = watch;
        /* Without one nothing is heard of it; what can be read still can. */
        monitored->monitor = g_file_monitor_directory(file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
        if (monitored->monitor)
                monitored->handler = g_signal_connect(monitored->monitor, "changed", G_CALLBACK(on_event),
                                                      monitored);
        return monitored;
}

static gboolean is_unknown(void *directory, void *monitored, void *directories)
{
        return !g_hash_table_contains(directories, directory);
}

bool file_watch_refresh(FileWatch *watch)
{
        g_autoptr(GHashTable) directories = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                                  (GDestroyNotify) g_hash_table_unref);
        GHashTableIter iter;
        void *directory, *names;
        bool started = false;

        for (char *const *path = watch->paths; *path; path++)
                walk(directories, *path);

        g_hash_table_foreach_remove(watch->monitors, is_unknown, directories);
        g_hash_table_iter_init(&iter, directories);
        while (g_hash_table_iter_next(&iter, &directory, &names)) {
                Monitored *monitored = g_hash_table_lookup(watch->monitors, directory);

                if (!monitored) {
                        monitored = start_monitor(watch, directory);
                        g_hash_table_insert(watch->monitors, g_strdup(directory), monitored);
                        started = true;
                }
                g_clear_pointer(&monitored->names, g_hash_table_unref);
                monitored->names = g_hash_table_ref(names);
        }
        return started;
}

FileWatch *file_watch_new(char *const *paths, FileWatchFunc func, void *data)
{
        FileWatch *watch = g_new(FileWatch, 1);

        *watch = (FileWatch){
                .paths = paths,
                .func = func,
                .data = data,
                .monitors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, monitored_free),
        };
        /* What was walked through before it was watched may have become something else. */
        while (file_watch_refresh(watch))
                ;
        return watch;
}

FileWatch *file_watch_free(FileWatch *watch)
{
        if (!watch)
                return NULL;
        g_hash_table_unref(watch->monitors);
        g_free(watch);
        return NULL;
}
