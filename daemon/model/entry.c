/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/entry.h"

/* Maps up to this many members are sorted by insertion, which needs no call a comparison. */
#define SMALL_MAP 16U

static int compare_entries(const void *a, const void *b)
{
        const Entry *first = a, *second = b;
        int order = member_compare(&first->member, &second->member);

        if (order != 0)
                return order;
        if (first->yields != second->yields)
                return first->yields ? 1 : -1;
        return (first->order > second->order) - (first->order < second->order);
}

void entries_sort(Entry *entries, size_t count)
{
        size_t sorted = 1;

        while (sorted < count && compare_entries(&entries[sorted - 1], &entries[sorted]) < 0)
                sorted++;
        if (sorted >= count)
                return;

        if (count > SMALL_MAP) {
                qsort(entries, count, sizeof *entries, compare_entries);
                return;
        }
        for (; sorted < count; sorted++) {
                Entry entry = entries[sorted];
                size_t at = sorted;

                for (; at > 0 && compare_entries(&entries[at - 1], &entry) > 0; at--)
                        entries[at] = entries[at - 1];
                entries[at] = entry;
        }
}

size_t entries_drop_defaults(Entry *entries, size_t count)
{
        size_t kept = 0;

        for (size_t i = 0; i < count; i++) {
                const Member *member = &entries[i].member,
                             *last = kept > 0 ? &entries[kept - 1].member : NULL;

                if (entries[i].yields && last && member_compare(last, member) == 0)
                        continue;
                entries[kept++] = entries[i];
        }
        return kept;
}
