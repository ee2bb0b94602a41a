/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/listener.h"

#include "client/lib/config-private.h"

struct Listener {
        gatomicrefcount references;
        GWeakRef config;
        GMainContext *context;
        ListenerFunc func;
        void *data;
        GDestroyNotify destroy;
        int priority;

        GMutex lock; /* guards what follows */
        ReconfSnapshot *known;
        GSource *source; /* on its way, or NULL */
        bool ended;
};

Listener *listener_new(ReconfConfig *config, ListenerFunc func, void *data, GDestroyNotify destroy)
{
        Listener *listener = g_new0(Listener, 1);

        g_atomic_ref_count_init(&listener->references);
        g_weak_ref_init(&listener->config, config);
        listener->context = g_main_context_ref_thread_default();
        listener->func = func;
        listener->data = data;
        listener->destroy = destroy;
        listener->priority = G_PRIORITY_DEFAULT;
        g_mutex_init(&listener->lock);
        return listener;
}

Listener *listener_ref(Listener *listener)
{
        g_atomic_ref_count_inc(&listener->references);
        return listener;
}

Listener *listener_unref(Listener *listener)
{
        if (!listener || !g_atomic_ref_count_dec(&listener->references))
                return NULL;
        if (listener->destroy)
                listener->destroy(listener->data);
        g_weak_ref_clear(&listener->config);
        g_main_context_unref(listener->context);
        g_mutex_clear(&listener->lock);
        g_clear_pointer(&listener->known, reconf_snapshot_unref);
        g_free(listener);
        return NULL;
}

static gboolean tell(void *data)
{
        Listener *listener = data;
        g_autoptr(ReconfConfig) config = g_weak_ref_get(&listener->config);
        g_autoptr(ReconfSnapshot) before = NULL;
        g_autoptr(ReconfSnapshot) after = NULL;
        bool ended;

        g_mutex_lock(&listener->lock);
        g_clear_pointer(&listener->source, g_source_unref);
        ended = listener->ended;
        if (config && !ended) {
                after = config_dup_current(config);
                before = g_steal_pointer(&listener->known);
                listener->known = reconf_snapshot_ref(after);
        }
        g_mutex_unlock(&listener->lock);

        if (before && before != after)
                listener->func(config, before, after, listener->data);
        return G_SOURCE_REMOVE;
}

static void release(void *data)
{
        listener_unref(data);
}

void listener_wake(Listener *listener)
{
        g_mutex_lock(&listener->lock);
        if (!listener->source && !listener->ended) {
                listener->source = g_idle_source_new();
                g_source_set_priority(listener->source, listener->priority);
                g_source_set_static_name(listener->source, "[reconf] new version");
                g_source_set_callback(listener->source, tell, listener_ref(listener), release);
                g_source_attach(listener->source, listener->context);
        }
        g_mutex_unlock(&listener->lock);
}

void listener_set_late(Listener *listener)
{
        listener->priority = G_PRIORITY_DEFAULT + 1;
}

void listener_set_known(Listener *listener, ReconfSnapshot *snapshot)
{
        bool is_behind;

        g_mutex_lock(&listener->lock);
        if (!listener->known)
                listener->known = reconf_snapshot_ref(snapshot);
        is_behind = listener->known != snapshot;
        g_mutex_unlock(&listener->lock);
        if (is_behind)
                listener_wake(listener);
}

void listener_rewind(Listener *listener, ReconfSnapshot *snapshot)
{
        g_mutex_lock(&listener->lock);
        g_clear_pointer(&listener->known, reconf_snapshot_unref);
        listener->known = reconf_snapshot_ref(snapshot);
        g_mutex_unlock(&listener->lock);
        listener_wake(listener);
}

void listener_end(Listener *listener)
{
        GSource *source;

        g_mutex_lock(&listener->lock);
        listener->ended = true;
        source = g_steal_pointer(&listener->source);
        g_mutex_unlock(&listener->lock);
        if (source) {
                g_source_destroy(source);
                g_source_unref(source);
        }
}

GMainContext *listener_context(const Listener *listener)
{
        return listener->context;
}
