/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entries: what is in a map or list that is still being built
 *
 * Members of a map come in any order and some may have to give way to others; they are sorted once, when the
 * map is closed.
 */
#pragma once

#include "daemon/model/builder.h"

/* A value whose map or list is still open. */
typedef struct Entry {
        Member member; /* key is NULL in a list */
        Place key_place;
        uint32_t order; /* which of the values so far: the sort is to keep it */
        bool yields;    /* gives way to another member of that key */
} Entry;

/* Orders members by their keys. Most differ in the first byte, which for an empty key is the NUL behind it.
 */
static inline int member_compare(const Member *a, const Member *b)
{
        int order = (unsigned char) *a->key - (unsigned char) *b->key;

        return order != 0 ? order : key_compare(a->key, a->key_length, b->key, b->key_length);
}

/* By keys; of one key, those that give way last, and else in the order in which they came. */
void entries_sort(Entry *entries, size_t count);
/* Drops each default that stands behind a member of its key; returns how many entries are left. */
size_t entries_drop_defaults(Entry *entries, size_t count);
