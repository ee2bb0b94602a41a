/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directory: which files of a directory match, now and from now on
 *
 * Tells the matching files once after directory_scan() and again whenever they may have become others.
 */
#pragma once

#include "daemon/model/failure.h"
#include "daemon/watch/watcher.h"
#include "daemon/worker.h"

typedef struct Directory Directory;

/* files is of char *, absolute and sorted; NULL where the directory cannot be read (failure is borrowed). */
typedef void (*DirectoryScanned)(Directory *directory, const GPtrArray *files, const Failure *failure,
                                 void *userdata);

/* path is absolute and plain; pattern is a glob for names, see glob(7), without slashes. */
Failure *directory_check(const char *path, const char *pattern);
Failure *directory_new(sd_event *event, Watcher *watcher, Worker *worker, const char *path,
                       const char *pattern, uint64_t poll_usec, DirectoryScanned scanned, void *userdata,
                       Directory **ret);
Directory *directory_ref(Directory *directory);
/* The last reference ends the watch; nothing is told after directory_stop(). */
Directory *directory_unref(Directory *directory);
void directory_stop(Directory *directory);
/* Looks now; tells before it returns unless the file system, or what a link leads to, may hang. */
void directory_scan(Directory *directory);
/* True where it lies on a file system that may hang. */
bool directory_may_hang(const Directory *directory);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Directory, directory_unref)
