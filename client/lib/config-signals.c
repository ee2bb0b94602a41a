/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A config's signals
 *
 * GObject calls a handler without a detail at each emission, whatever its detail. To have each handler
 * called once a version, those without a detail have an emission to themselves, and are blocked while the
 * details are gone through. Which details there may be is looked up among the places that changed: the
 * details of handlers are quarks, so a path that is no quark has none.
 */
#include "client/lib/config-signals.h"

enum {
        SIGNAL_CHANGED,
        SIGNAL_CHANGING,
        SIGNAL_RELOAD_FAILED,
        N_SIGNALS,
};

static guint signals[N_SIGNALS];

void config_install_signals(ReconfConfigClass *class)
{
        GType type = G_OBJECT_CLASS_TYPE(class);

        /**
         * ReconfConfig::changed:
         * @config: the config
         * @change: what has changed
         *
         * A new version can be read.
         *
         * The detail is a dotted path in its plain form (quotes only where a key needs them):
         * `changed::database.pool` is emitted for what changes at that place, below it, or above it in a way
         * that changes it: when all of `database` appears with a `pool` in it, or goes. Each handler is
         * called once a version.
         */
        signals[SIGNAL_CHANGED] = g_signal_new("changed", type, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0,
                                               NULL, NULL, NULL, G_TYPE_NONE, 1, RECONF_TYPE_CHANGE);
        /**
         * ReconfConfig::changing:
         * @config: the config
         * @change: what is about to change
         *
         * A new version has arrived and will be readable when the handlers have returned. For what has to be
         * ready by then; reads still see the version before. Emitted once for each version, in order, by
         * whichever thread took the version in: that of the config's main context, or one that called a
         * synchronous method. Others that have taken it in as well wait until the handlers have returned; so
         * these may not wait for other threads that use the config. A version that a handler itself brings
         * about, by a synchronous call, can be read after it has returned.
         */
        signals[SIGNAL_CHANGING] = g_signal_new("changing", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                                G_TYPE_NONE, 1, RECONF_TYPE_CHANGE);
        /**
         * ReconfConfig::reload-failed:
         * @config: the config
         * @stage: where it failed: `read`, `decode`, `parse`, `merge`, `schema`, `validator`, `command` or
         *   `instance`
         * @problems: an `a(suus)`: for each problem its dotted path, line, column and message
         *
         * The files have changed and are no good; the version that can be read stays.
         */
        signals[SIGNAL_RELOAD_FAILED] = g_signal_new("reload-failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                                     NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_VARIANT);
}

static void collect_detail(const char *path, void *data)
{
        GHashTable *details = data;
        GQuark detail = g_quark_try_string(path);

        if (detail != 0)
                g_hash_table_add(details, GUINT_TO_POINTER(detail));
}

static void emit_details(ReconfConfig *config, ReconfChange *change)
{
        g_autoptr(GHashTable) details = g_hash_table_new(NULL, NULL);
        GHashTableIter iter;
        void *key;

        change_foreach_place(change, collect_detail, details);
        g_hash_table_iter_init(&iter, details);
        while (g_hash_table_iter_next(&iter, &key, NULL)) {
                GQuark detail = GPOINTER_TO_UINT(key);

                if (g_signal_has_handler_pending(config, signals[SIGNAL_CHANGED], detail, FALSE) &&
                    reconf_change_touches(change, g_quark_to_string(detail)))
                        g_signal_emit(config, signals[SIGNAL_CHANGED], detail, change);
        }
}

static gulong find_handler(ReconfConfig *config, GSignalMatchType mask)
{
        return g_signal_handler_find(config, mask | G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_UNBLOCKED,
                                     signals[SIGNAL_CHANGED], 0, NULL, NULL, NULL);
}

static void block_plain(ReconfConfig *config)
{
        gulong handler;

        while ((handler = find_handler(config, G_SIGNAL_MATCH_DETAIL)) != 0) {
                g_signal_handler_block(config, handler);
                g_array_append_val(config->blocked, handler);
        }
}

static void unblock_plain(ReconfConfig *config)
{
        for (guint i = 0; i < config->blocked->len; i++) {
                gulong handler = g_array_index(config->blocked, gulong, i);

                if (g_signal_handler_is_connected(config, handler))
                        g_signal_handler_unblock(config, handler);
        }
        g_array_set_size(config->blocked, 0);
}

/* A handler may run the loop and so bring us here again, while those without a detail are blocked. */
static void emit_to_all(ReconfConfig *config, ReconfChange *change)
{
        bool nested = config->blocked->len > 0;

        unblock_plain(config);
        g_signal_emit(config, signals[SIGNAL_CHANGED], 0, change);
        block_plain(config);
        if (find_handler(config, 0) != 0)
                emit_details(config, change);
        if (!nested)
                unblock_plain(config);
}

static void hold_version(ReconfConfig *config, guint64 version)
{
        g_mutex_lock(&config->lock);
        config->held_version = version;
        g_mutex_unlock(&config->lock);
}

void config_emit_changed(ReconfConfig *config, ReconfSnapshot *before, ReconfSnapshot *after, void *unused)
{
        g_autoptr(GVariant) details = config_dup_details(config, after->version);
        g_autoptr(ReconfChange) change = change_new(before, after, details);

        if (change->items->len > 0)
                emit_to_all(config, change);
        if (g_atomic_int_get(&change->held))
                hold_version(config, after->version);
        if (before->version != after->version)
                config_notify_version(config);
}

void config_emit_changing(ReconfConfig *config, ReconfSnapshot *before, ReconfSnapshot *after,
                          GVariant *details)
{
        g_autoptr(ReconfChange) change = NULL;

        if (!g_signal_has_handler_pending(config, signals[SIGNAL_CHANGING], 0, FALSE))
                return;
        change = change_new(before, after, details);
        if (change->items->len > 0)
                g_signal_emit(config, signals[SIGNAL_CHANGING], 0, change);
}

void config_emit_reload_failed(ReconfConfig *config, const char *stage, GVariant *problems)
{
        g_autoptr(GVariant) owned = g_variant_ref_sink(problems);

        g_signal_emit(config, signals[SIGNAL_RELOAD_FAILED], 0, stage, owned);
}
