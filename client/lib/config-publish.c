/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publishing: a new version becomes what can be read
 *
 * New versions may come from several threads at once: that of the config's context, and those in synchronous
 * calls. They queue, and whoever comes first publishes all of them, one after the other; the others wait
 * until theirs is done. So `changing` is emitted once for each version, in order, and before any thread can
 * read it. A handler of that which brings another version does not wait for itself: it finds that published
 * after it has returned.
 */
#include "client/lib/config-signals.h"

typedef struct Coming {
        ReconfSnapshot *snapshot;
        GVariant *details;
        PublishHow how;
} Coming;

static Coming *coming_new(ReconfSnapshot *snapshot, GVariant *details, PublishHow how)
{
        Coming *coming = g_new(Coming, 1);

        *coming = (Coming){
                .snapshot = reconf_snapshot_ref(snapshot),
                .details = details ? g_variant_ref_sink(details) : NULL,
                .how = how,
        };
        return coming;
}

static void coming_free(Coming *coming)
{
        reconf_snapshot_unref(coming->snapshot);
        g_clear_pointer(&coming->details, g_variant_unref);
        g_free(coming);
}

static void wake_listeners(ReconfConfig *config)
{
        GHashTableIter iter;
        void *listener;

        g_mutex_lock(&config->lock);
        listener_wake(config->signals);
        g_hash_table_iter_init(&iter, config->listeners);
        while (g_hash_table_iter_next(&iter, NULL, &listener))
                listener_wake(listener);
        g_mutex_unlock(&config->lock);
}

static void keep_details(ReconfConfig *config, guint64 version, GVariant *details)
{
        g_mutex_lock(&config->lock);
        g_clear_pointer(&config->details, g_variant_unref);
        config->details = details ? g_variant_ref_sink(details) : NULL;
        config->details_version = version;
        g_mutex_unlock(&config->lock);
}

GVariant *config_dup_details(ReconfConfig *config, guint64 version)
{
        GVariant *details = NULL;

        g_mutex_lock(&config->lock);
        if (config->details && config->details_version == version)
                details = g_variant_ref(config->details);
        g_mutex_unlock(&config->lock);
        return details;
}

void config_add_details(ReconfConfig *config, guint64 version, GVariant *details)
{
        g_mutex_lock(&config->publishing);
        if (reconf_config_get_version(config) == version) {
                g_autoptr(GVariant) known = config_dup_details(config, version);

                if (!known)
                        keep_details(config, version, details);
        }
        g_mutex_unlock(&config->publishing);
}

static bool is_next(Coming *coming, ReconfSnapshot *before)
{
        ReconfSnapshot *snapshot = coming->snapshot;

        switch (coming->how) {
        case PUBLISH_NEWER:
                return snapshot->version > before->version;
        case PUBLISH_OTHER:
                return snapshot->version != before->version || !reconf_snapshot_equal(snapshot, before);
        case PUBLISH_NEXT:
                /* Nobody else has seen it yet. */
                snapshot->version = before->version + 1;
                return !reconf_snapshot_equal(snapshot, before);
        }
        g_assert_not_reached();
}

static void publish(ReconfConfig *config, Coming *coming)
{
        g_autoptr(ReconfSnapshot) before = config_dup_current(config);

        if (!is_next(coming, before))
                return;
        config_emit_changing(config, before, coming->snapshot, coming->details);

        g_mutex_lock(&config->publishing);
        keep_details(config, coming->snapshot->version, coming->details);
        current_replace(&config->current, reconf_snapshot_ref(coming->snapshot));
        g_mutex_unlock(&config->publishing);
        wake_listeners(config);
}

/* Under the lock, which is let go meanwhile. */
static void publish_all(ReconfConfig *config)
{
        Coming *coming;

        config->publisher = g_thread_self();
        while ((coming = g_queue_pop_head(&config->coming))) {
                g_mutex_unlock(&config->publishing);
                publish(config, coming);
                coming_free(coming);
                g_mutex_lock(&config->publishing);
                config->n_published++;
                g_cond_broadcast(&config->published);
        }
        config->publisher = NULL;
}

void config_bring(ReconfConfig *config, ReconfSnapshot *snapshot, GVariant *details, PublishHow how)
{
        g_mutex_lock(&config->publishing);
        g_queue_push_tail(&config->coming, coming_new(snapshot, details, how));
        config->n_brought++;
        g_mutex_unlock(&config->publishing);
}

void config_publish_brought(ReconfConfig *config)
{
        guint64 last;

        g_mutex_lock(&config->publishing);
        last = config->n_brought;
        if (!config->publisher)
                publish_all(config);
        while (config->publisher != g_thread_self() && config->n_published < last)
                g_cond_wait(&config->published, &config->publishing);
        g_mutex_unlock(&config->publishing);
}

void config_publish(ReconfConfig *config, ReconfSnapshot *snapshot, GVariant *details, PublishHow how)
{
        config_bring(config, snapshot, details, how);
        config_publish_brought(config);
}

void config_publish_first(ReconfConfig *config, ReconfSnapshot *snapshot)
{
        current_replace(&config->current, reconf_snapshot_ref(snapshot));
        listener_set_known(config->signals, snapshot);
}
