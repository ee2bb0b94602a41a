/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watcher: inotify to "this path may have changed"
 *
 * A path is more than its last name: it may run through links, directories that move away and come back, or
 * not exist yet. The watcher follows it whole: every directory that holds a link of the chain or the file
 * itself is watched, every ancestor is watched for its own move or removal, and where part of the path is
 * missing, the nearest ancestor that exists is watched for its return. Files themselves are never watched:
 * editors save by rename, and a watch on the old file dies with it.
 *
 * It says that something happened and how final it looks, never what; whoever hears it reads the file. One
 * inotify instance serves all watches. Where a file system sends no events (network, FUSE), a slow look at
 * the file's status takes their place; nothing that could hang is ever touched from the loop's thread.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef enum WatchEvent {
        WATCH_FINISHED, /* a whole save: closed after writing, renamed over, a link that came into place */
        WATCH_WRITING,  /* a sign of life that another may follow */
} WatchEvent;

typedef struct Watcher Watcher;
typedef struct Watch Watch;

/* May free the watch, or any other. */
typedef void (*WatchHandler)(Watch *watch, WatchEvent event, void *userdata);

/* Negative errno where inotify is not to be had. */
int watcher_new(sd_event *event, Watcher **ret);
/* Its watches must be gone. */
Watcher *watcher_free(Watcher *watcher);
/* All inotify events read since the start. */
uint64_t watcher_event_count(const Watcher *watcher);

/*
 * Watches an absolute path, which need not exist. From the return of this call on no change is missed, so
 * read the file after it. poll_usec is how often to look where no events come; the first such look is told
 * as WATCH_FINISHED, since nobody knows what went before. Negative errno (EINVAL: not absolute; ENOSPC: the
 * user's watches are used up) where it cannot.
 */
int watcher_add_file(Watcher *watcher, const char *path, uint64_t poll_usec, WatchHandler handler,
                     void *userdata, Watch **ret);
/* Watches a directory for entries that come and go or are replaced; the same promises. */
int watcher_add_directory(Watcher *watcher, const char *path, uint64_t poll_usec, WatchHandler handler,
                          void *userdata, Watch **ret);
Watch *watch_free(Watch *watch);

/* True where the path lies on a file system that may hang: read it in a worker only. */
bool watch_may_hang(const Watch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Watcher, watcher_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Watch, watch_free)
