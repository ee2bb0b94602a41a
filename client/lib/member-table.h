/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Member tables: where the members of a document's large maps are
 *
 * Bisecting a map of many thousand members touches memory all over the place. A document that has such maps
 * gets one hash table over the members of all of them, built once when it is taken in. Small maps are not in
 * it: bisecting them is as quick. The hash is seeded, so that no choice of keys makes it slow.
 */
#pragma once

#include "client/lib/serial.h"

/* From how many members on a map is large. */
#define MEMBER_TABLE_LARGE 512U

typedef struct MemberTable MemberTable;

/* Of a checked document of which the large maps have that many members, as serial_check() counted. */
MemberTable *member_table_new(const Serial *root, size_t n_members);
MemberTable *member_table_free(MemberTable *table);

/* As serial_find_member(); map must be large. */
Serial member_table_find(const MemberTable *table, const Serial *root, const Serial *map,
                         const SerialKey *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MemberTable, member_table_free)
