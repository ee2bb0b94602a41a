/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Current: the snapshot that readers see, replaced under their eyes
 *
 * Readers take no lock and write to no memory that another thread writes to, so they do not slow each other
 * down, nor wait for a writer. Each thread has a record in which it says which snapshot it is looking at;
 * whoever has replaced a snapshot drops it only when no record names it ("hazard pointers"). Both sides use
 * sequentially consistent operations: either the reader's second look sees the replacement, and it starts
 * anew, or the writer's look at the records sees the reader.
 *
 * A thread's first read allocates its record; records of threads that ended are used again. A thread has one
 * record, so nothing that reads another snapshot may be called between current_enter() and current_leave().
 * That is a matter of nanoseconds; should a thread be stopped in between, what it looks at stays until
 * something is replaced after that.
 */
#pragma once

#include "client/lib/reconf/snapshot.h"

#include <stdatomic.h>
#include <stdbool.h>

typedef struct Current {
        _Atomic(ReconfSnapshot *) snapshot;
} Current;

typedef struct CurrentRecord CurrentRecord;

struct CurrentRecord {
        _Atomic(ReconfSnapshot *) seen;
        CurrentRecord *next;
        atomic_bool used;
} __attribute__((aligned(64)));

extern __thread CurrentRecord *current_own_record __attribute__((tls_model("initial-exec")));

/* All records ever made. */
extern _Atomic(CurrentRecord *) current_records;

/* Makes the thread's record. */
CurrentRecord *current_claim_record(void);

/* The snapshot, to be looked at until current_leave(). */
static inline ReconfSnapshot *current_enter(Current *current, CurrentRecord **ret)
{
        CurrentRecord *record = current_own_record ?: current_claim_record();
        ReconfSnapshot *snapshot = atomic_load_explicit(&current->snapshot, memory_order_acquire);

        for (;;) {
                ReconfSnapshot *again;

                atomic_store(&record->seen, snapshot);
                again = atomic_load(&current->snapshot);
                if (again == snapshot)
                        break;
                snapshot = again;
        }
        *ret = record;
        return snapshot;
}

static inline void current_leave(CurrentRecord *record)
{
        atomic_store_explicit(&record->seen, NULL, memory_order_release);
}

/* A reference of the caller's own; NULL where there is none yet. */
ReconfSnapshot *current_dup(Current *current);
/* Puts another in its place, which is taken over and may be NULL. One caller at a time. */
void current_replace(Current *current, ReconfSnapshot *snapshot);
/* How many were replaced and are still there, since somebody looks at them. */
unsigned current_n_retired(void);
