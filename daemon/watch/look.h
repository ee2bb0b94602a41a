/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks: the status of files, taken where it may block
 *
 * A look is handed a list of paths, takes their status on a thread of its own and comes back through an
 * outbox, which wakes the loop. Whoever started it may be gone by then: a look that hangs for ever harms
 * nobody but its own thread.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Equal for two looks at what has not changed in between. All zero: no look was taken yet. */
typedef struct Status {
        bool taken;
        int error; /* errno of the look; then all below is 0 */
        uint64_t device, inode, size;
        int64_t modified, changed; /* ns */
        uint64_t entries;          /* a sum over the status of a directory's entries */
} Status;

typedef struct Glance {
        uint64_t id; /* the asker's */
        char *path;
        bool entries;
        Status status;
} Glance;

typedef struct Look {
        char *group;
        GPtrArray *glances; /* of Glance */
} Look;

typedef struct Outbox Outbox;

/* Takes the status of one path, here and now. */
void status_take(const char *path, bool entries, Status *ret);
bool status_equal(const Status *a, const Status *b);

Look *look_new(const char *group);
void look_add(Look *look, uint64_t id, const char *path, bool entries);
Look *look_free(Look *look);

int outbox_new(Outbox **ret);
Outbox *outbox_ref(Outbox *outbox);
Outbox *outbox_unref(Outbox *outbox);
/* Becomes readable when a look came back. */
int outbox_fd(const Outbox *outbox);
/* Takes the look; it comes back by outbox_receive(), whether or not a thread was to be had. */
void outbox_send(Outbox *outbox, Look *look);
/* A look that came back, or NULL: none, and the descriptor is quiet again. */
Look *outbox_receive(Outbox *outbox);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Look, look_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Outbox, outbox_unref)
