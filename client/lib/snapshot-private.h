/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of snapshots
 *
 * Functions that take a place of a snapshot as a Serial, for what reads more than once below the same place.
 */
#pragma once

#include "client/lib/member-table.h"
#include "client/lib/reconf/snapshot.h"

struct _ReconfSnapshot {
        gatomicrefcount references;
        guint64 version;
        GBytes *bytes; /* keeps root's data */
        Serial root;
        MemberTable *table; /* NULL where no map is large */
};

/* Takes over bytes that are known to be a document. */
ReconfSnapshot *snapshot_new_trusted(guint64 version, GBytes *bytes);

/* The place at a path below another; of kind SERIAL_NONE where there is none. path may be NULL: no place. */
Serial snapshot_find(const ReconfSnapshot *snapshot, const Serial *from, const char *path);
/* The value as GVariant, floating; NULL for SERIAL_NONE. */
GVariant *snapshot_to_variant_at(const ReconfSnapshot *snapshot, const Serial *value);

/* What the typed getters make of a value; false where it is of another type. */
bool serial_get_int(const Serial *value, gint64 *ret);
bool serial_get_uint(const Serial *value, guint64 *ret);
bool serial_get_double(const Serial *value, double *ret);
