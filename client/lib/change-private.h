/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of changes
 */
#pragma once

#include "client/lib/reconf/change.h"
#include "client/lib/snapshot-private.h"

typedef struct ChangeItem {
        char *path;
        Serial before; /* of kind SERIAL_NONE where it was added */
        Serial after;  /* of kind SERIAL_NONE where it was removed */
} ChangeItem;

struct _ReconfChange {
        gatomicrefcount references;
        ReconfSnapshot *before;
        ReconfSnapshot *after;
        GArray *items;     /* of ChangeItem */
        GVariant *details; /* a{sv} */
        gint held;         /* atomic: the program will report by itself */
        char *objection;   /* what a validator has to say, or NULL */
};

/* details, an a{sv}, may be NULL. */
ReconfChange *change_new(ReconfSnapshot *before, ReconfSnapshot *after, GVariant *details);

/* Is given each place that the change touches: all above, at and below its items; the root is not among
 * them. */
typedef void (*ChangePlaceFunc)(const char *path, void *data);
void change_foreach_place(const ReconfChange *change, ChangePlaceFunc func, void *data);
