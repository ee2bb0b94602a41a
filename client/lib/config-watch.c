/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching paths
 *
 * A watch is a listener that compares the bytes at its path before and after: what came or went with a map
 * above needs no care of its own.
 */
#include "client/lib/config-private.h"

#include "client/lib/reconf/path.h"

typedef struct Watching {
        char *path;
        ReconfWatchFunc callback;
        void *user_data;
        GDestroyNotify destroy;
} Watching;

static void watching_free(void *data)
{
        Watching *watching = data;

        if (watching->destroy)
                watching->destroy(watching->user_data);
        g_free(watching->path);
        g_free(watching);
}

static void tell_watching(ReconfConfig *config, ReconfSnapshot *before, ReconfSnapshot *after, void *data)
{
        Watching *watching = data;
        Serial was = snapshot_find(before, &before->root, watching->path);
        Serial is = snapshot_find(after, &after->root, watching->path);
        g_autoptr(GVariant) old = NULL;
        g_autoptr(GVariant) new = NULL;

        if (serial_equal(&was, &is))
                return;
        old = reconf_snapshot_get_variant(before, watching->path);
        new = reconf_snapshot_get_variant(after, watching->path);
        watching->callback(config, watching->path, old, new, watching->user_data);
}

guint config_add_listener(ReconfConfig *config, Listener *listener)
{
        g_autoptr(ReconfSnapshot) snapshot = NULL;
        guint handle;

        g_mutex_lock(&config->lock);
        handle = ++config->last_handle;
        g_hash_table_insert(config->listeners, GUINT_TO_POINTER(handle), listener);
        g_mutex_unlock(&config->lock);

        /* Whatever comes after this wakes it; what came before is what it knows. */
        snapshot = config_dup_current(config);
        listener_set_known(listener, snapshot);
        return handle;
}

/**
 * reconf_config_watch:
 * @config: a config
 * @path: a dotted path
 * @callback: (scope notified) (closure user_data) (destroy destroy): what to call
 * @user_data: what to call it with
 * @destroy: (nullable): frees @user_data
 *
 * Has a function called with the old and the new value whenever what is at a path, or below it, has changed:
 * once a version, in the caller's thread-default main context. Where nothing was or is, the value is %NULL.
 * The version that can be read at the time of this call is the first old one: read after it, and nothing is
 * missed.
 *
 * Returns: a handle for [method@Reconf.Config.unwatch]; 0 where @path is malformed
 */
guint reconf_config_watch(ReconfConfig *config, const char *path, ReconfWatchFunc callback,
                          gpointer user_data, GDestroyNotify destroy)
{
        g_autoptr(GError) error = NULL;
        Watching *watching;

        g_return_val_if_fail(RECONF_IS_CONFIG(config) && path && callback, 0);

        if (!reconf_path_is_valid(path, &error)) {
                g_critical("Cannot watch: %s", error->message);
                return 0;
        }
        watching = g_new(Watching, 1);
        *watching = (Watching){
                .path = g_strdup(path),
                .callback = callback,
                .user_data = user_data,
                .destroy = destroy,
        };
        return config_add_listener(config, listener_new(config, tell_watching, watching, watching_free));
}

/**
 * reconf_config_unwatch:
 * @config: a config
 * @handle: what [method@Reconf.Config.watch] or [method@Reconf.Config.bind] returned
 *
 * Ends a watch or a binding. In the context where it was asked for nothing is called any more from now on;
 * in others, one call may be under way.
 *
 * Returns: whether there was one of that handle
 */
gboolean reconf_config_unwatch(ReconfConfig *config, guint handle)
{
        Listener *listener = NULL;
        gboolean found;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        g_mutex_lock(&config->lock);
        found = g_hash_table_steal_extended(config->listeners, GUINT_TO_POINTER(handle), NULL,
                                            (gpointer *) &listener);
        g_mutex_unlock(&config->lock);
        if (found) {
                listener_end(listener);
                listener_unref(listener);
        }
        return found;
}
