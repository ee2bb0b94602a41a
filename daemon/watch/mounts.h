/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts: which file system a path lies on
 *
 * Asked of the kernel's mount table, never of the path: a look at a path on a server that went away would
 * hang. The table is kept in memory and read again whenever the kernel says that it changed. What is mounted
 * in the very moment between a look into it and the path being touched goes unseen.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

typedef struct Mount {
        int id;
        int parent; /* id of the mount it stands on; 0 where that is not in the table */
        char *target;
        bool remote; /* may hang, or tells nothing of what others change: network, FUSE, automounts */
} Mount;

typedef struct Mounts Mounts;

/* Targets (of const char *) on which something was mounted, or is no longer. */
typedef void (*MountsHandler)(const GPtrArray *targets, void *userdata);

/*
 * Reads the table: a file in the form of /proc/self/mountinfo, which is also the default (NULL). Changes are
 * told from the loop; without one (event is NULL) only by mounts_reload(). Negative errno where it cannot be
 * read.
 */
int mounts_new(sd_event *event, const char *table, MountsHandler handler, void *userdata, Mounts **ret);
Mounts *mounts_free(Mounts *mounts);
/* Reads the table again and tells what changed. On error the old one stays. */
int mounts_reload(Mounts *mounts);
/* The same, but only where the kernel has a change to tell: cheap enough to ask before any walk. */
void mounts_refresh(Mounts *mounts);

/*
 * The mount that an absolute path lies on, or NULL where the table does not tell. The path must be free of
 * links,
 * "." and "..". Valid until the table changes.
 */
const Mount *mounts_find(const Mounts *mounts, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mounts, mounts_free)
