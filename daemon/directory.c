/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/directory.h"

#include "daemon/file-walk.h"
#include "daemon/watch/debounce.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

struct Directory {
        unsigned references;
        sd_event *event;
        Worker *worker;
        char *path;
        char *pattern;
        DirectoryScanned scanned;
        void *userdata;
        bool stopped;
        uint64_t n_scans;

        Watch *watch;
        Debounce debounce;
        sd_event_source *timer;
};

/* One look, on whatever thread. */
typedef struct Scan {
        Directory *directory;
        char *path;
        char *pattern;
        uint64_t number;
        bool on_loop;
        bool unfinished; /* there was something that may hang */
        GPtrArray *files;
        Failure *failure;
} Scan;

Failure *directory_check(const char *path, const char *pattern)
{
        g_autofree char *canonical = NULL;

        if (*path != '/')
                return failure_new(FAILURE_INVALID_PATH, "the directory '%s' is not an absolute path", path);
        if (!g_utf8_validate(path, -1, NULL) || strlen(path) >= PATH_MAX)
                return failure_new(FAILURE_INVALID_PATH,
                                   "the directory's path is too long, or not valid UTF-8");
        canonical = g_canonicalize_filename(path, "/");
        if (!g_str_equal(canonical, path))
                return failure_new(FAILURE_INVALID_PATH, "the directory '%s' is not in its plain form, '%s'",
                                   path, canonical);
        if (*pattern == '\0' || strchr(pattern, '/') || !g_utf8_validate(pattern, -1, NULL))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "the pattern must be a glob for file names, such as *.yaml, not '%s'",
                                   pattern);
        return NULL;
}

static int compare_paths(const void *a, const void *b)
{
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool is_directory(DIR *stream, const struct dirent *entry)
{
        struct stat status;

        if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
                return entry->d_type == DT_DIR;
        return fstatat(dirfd(stream), entry->d_name, &status, 0) >= 0 && S_ISDIR(status.st_mode);
}

/* Names become those of configs, which are anybody's to know: so root lists only what those could list who
 * can lead the path elsewhere. */
static DIR *open_directory(const char *path)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };
        int r = file_walk(path, &walk), fd = -1;
        DIR *stream;
        uid_t uid;

        if (file_walk_check(&walk, path, FILE_WALK_READ, &uid) < 0)
                r = -EPERM;
        else if (r >= 0)
                r = walk.file < 0 ? -ENOENT : 0;
        if (r >= 0)
                fd = openat(walk.file, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        stream = fd >= 0 ? fdopendir(fd) : NULL;
        if (!stream && fd >= 0)
                (void) close(fd);
        if (!stream && r < 0)
                errno = -r;
        return stream;
}

static bool matches(const Scan *scan, const char *name)
{
        return fnmatch(scan->pattern, name, FNM_PERIOD) == 0 && g_utf8_validate(name, -1, NULL);
}

static void run_scan(void *data)
{
        Scan *scan = data;
        DIR *stream = open_directory(scan->path);
        struct dirent *entry;

        if (!stream) {
                scan->failure = failure_new_at(errno == ENOENT || errno == ENOTDIR ? FAILURE_FILE_NOT_FOUND
                                                                                   : FAILURE_FILE_UNREADABLE,
                                               FAILURE_STAGE_READ, scan->path, 0, 0, NULL,
                                               "the directory cannot be read: %s", g_strerror(errno));
                return;
        }

        scan->files = g_ptr_array_new_with_free_func(g_free);
        while ((entry = readdir(stream))) {
                g_autofree char *path = NULL;

                if (!matches(scan, entry->d_name))
                        continue;
                /* A link may lead to a file system that hangs, wherever it stands itself. */
                if (scan->on_loop && entry->d_type == DT_LNK) {
                        scan->unfinished = true;
                        break;
                }
                path = g_build_filename(scan->path, entry->d_name, NULL);
                if (!is_directory(stream, entry))
                        g_ptr_array_add(scan->files, g_steal_pointer(&path));
        }
        closedir(stream);
        g_ptr_array_sort(scan->files, compare_paths);
}

static void finish_scan(void *data)
{
        Scan *scan = data;
        Directory *directory = scan->directory;

        if (scan->unfinished) {
                scan->unfinished = scan->on_loop = false;
                g_clear_pointer(&scan->files, g_ptr_array_unref);
                worker_submit(directory->worker, scan, run_scan, finish_scan);
                return;
        }
        /* Of two looks in the worker, the older one may end last. */
        if (!directory->stopped && scan->number == directory->n_scans)
                directory->scanned(directory, scan->files, scan->failure, directory->userdata);
        g_free(scan->path);
        g_free(scan->pattern);
        g_clear_pointer(&scan->files, g_ptr_array_unref);
        failure_free(scan->failure);
        g_free(scan);
        directory_unref(directory);
}

void directory_scan(Directory *directory)
{
        Scan *scan = g_new0(Scan, 1);

        scan->directory = directory_ref(directory);
        scan->number = ++directory->n_scans;
        scan->path = g_strdup(directory->path);
        scan->pattern = g_strdup(directory->pattern);
        scan->on_loop = !watch_may_hang(directory->watch);
        if (!scan->on_loop) {
                worker_submit(directory->worker, scan, run_scan, finish_scan);
        } else {
                run_scan(scan);
                finish_scan(scan);
        }
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Directory *directory = userdata;

        debounce_act(&directory->debounce, usec);
        directory_scan(directory);
        return 0;
}

static void on_watch(Watch *watch, WatchEvent event, void *userdata)
{
        Directory *directory = userdata;
        uint64_t now = 0;

        sd_event_now(directory->event, CLOCK_MONOTONIC, &now);
        (void) debounce_event(&directory->debounce, event, now);
        (void) sd_event_source_set_time(directory->timer, debounce_deadline(&directory->debounce));
        (void) sd_event_source_set_enabled(directory->timer, SD_EVENT_ONESHOT);
}

Failure *directory_new(sd_event *event, Watcher *watcher, Worker *worker, const char *path,
                       const char *pattern, uint64_t poll_usec, DirectoryScanned scanned, void *userdata,
                       Directory **ret)
{
        g_autoptr(Directory) directory = g_new0(Directory, 1);
        int r;

        directory->references = 1;
        directory->event = event;
        directory->worker = worker;
        directory->path = g_strdup(path);
        directory->pattern = g_strdup(pattern);
        directory->scanned = scanned;
        directory->userdata = userdata;
        /* A file that appears is often one of several. */
        debounce_init(&directory->debounce, DEBOUNCE_SEVERAL_USEC, true);

        r = sd_event_add_time(event, &directory->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, directory);
        if (r >= 0)
                r = sd_event_source_set_enabled(directory->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = watcher_add_directory(watcher, path, poll_usec, on_watch, directory, &directory->watch);
        if (r < 0)
                return failure_new_at(r == -ENOSPC ? FAILURE_LIMIT_EXCEEDED : FAILURE_FILE_UNREADABLE,
                                      FAILURE_STAGE_READ, path, 0, 0, NULL,
                                      "the directory cannot be watched: %s", g_strerror(-r));
        *ret = g_steal_pointer(&directory);
        return NULL;
}

bool directory_may_hang(const Directory *directory)
{
        return watch_may_hang(directory->watch);
}

Directory *directory_ref(Directory *directory)
{
        directory->references++;
        return directory;
}

void directory_stop(Directory *directory)
{
        directory->stopped = true;
        directory->watch = watch_free(directory->watch);
        directory->timer = sd_event_source_disable_unref(directory->timer);
}

Directory *directory_unref(Directory *directory)
{
        if (!directory || --directory->references > 0)
                return NULL;

        directory_stop(directory);
        g_free(directory->path);
        g_free(directory->pattern);
        g_free(directory);
        return NULL;
}
