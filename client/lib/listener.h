/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listeners: whoever wants to hear of new versions, in the context where he asked
 *
 * Each listener remembers the version that it was told of last. When a version comes, an idle source in its
 * context is on its way; when that runs, the listener is told the step from what it knew to what is current.
 * So nobody hears a version twice, or goes back in time, and versions that follow each other faster than the
 * loop turns are one step.
 */
#pragma once

#include "client/lib/reconf/config.h"

#include <stdbool.h>

typedef struct Listener Listener;

/* before and after are not the same snapshot, but may hold the same. */
typedef void (*ListenerFunc)(ReconfConfig *config, ReconfSnapshot *before, ReconfSnapshot *after,
                             void *data);

/*
 * Listens in the caller's thread-default context from now on. destroy gets data when the listener is gone;
 * in that context if it is in use there at that time, otherwise by whoever lets go last.
 */
Listener *listener_new(ReconfConfig *config, ListenerFunc func, void *data, GDestroyNotify destroy);
Listener *listener_ref(Listener *listener);
Listener *listener_unref(Listener *listener);

/* Is told after all others of its context. To be called before it is added. */
void listener_set_late(Listener *listener);
/* There is a new version; from any thread. */
void listener_wake(Listener *listener);
/* What it knows is this, whatever it was told of: the step from there is told, once more. */
void listener_rewind(Listener *listener, ReconfSnapshot *snapshot);
/* What it knows is this, if it knew nothing yet. Otherwise it is told of the step to what is current. */
void listener_set_known(Listener *listener, ReconfSnapshot *snapshot);
/* It is not told of anything from now on, also not of what is on its way in the caller's context. */
void listener_end(Listener *listener);

/* The context that it listens in. */
GMainContext *listener_context(const Listener *listener);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listener, listener_unref)
