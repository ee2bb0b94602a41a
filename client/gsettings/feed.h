/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Feeds: configs of the service's that are there when they are there
 *
 * A program of GSettings may have no main loop, or one that turns when it likes, and it reads from any
 * thread. So a feed has a thread and a main context of its own, in which all the library's work is done; who
 * reads takes what is there. Only the first read may wait, for as long as a service needs to be started by
 * the bus, but not for longer.
 *
 * Where there is no bus, no service, or no such config, there are no values, and the feed goes on trying:
 * after a second, then after twice as long each time, up to half a minute; and at once where the service
 * announces the config. When it is there, what it holds is told as a change from nothing, if anybody asked
 * in vain before. A config that was there stays as it was read last until it is registered anew.
 */
#pragma once

#include "client/lib/reconf/reconf.h"

#include <stddef.h>

typedef struct Feed Feed;

/* Told of what has changed in the config at that index, in the feed's thread. */
typedef void (*FeedFunc)(size_t index, ReconfChange *change, void *data);

/* Nothing begins yet. The names are copied; the data is freed when the feed has ended. */
Feed *feed_new(const char *const *names, FeedFunc func, void *data, GDestroyNotify destroy);
/* Ends it, without waiting; one call of the function may be under way. */
Feed *feed_end(Feed *feed);

/* Begins, if it has not. From any thread. */
void feed_start(Feed *feed);
/* What is at that place now; NULL where there is nothing, or no config. From any thread. */
GVariant *feed_read(Feed *feed, size_t index, const char *path);
