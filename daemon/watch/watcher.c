/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watcher: inotify to "this path may have changed"
 *
 * Works on an inotify instance of its own rather than through sd_event_add_inotify(): that hands out one
 * event a turn of the loop and does not say which were read together, so that a burst could not be folded;
 * and it has one source for each who asks, found by going through all of them.
 *
 * The kernel's events are taken a buffer at a time: first all signs are noted, then paths are resolved anew
 * where that is due, and only then are handlers called, who may free what they like.
 */
#include "daemon/watch/watch.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Room for some hundred events with names of common length, and for any one event. */
#define WATCHER_BUFFER_SIZE (32U * 1024)
/* What is taken before others have a turn: about as much as the kernel keeps. */
#define WATCHER_MAX_BUFFERS 32U

static void watcher_note_all(Watcher *watcher)
{
        for (GList *link = watcher->watches.head; link; link = link->next)
                watch_note_stale(link->data, SIGN_WRITING);
}

static void uses_take(Use *use, uint32_t mask)
{
        for (; use; use = use->next)
                watch_take(use->owner, use, mask);
}

static void uses_note_stale(Use *use, Sign sign)
{
        for (; use; use = use->next)
                watch_note_stale(use->owner, sign);
}

/* The marked inode itself, not an entry. */
static void watcher_take_self(Mark *mark, uint32_t mask)
{
        if (mask & (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB))
                uses_take(mark_uses(mark), mask);
        else
                uses_note_stale(mark_uses(mark), SIGN_WRITING);

        if (mask & IN_IGNORED)
                mark_lose(mark);
}

static void watcher_take(Watcher *watcher, const struct inotify_event *event)
{
        Mark *mark;

        watcher->n_events++;

        if (event->mask & IN_Q_OVERFLOW) {
                watcher_note_all(watcher);
                return;
        }

        mark = marks_find(watcher->marks, event->wd);
        if (!mark)
                return;

        if (event->len == 0) {
                watcher_take_self(mark, event->mask);
                return;
        }

        uses_take(mark_uses_of_name(mark, event->name), event->mask);
        uses_take(mark_uses_of_entries(mark), event->mask);
}

static void watcher_settle(Watcher *watcher)
{
        for (GList *link = watcher->due.head; link; link = link->next) {
                Watch *watch = link->data;

                if (!watch->is_stale)
                        continue;

                /* What cannot be watched is polled, which looks at once and tells. */
                (void) watch_settle(watch);
                if (!watch->exists)
                        watch->sign = SIGN_WRITING;
        }
}

void watcher_flush(Watcher *watcher)
{
        GList *link;

        watcher_settle(watcher);
        if (!marks_trim(watcher->marks)) {
                watcher_note_all(watcher);
                watcher_settle(watcher);
        }

        while ((link = g_queue_pop_head_link(&watcher->due))) {
                Watch *watch = link->data;
                Sign sign = watch->sign;

                watch->is_due = false;
                watch->sign = SIGN_NONE;
                watch->handler(watch, sign == SIGN_FINISHED ? WATCH_FINISHED : WATCH_WRITING,
                               watch->userdata);
        }
}

/* Above zero where there may be more. */
static int watcher_read(Watcher *watcher)
{
        char buffer[WATCHER_BUFFER_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
        ssize_t length;

        length = read(watcher->fd, buffer, sizeof(buffer));
        if (length < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;

        mounts_refresh(watcher->mounts);

        for (size_t offset = 0; offset < (size_t) length;) {
                const struct inotify_event *event = (const void *) (buffer + offset);

                watcher_take(watcher, event);
                offset += sizeof(*event) + event->len;
        }

        watcher_flush(watcher);
        return (size_t) length + sizeof(struct inotify_event) + NAME_MAX + 1 > sizeof(buffer);
}

/* All that happened, not a buffer: what is due together is then put in order. */
static int on_inotify(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        int r = 1;

        for (unsigned i = 0; i < WATCHER_MAX_BUFFERS && r > 0; i++)
                r = watcher_read(userdata);
        return r;
}

/* A mount on a directory that is passed, or on a name that is looked up, changes what the path means. */
static void mark_take_mounts(Mark *mark, void *userdata)
{
        const GPtrArray *targets = userdata;
        const char *path = mark_path(mark);
        size_t length = g_str_equal(path, "/") ? 0 : strlen(path);

        for (unsigned i = 0; i < targets->len; i++) {
                const char *target = targets->pdata[i];

                if (g_str_equal(target, path))
                        uses_note_stale(mark_uses(mark), SIGN_FINISHED);
                else if (strncmp(target, path, length) == 0 && target[length] == '/' &&
                         !strchr(target + length + 1, '/'))
                        uses_note_stale(mark_uses_of_name(mark, target + length + 1), SIGN_FINISHED);
        }
}

static void on_mounts(const GPtrArray *targets, void *userdata)
{
        Watcher *watcher = userdata;

        /* Whoever asked for a fresh table may be in the middle of something. */
        marks_foreach(watcher->marks, mark_take_mounts, (void *) targets);
        (void) sd_event_source_set_enabled(watcher->later, SD_EVENT_ONESHOT);
}

static int on_later(sd_event_source *source, void *userdata)
{
        watcher_flush(userdata);
        return 0;
}

int watcher_new(sd_event *event, Watcher **ret)
{
        g_autoptr(Watcher) watcher = g_new0(Watcher, 1);
        int r;

        watcher->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (watcher->fd < 0)
                return -errno;

        watcher->marks = marks_new(watcher->fd);

        r = mounts_new(event, NULL, on_mounts, watcher, &watcher->mounts);
        if (r < 0)
                return r;

        r = poller_new(event, &watcher->poller);
        if (r < 0)
                return r;

        r = sd_event_add_io(event, &watcher->source, watcher->fd, EPOLLIN, on_inotify, watcher);
        if (r < 0)
                return r;

        r = sd_event_add_defer(event, &watcher->later, on_later, watcher);
        if (r < 0)
                return r;

        r = sd_event_source_set_enabled(watcher->later, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = g_steal_pointer(&watcher);
        return 0;
}

Watcher *watcher_free(Watcher *watcher)
{
        if (!watcher)
                return NULL;

        g_assert(g_queue_is_empty(&watcher->watches));
        sd_event_source_disable_unref(watcher->source);
        sd_event_source_disable_unref(watcher->later);
        poller_free(watcher->poller);
        mounts_free(watcher->mounts);
        marks_free(watcher->marks);
        if (watcher->fd >= 0)
                close(watcher->fd);
        g_free(watcher);
        return NULL;
}

uint64_t watcher_event_count(const Watcher *watcher)
{
        return watcher->n_events;
}

static int watcher_add(Watcher *watcher, const char *path, bool is_directory, uint64_t poll_usec,
                       WatchHandler handler, void *userdata, Watch **ret)
{
        g_autoptr(Watch) watch = NULL;
        int r;

        if (path[0] != '/')
                return -EINVAL;

        mounts_refresh(watcher->mounts);
        watch = watch_new(watcher, path, is_directory, poll_usec, handler, userdata);
        r = watch_settle(watch);
        if (r == -ENOSPC || r == -ENOMEM)
                return r;

        *ret = g_steal_pointer(&watch);
        return 0;
}

int watcher_add_file(Watcher *watcher, const char *path, uint64_t poll_usec, WatchHandler handler,
                     void *userdata, Watch **ret)
{
        return watcher_add(watcher, path, false, poll_usec, handler, userdata, ret);
}

int watcher_add_directory(Watcher *watcher, const char *path, uint64_t poll_usec, WatchHandler handler,
                          void *userdata, Watch **ret)
{
        return watcher_add(watcher, path, true, poll_usec, handler, userdata, ret);
}
