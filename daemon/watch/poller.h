/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Poller: a slow look at what sends no events
 *
 * Looks at the status of paths every so often, on threads that live as long as a look. Paths are looked at
 * in groups, one thread a group: a server that hangs holds up its own group and nothing else. While there is
 * nothing to look at there is no timer.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef struct Poll Poll;
typedef struct Poller Poller;

/*
 * Called after each look. changed is true where the status differs from that of the last one, and for the
 * first, since nobody knows what happened before it. May free any poll.
 */
typedef void (*PollHandler)(bool changed, void *userdata);

int poller_new(sd_event *event, Poller **ret);
/* Its polls must be gone. Does not wait for looks that hang. */
Poller *poller_free(Poller *poller);

/*
 * Looks at a path at once, then every period (µs). With entries, path is a directory, and the status of what
 * is in it counts, too. group names what may hang together.
 */
Poll *poller_add(Poller *poller, const char *group, const char *path, bool entries, uint64_t period,
                 PollHandler handler, void *userdata);
const char *poll_group(const Poll *poll);
Poll *poll_free(Poll *poll);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Poller, poller_free)
