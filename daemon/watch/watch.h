/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watch: one path followed (inside the watcher only; watcher.h is for everybody else)
 *
 * A watch holds a use of each inode that its path runs through. Settling makes that true again after
 * anything on the way may have changed. Signs that come in are put together until the watcher tells the
 * handler.
 */
#pragma once

#include "daemon/watch/marks.h"
#include "daemon/watch/mounts.h"
#include "daemon/watch/poller.h"
#include "daemon/watch/watcher.h"

typedef enum Sign {
        SIGN_NONE,
        SIGN_WRITING,
        SIGN_FINISHED,
} Sign;

struct Watcher {
        sd_event_source *source;
        sd_event_source *later; /* to tell what was noted out of turn */
        int fd;
        Mounts *mounts;
        Marks *marks;
        Poller *poller;
        GQueue watches; /* all */
        GQueue due;     /* those with a sign to tell or a path to settle */
        uint64_t n_events;
};

struct Watch {
        Watcher *watcher;
        GList in_watches, in_due;
        char *path;
        WatchHandler handler;
        void *userdata;
        uint64_t poll_usec;
        Poll *poll; /* where events do not come */
        Use *uses;
        unsigned n_uses;
        Sign sign;
        bool is_directory;
        bool is_due;
        bool is_stale; /* to be settled */
        bool exists;
        bool is_remote;
};

/* A path not yet settled. */
Watch *watch_new(Watcher *watcher, const char *path, bool is_directory, uint64_t poll_usec,
                 WatchHandler handler, void *userdata);
/*
 * Resolves the path and marks what it runs through, until both agree. Where that cannot be done, the path is
 * polled instead, and the answer is why (negative errno).
 */
int watch_settle(Watch *watch);
/* The newest sign counts. */
void watch_note(Watch *watch, Sign sign);
/* The way to the path's end may have changed. */
void watch_note_stale(Watch *watch, Sign sign);
/* An inotify event for one of the watch's uses, but for an inode that was moved, removed or unmounted. */
void watch_take(Watch *watch, const Use *use, uint32_t mask);

/* Settles what is stale and tells all signs. */
void watcher_flush(Watcher *watcher);
