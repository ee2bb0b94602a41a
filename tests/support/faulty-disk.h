/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faulty disk: what SQLite writes, failing where one likes, and forgetting what was not synced
 *
 * Stands in front of SQLite's own access to files, for all databases of the process. Counts what changes a
 * file (writes, syncs, truncations) and can let it fail from some point on. After a power cut each sector of
 * a file holds what was last synced or anything that was written there since: that is what disk_cut_power()
 * makes.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum DiskFault {
        DISK_FULL,   /* half of the write is done, the rest has no room; syncs work */
        DISK_BROKEN, /* nothing of it is done, nor are syncs */
} DiskFault;

void disk_install(void);

/* The n-th change from now, from 1, fails, and so do all that follow. 0: none does. */
void disk_fail_at(unsigned n, DiskFault fault);
/* True if one failed since then. */
bool disk_has_failed(void);

/* Remembers what is in the directory, and what is synced from now on, forgetting what was before. */
void disk_begin_memory(const char *directory);
/* Makes the files of directory as they are after a power cut now, in another directory that exists. */
void disk_cut_power(const char *directory, const char *target);
void disk_end_memory(void);
