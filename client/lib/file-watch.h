/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File watches: GFileMonitor on whatever a path depends on
 *
 * A monitor on the file itself would miss a link on the way that is turned elsewhere, which is how
 * containers get new configs. So each directory that holds a link of the path, the file itself, or that name
 * on the way that is not there yet, is monitored, and events of other names are passed over. File systems
 * that send no events are not heard.
 */
#pragma once

#include "daemon/watch/debounce.h"

typedef struct FileWatch FileWatch;

typedef void (*FileWatchFunc)(WatchEvent event, void *data);

/* Watches absolute paths, which need not exist, in the thread-default context. paths is borrowed. */
FileWatch *file_watch_new(char *const *paths, FileWatchFunc func, void *data);
FileWatch *file_watch_free(FileWatch *watch);

/*
 * Looks anew what the paths run through. True where something is watched now that was not before: what
 * happened there until now went unheard. In the context where it was made.
 */
bool file_watch_refresh(FileWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileWatch, file_watch_free)
