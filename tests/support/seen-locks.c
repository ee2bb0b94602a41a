/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks and counts that ThreadSanitizer sees
 *
 * It does not see into GLib, whose locks are futexes, and would take all that they guard for unguarded. So
 * for programs that are built with it, functions of the same names here lock, wait and count, and tell it
 * so. GLib itself goes on with its own, which is well as long as no lock is used by both: so all that takes
 * a mutex is here. Nobody is ever woken, which takes a little longer.
 */
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#define PAUSE_USEC 100

/* A lock may lie in what GLib has allocated and handed from thread to thread: the word itself is not looked
 * at. */
#define UNSEEN __attribute__((no_sanitize("thread")))

UNSEEN gboolean(g_mutex_trylock)(GMutex *mutex)
{
        gboolean taken = __atomic_exchange_n(&mutex->i[0], 1, __ATOMIC_ACQUIRE) == 0;

        if (taken)
                __tsan_acquire(mutex);
        return taken;
}

void(g_mutex_lock)(GMutex *mutex)
{
        while (!(g_mutex_trylock) (mutex))
                g_thread_yield();
}

UNSEEN void(g_mutex_unlock)(GMutex *mutex)
{
        __tsan_release(mutex);
        __atomic_store_n(&mutex->i[0], 0, __ATOMIC_RELEASE);
}

/* Who waits may be woken for nothing. */
void(g_cond_wait)(GCond *cond, GMutex *mutex)
{
        (g_mutex_unlock)(mutex);
        g_usleep(PAUSE_USEC);
        (g_mutex_lock)(mutex);
}

gboolean(g_cond_wait_until)(GCond *cond, GMutex *mutex, gint64 end)
{
        gboolean early = g_get_monotonic_time() < end;

        if (early)
                (g_cond_wait)(cond, mutex);
        return early;
}

void(g_cond_signal)(GCond *cond)
{
}

void(g_cond_broadcast)(GCond *cond)
{
}

void(g_atomic_ref_count_inc)(gatomicrefcount *count)
{
        __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

gboolean(g_atomic_ref_count_dec)(gatomicrefcount *count)
{
        return __atomic_fetch_sub(count, 1, __ATOMIC_ACQ_REL) == 1;
}
