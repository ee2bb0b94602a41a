/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watch: one path followed
 *
 * Nothing falls between looking and watching: the directories of the chain are marked from the root down,
 * then the path is resolved once more, and only if both say the same is it settled. A directory that is
 * replaced after it was marked sends an event; one that was replaced before is not the one that was marked.
 *
 * Limits: a directory that may be searched but not read cannot be watched. Where the file or a link stands
 * in it, the path is polled; on the way it is passed over, and its being moved is not noticed. A change of
 * access rights is heard for the directory that holds the file and for one that bars the way, not for those
 * further up: inotify would tell of every entry's rights as well, and a busy /tmp would wake the daemon all
 * the time.
 */
#include "daemon/watch/watch.h"

#include "daemon/watch/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody who changes the path all the time gets a slow look instead. */
#define WATCH_SETTLE_TRIES 16U

#define MASK_WHOLE (IN_CLOSE_WRITE | IN_MOVED_TO)

Watch *watch_new(Watcher *watcher, const char *path, bool is_directory, uint64_t poll_usec,
                 WatchHandler handler, void *userdata)
{
        Watch *watch = g_new0(Watch, 1);

        watch->watcher = watcher;
        watch->path = g_strdup(path);
        watch->is_directory = is_directory;
        watch->poll_usec = poll_usec;
        watch->handler = handler;
        watch->userdata = userdata;
        watch->in_watches.data = watch;
        watch->in_due.data = watch;
        g_queue_push_tail_link(&watcher->watches, &watch->in_watches);
        return watch;
}

static void watch_release(Use *uses, unsigned n_uses)
{
        for (unsigned i = 0; i < n_uses; i++)
                use_release(&uses[i]);

        g_free(uses);
}

Watch *watch_free(Watch *watch)
{
        if (!watch)
                return NULL;

        if (watch->is_due)
                g_queue_unlink(&watch->watcher->due, &watch->in_due);
        g_queue_unlink(&watch->watcher->watches, &watch->in_watches);
        watch_release(watch->uses, watch->n_uses);
        poll_free(watch->poll);
        g_free(watch->path);
        g_free(watch);
        return NULL;
}

bool watch_may_hang(const Watch *watch)
{
        return watch->is_remote;
}

static void watch_queue(Watch *watch)
{
        if (watch->is_due)
                return;

        watch->is_due = true;
        g_queue_push_tail_link(&watch->watcher->due, &watch->in_due);
}

void watch_note(Watch *watch, Sign sign)
{
        watch->sign = sign;
        watch_queue(watch);
}

/* Owner, mode and the like: no sign of what becomes of the content, so it leaves one that is there as it is.
 */
static void watch_note_status(Watch *watch)
{
        if (watch->sign == SIGN_NONE)
                watch_note(watch, SIGN_WRITING);
}

void watch_note_stale(Watch *watch, Sign sign)
{
        watch->is_stale = true;
        watch_note(watch, sign);
}

/* What a step of the chain makes of its name; false where passing through is all. */
static bool step_kind(const Watch *watch, const Step *step, UseKind *ret)
{
        switch (step->kind) {
        case STEP_PASSED:
                return false;
        case STEP_ABSENT:
                *ret = USE_ARRIVAL;
                return true;
        case STEP_CLOSED:
                *ret = USE_CLOSED;
                return true;
        case STEP_END:
                *ret = watch->is_directory ? USE_ENTRY : USE_FILE;
                return true;
        case STEP_HOLDER:
                *ret = USE_HOLDER;
                return true;
        case STEP_LINK:
        case STEP_REMOTE:
        default:
                *ret = USE_ENTRY;
                return true;
        }
}

static bool chain_has_passed(const Chain *chain, unsigned index)
{
        const Step *step = chain->steps->pdata[index];

        for (unsigned i = 0; i < index; i++) {
                const Step *other = chain->steps->pdata[i];

                if (g_str_equal(step->directory, other->directory))
                        return true;
        }

        return false;
}

/* Adds one use. The worst of what went wrong is kept in *worst. False: there is no directory at the path. */
static bool watch_use(Watch *watch, const char *path, UseKind kind, const char *name, int *worst)
{
        int r;

        r = marks_use(watch->watcher->marks, path, kind, name, watch, &watch->uses[watch->n_uses]);
        if (r >= 0) {
                watch->n_uses++;
                return true;
        }

        if (r == -ENOTDIR)
                return false;
        if (r == -EACCES && kind == USE_SELF)
                return true;
        if (r == -ENOENT)
                r = -EAGAIN;
        if (*worst == 0 || *worst == -EAGAIN)
                *worst = r;
        return true;
}

/* What is at the end. A file in a directory's place is as good as nothing. */
static void watch_attach_end(Watch *watch, const Chain *chain, int *worst)
{
        watch->exists = chain->exists;
        if (!chain->exists)
                return;

        if (watch->is_directory)
                watch->exists = watch_use(watch, chain->end, USE_SELF, NULL, worst) &&
                                watch_use(watch, chain->end, USE_ENTRIES, NULL, worst);
        else if (chain->covered)
                (void) watch_use(watch, chain->end, USE_CONTENT, NULL, worst);
}

/* Uses of what the chain runs through take the place of the old ones, so that marks wanted by both stay. */
static int watch_attach(Watch *watch, const Chain *chain)
{
        Use *old = g_steal_pointer(&watch->uses);
        unsigned n_old = watch->n_uses;
        int r = 0;

        watch->n_uses = 0;
        watch->uses = g_new0(Use, 2 * chain->steps->len + 2);

        for (unsigned i = 0; i < chain->steps->len; i++) {
                const Step *step = chain->steps->pdata[i];
                bool is_there = true;
                UseKind kind;

                if (!chain_has_passed(chain, i))
                        is_there &= watch_use(watch, step->directory, USE_SELF, NULL, &r);
                if (step_kind(watch, step, &kind))
                        is_there &= watch_use(watch, step->directory, kind, step->name, &r);

                /* It was a directory when the chain was made. */
                if (!is_there && r == 0)
                        r = -EAGAIN;
        }

        watch_attach_end(watch, chain, &r);
        watch_release(old, n_old);
        return r;
}

static void on_poll(bool changed, void *userdata)
{
        Watch *watch = userdata;

        mounts_refresh(watch->watcher->mounts);

        /* What was in the way may be gone. What happened between the look and this is unknown. */
        if (!watch->is_remote && watch_settle(watch) >= 0)
                changed = true;

        if (!changed)
                return;

        watch_note(watch, SIGN_FINISHED);
        watcher_flush(watch->watcher);
}

/* group names what may hang together with the path; NULL: events come. */
static void watch_poll(Watch *watch, const char *group)
{
        if (watch->poll && group && g_str_equal(poll_group(watch->poll), group))
                return;

        watch->poll = poll_free(watch->poll);
        if (group)
                watch->poll = poller_add(watch->watcher->poller, group, watch->path, watch->is_directory,
                                         watch->poll_usec, on_poll, watch);
}

int watch_settle(Watch *watch)
{
        g_autoptr(Chain) chain = chain_resolve(watch->path, watch->watcher->mounts);
        int r = -EAGAIN;

        for (unsigned i = 0; i < WATCH_SETTLE_TRIES && r == -EAGAIN; i++) {
                g_autoptr(Chain) now = NULL;

                r = watch_attach(watch, chain);
                now = chain_resolve(watch->path, watch->watcher->mounts);
                if (!chain_equal(chain, now))
                        r = -EAGAIN;

                chain_free(chain);
                chain = g_steal_pointer(&now);
        }

        watch->is_stale = false;
        watch->is_remote = chain->remote != NULL;
        watch_poll(watch, chain->remote ? chain->remote : r < 0 ? "" : NULL);
        return r;
}

/*
 * A name was created in the file's place. A file is about to be written. A link, symbolic or hard, is what
 * it will be. What cannot be told by now is gone again, which another event says.
 */
static Sign created_sign(Watch *watch, const Use *use)
{
        g_autofree char *path = g_build_filename(mark_path(use->mark), use->name, NULL);
        struct stat st;

        if (lstat(path, &st) < 0)
                return SIGN_WRITING;

        if (S_ISLNK(st.st_mode))
                watch->is_stale = true;

        return S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink > 1) ? SIGN_FINISHED
                                                                               : SIGN_WRITING;
}

static bool is_link(const Use *use)
{
        g_autofree char *path = g_build_filename(mark_path(use->mark), use->name, NULL);
        char target;

        return readlink(path, &target, 1) >= 0;
}

/* The file's own name. The chain is resolved anew only where it may end elsewhere now. */
static void watch_take_file(Watch *watch, const Use *use, uint32_t mask)
{
        if (mask & IN_ATTRIB) {
                watch_note_status(watch);
        } else if (mask & IN_CREATE) {
                watch->is_stale |= !watch->exists;
                watch_note(watch, created_sign(watch, use));
        } else if (mask & IN_MOVED_TO) {
                watch->is_stale |= !watch->exists || is_link(use);
                watch_note(watch, SIGN_FINISHED);
        } else if (mask & IN_CLOSE_WRITE) {
                watch_note(watch, SIGN_FINISHED);
        } else if (mask & IN_MODIFY) {
                watch_note(watch, SIGN_WRITING);
        } else {
                watch_note_stale(watch, SIGN_WRITING);
        }
}

void watch_take(Watch *watch, const Use *use, uint32_t mask)
{
        /* The directory may be watched for more on behalf of others. */
        if (use->kind != USE_SELF && !(mask & use_mask(use)))
                return;

        switch (use->kind) {
        case USE_SELF:
                /* Access rights to a directory on the way. */
                watch->is_stale = true;
                watch_note_status(watch);
                break;
        case USE_FILE:
        case USE_CONTENT:
                watch_take_file(watch, use, mask);
                break;
        case USE_ENTRIES:
                watch_note(watch, mask & MASK_WHOLE ? SIGN_FINISHED : SIGN_WRITING);
                break;
        default:
                /* A link is whole once it is there, and so is a directory that was moved; a new one is
                 * empty. */
                if (mask & IN_MOVED_TO || (mask & IN_CREATE && !(mask & IN_ISDIR)))
                        watch_note_stale(watch, SIGN_FINISHED);
                else
                        watch_note_stale(watch, SIGN_WRITING);
                break;
        }
}
