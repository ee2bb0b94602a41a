/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/config-private.h"

#include "client/lib/config-bus.h"
#include "client/lib/config-files.h"
#include "client/lib/config-signals.h"
#include "client/lib/moving.h"
#include "client/lib/reconf/enum-types.h"

/**
 * ReconfConfig:
 *
 * One config: what it holds now, and a voice that tells of changes.
 *
 * Where it comes from makes no difference to who uses it: the service
 * ([method@Reconf.Client.get_config]), files that are read without the service
 * ([ctor@Reconf.Config.new_for_file]), the one where it is there and the other where it is not
 * ([func@Reconf.Config.open]), or data ([ctor@Reconf.Config.new_for_data]).
 *
 * ```c
 * config = reconf_config_open_sync (G_BUS_TYPE_SYSTEM, "/etc/shop.yaml", NULL, &error);
 * reconf_config_watch (config, "database.pool.size", on_pool_size, pool, NULL);
 * pool_resize (pool, reconf_config_get_int (config, "database.pool.size", 5));
 * ```
 *
 * ## Reading
 *
 * Paths, values and defaults are those of [struct@Reconf.Snapshot]. Reading is local: no round trip, no
 * system call (but for a thread's first read, which may allocate), and no lock, so a version that arrives
 * does not hold it up. It can be done from any thread. Each read is of one whole version; reads that belong
 * together are made of one snapshot, see [method@Reconf.Config.dup_snapshot].
 *
 * ## Hearing
 *
 * [signal@Reconf.Config::changed] is emitted, and what [method@Reconf.Config.watch] was given is called,
 * once for a version, when it can be read already. Signals come in the thread-default main context of where
 * the config was made, watches in that of where they were asked for; one of them has to run there. Versions
 * that come faster than it turns are told as one.
 */

enum {
        PROP_NAME = 1,
        PROP_VERSION,
        PROP_STATUS,
        PROP_ERROR,
        PROP_OBJECT_PATH,
        N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE(ReconfConfig, reconf_config, G_TYPE_OBJECT)

static void release_listener(void *data)
{
        Listener *listener = data;

        listener_end(listener);
        listener_unref(listener);
}

static void reconf_config_init(ReconfConfig *config)
{
        g_mutex_init(&config->publishing);
        g_cond_init(&config->published);
        g_queue_init(&config->coming);
        g_mutex_init(&config->lock);
        config->context = g_main_context_ref_thread_default();
        config->blocked = g_array_new(FALSE, FALSE, sizeof(gulong));
        config->status = RECONF_STATUS_CONNECTED;
        config->listeners = g_hash_table_new_full(NULL, NULL, NULL, release_listener);
        config->signals = listener_new(config, config_emit_changed, NULL, NULL);
}

static void reconf_config_dispose(GObject *object)
{
        ReconfConfig *config = RECONF_CONFIG(object);
        g_autoptr(GHashTable) listeners = NULL;

        g_mutex_lock(&config->lock);
        listeners = g_steal_pointer(&config->listeners);
        config->listeners = g_hash_table_new_full(NULL, NULL, NULL, release_listener);
        g_mutex_unlock(&config->lock);
        listener_end(config->signals);
        config->moving = moving_free(config->moving);
        config->joining = config_bus_end(config->joining);
        config->files = config_files_free(config->files);
        config->bus = config_bus_end(config->bus);
        G_OBJECT_CLASS(reconf_config_parent_class)->dispose(object);
}

static void reconf_config_finalize(GObject *object)
{
        ReconfConfig *config = RECONF_CONFIG(object);

        current_replace(&config->current, NULL);
        listener_unref(config->signals);
        g_hash_table_unref(config->listeners);
        g_array_unref(config->blocked);
        g_clear_pointer(&config->details, g_variant_unref);
        g_clear_pointer(&config->applied, reconf_snapshot_unref);
        g_clear_error(&config->error);
        g_clear_object(&config->client);
        g_free(config->former_name);
        g_free(config->name);
        g_main_context_unref(config->context);
        g_mutex_clear(&config->lock);
        g_cond_clear(&config->published);
        g_mutex_clear(&config->publishing);
        G_OBJECT_CLASS(reconf_config_parent_class)->finalize(object);
}

static void reconf_config_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
        ReconfConfig *config = RECONF_CONFIG(object);

        switch (id) {
        case PROP_NAME:
                g_value_set_string(value, reconf_config_get_name(config));
                break;
        case PROP_VERSION:
                g_value_set_uint64(value, reconf_config_get_version(config));
                break;
        case PROP_STATUS:
                g_value_set_enum(value, (int) reconf_config_get_status(config));
                break;
        case PROP_ERROR:
                g_value_take_boxed(value, reconf_config_dup_error(config));
                break;
        case PROP_OBJECT_PATH:
                g_value_set_string(value, reconf_config_get_object_path(config));
                break;
        default:
                G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        }
}

static void reconf_config_class_init(ReconfConfigClass *class)
{
        const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
        GObjectClass *object_class = G_OBJECT_CLASS(class);

        object_class->dispose = reconf_config_dispose;
        object_class->finalize = reconf_config_finalize;
        object_class->get_property = reconf_config_get_property;

        /**
         * ReconfConfig:name:
         *
         * What the config is called: its name with the service, or else its first file; empty for data. One
         * that goes over to the service ([func@Reconf.Config.open]) gets another.
         */
        properties[PROP_NAME] = g_param_spec_string("name", NULL, NULL, "", flags);
        /**
         * ReconfConfig:version:
         *
         * The number of the version that can be read now; 0 for none yet. Without the service numbers count
         * from 1 in each program.
         */
        properties[PROP_VERSION] = g_param_spec_uint64("version", NULL, NULL, 0, G_MAXUINT64, 0, flags);
        /**
         * ReconfConfig:status:
         *
         * Whether changes are heard. Without the service, always %RECONF_STATUS_CONNECTED.
         */
        properties[PROP_STATUS] = g_param_spec_enum("status", NULL, NULL, RECONF_TYPE_STATUS,
                                                    RECONF_STATUS_CONNECTED, flags);
        /**
         * ReconfConfig:error:
         *
         * What keeps changes from being heard; %NULL where nothing does.
         */
        properties[PROP_ERROR] = g_param_spec_boxed("error", NULL, NULL, G_TYPE_ERROR, flags);
        /**
         * ReconfConfig:object-path:
         *
         * The config's object with the service, for calls of the program's own; %NULL without the service.
         */
        properties[PROP_OBJECT_PATH] = g_param_spec_string("object-path", NULL, NULL, NULL, flags);
        g_object_class_install_properties(object_class, N_PROPS, properties);
        config_install_signals(class);
}

ReconfConfig *config_new(const char *name)
{
        g_autoptr(GBytes) nothing = g_bytes_new_static(NULL, 0);
        ReconfConfig *config = g_object_new(RECONF_TYPE_CONFIG, NULL);

        config->name = g_strdup(name);
        current_replace(&config->current, snapshot_new_trusted(0, nothing));
        return config;
}

ConfigBus *config_get_bus(ReconfConfig *config)
{
        return g_atomic_pointer_get(&config->bus);
}

void config_set_bus(ReconfConfig *config, ConfigBus *bus, const char *name)
{
        config->former_name = config->name;
        g_atomic_pointer_set(&config->name, g_strdup(name));
        g_atomic_pointer_set(&config->bus, bus);
        g_object_notify_by_pspec(G_OBJECT(config), properties[PROP_NAME]);
        g_object_notify_by_pspec(G_OBJECT(config), properties[PROP_OBJECT_PATH]);
}

ReconfSnapshot *config_dup_current(ReconfConfig *config)
{
        return current_dup(&config->current);
}

guint64 config_get_held_version(ReconfConfig *config)
{
        guint64 version;

        g_mutex_lock(&config->lock);
        version = config->held_version;
        g_mutex_unlock(&config->lock);
        return version;
}

void config_set_applied(ReconfConfig *config, ReconfSnapshot *snapshot)
{
        g_mutex_lock(&config->lock);
        g_clear_pointer(&config->applied, reconf_snapshot_unref);
        config->applied = snapshot ? reconf_snapshot_ref(snapshot) : NULL;
        g_mutex_unlock(&config->lock);
}

static void rewind_listeners(ReconfConfig *config, ReconfSnapshot *snapshot)
{
        GHashTableIter iter;
        void *listener;

        listener_rewind(config->signals, snapshot);
        g_hash_table_iter_init(&iter, config->listeners);
        while (g_hash_table_iter_next(&iter, NULL, &listener))
                listener_rewind(listener, snapshot);
}

void config_tell_again(ReconfConfig *config)
{
        g_mutex_lock(&config->lock);
        if (config->applied) {
                config->held_version = 0;
                rewind_listeners(config, config->applied);
        }
        g_mutex_unlock(&config->lock);
}

void config_set_status(ReconfConfig *config, ReconfStatus status, const GError *error)
{
        bool other_status, other_error;

        g_mutex_lock(&config->lock);
        other_status = config->status != status;
        other_error = error || config->error;
        config->status = status;
        g_clear_error(&config->error);
        config->error = error ? g_error_copy(error) : NULL;
        g_mutex_unlock(&config->lock);

        if (other_error)
                g_object_notify_by_pspec(G_OBJECT(config), properties[PROP_ERROR]);
        if (other_status)
                g_object_notify_by_pspec(G_OBJECT(config), properties[PROP_STATUS]);
}

void config_notify_version(ReconfConfig *config)
{
        g_object_notify_by_pspec(G_OBJECT(config), properties[PROP_VERSION]);
}

/**
 * reconf_config_get_name:
 * @config: a config
 *
 * See [property@Reconf.Config:name].
 *
 * Returns: the name, which belongs to the config
 */
const char *reconf_config_get_name(ReconfConfig *config)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        return g_atomic_pointer_get(&config->name);
}

/**
 * reconf_config_get_object_path:
 * @config: a config
 *
 * See [property@Reconf.Config:object-path]. From any thread.
 *
 * Returns: (nullable): the path, which belongs to the config, or %NULL
 */
const char *reconf_config_get_object_path(ReconfConfig *config)
{
        const ConfigBus *bus;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        bus = config_get_bus(config);
        return bus ? config_bus_object(bus) : NULL;
}

/**
 * reconf_config_get_client:
 * @config: a config
 *
 * Gives the client that the config has the service from, or waits for the service with. From any thread.
 *
 * Returns: (transfer none) (nullable): the client; %NULL for a config of files alone, or of data
 */
ReconfClient *reconf_config_get_client(ReconfConfig *config)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        return config->client;
}

/**
 * reconf_config_get_version:
 * @config: a config
 *
 * See [property@Reconf.Config:version]. From any thread.
 *
 * Returns: the version that can be read now
 */
guint64 reconf_config_get_version(ReconfConfig *config)
{
        CurrentRecord *record;
        guint64 version;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), 0);

        version = current_enter(&config->current, &record)->version;
        current_leave(record);
        return version;
}

/**
 * reconf_config_get_status:
 * @config: a config
 *
 * See [property@Reconf.Config:status]. From any thread.
 *
 * Returns: the status
 */
ReconfStatus reconf_config_get_status(ReconfConfig *config)
{
        ReconfStatus status;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), RECONF_STATUS_ERROR);

        g_mutex_lock(&config->lock);
        status = config->status;
        g_mutex_unlock(&config->lock);
        return status;
}

/**
 * reconf_config_dup_error:
 * @config: a config
 *
 * See [property@Reconf.Config:error]. From any thread.
 *
 * Returns: (transfer full) (nullable): the error, or %NULL
 */
GError *reconf_config_dup_error(ReconfConfig *config)
{
        GError *error;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        g_mutex_lock(&config->lock);
        error = config->error ? g_error_copy(config->error) : NULL;
        g_mutex_unlock(&config->lock);
        return error;
}
