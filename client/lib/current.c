/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/current.h"

/* How often the writer looks again before it leaves a snapshot for the next one to drop. */
#define LOOKS 64U

__thread CurrentRecord *current_own_record;

/* All records ever made; none is freed. */
_Atomic(CurrentRecord *) current_records;

/* Replaced snapshots that somebody was looking at. */
static GMutex retired_lock;
static GPtrArray *retired;

static void release_record(void *data)
{
        CurrentRecord *record = data;

        current_own_record = NULL;
        atomic_store_explicit(&record->used, false, memory_order_release);
}

static GPrivate owned_record = G_PRIVATE_INIT(release_record);

static CurrentRecord *reuse_record(void)
{
        for (CurrentRecord *record = atomic_load(&current_records); record; record = record->next) {
                bool unused = false;

                if (atomic_compare_exchange_strong(&record->used, &unused, true))
                        return record;
        }
        return NULL;
}

static CurrentRecord *new_record(void)
{
        CurrentRecord *record = g_aligned_alloc0(1, sizeof *record, _Alignof(CurrentRecord));

        atomic_init(&record->used, true);
        record->next = atomic_load(&current_records);
        while (!atomic_compare_exchange_weak(&current_records, &record->next, record))
                ;
        return record;
}

CurrentRecord *current_claim_record(void)
{
        CurrentRecord *record = reuse_record() ?: new_record();

        g_private_set(&owned_record, record);
        current_own_record = record;
        return record;
}

ReconfSnapshot *current_dup(Current *current)
{
        CurrentRecord *record;
        ReconfSnapshot *snapshot = current_enter(current, &record);

        if (snapshot)
                reconf_snapshot_ref(snapshot);
        current_leave(record);
        return snapshot;
}

static bool is_seen(const ReconfSnapshot *snapshot)
{
        for (CurrentRecord *record = atomic_load(&current_records); record; record = record->next)
                if (atomic_load(&record->seen) == snapshot)
                        return true;
        return false;
}

static bool drop_unseen(ReconfSnapshot *last)
{
        bool dropped = true;

        for (guint i = retired->len; i > 0; i--) {
                ReconfSnapshot *snapshot = retired->pdata[i - 1];

                if (!is_seen(snapshot)) {
                        g_ptr_array_remove_index_fast(retired, i - 1);
                        reconf_snapshot_unref(snapshot);
                } else if (snapshot == last) {
                        dropped = false;
                }
        }
        return dropped;
}

void current_replace(Current *current, ReconfSnapshot *snapshot)
{
        ReconfSnapshot *former = atomic_exchange(&current->snapshot, snapshot);

        if (!former)
                return;
        g_mutex_lock(&retired_lock);
        if (!retired)
                retired = g_ptr_array_new();
        g_ptr_array_add(retired, former);
        for (unsigned i = 0; i < LOOKS && !drop_unseen(former); i++)
                g_thread_yield();
        g_mutex_unlock(&retired_lock);
}

unsigned current_n_retired(void)
{
        unsigned count;

        g_mutex_lock(&retired_lock);
        count = retired ? retired->len : 0;
        g_mutex_unlock(&retired_lock);
        return count;
}
