/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/client-private.h"

#include "client/lib/config-private.h"
#include "client/lib/connecting.h"
#include "client/lib/reconf/enum-types.h"
#include "introspection/names.h"

/**
 * ReconfClient:
 *
 * A connection to the service, which it keeps up.
 *
 * A client has a connection to the bus of its own. When the service goes away (it is restarted, replaced, it
 * crashes) or the bus does, the client tries to get it back: after a second, then after twice as long each
 * time, up to half a minute. Meanwhile its configs can be read as they were. When it has the service again,
 * each config that has changed says so once.
 *
 * The thread-default main context of where the client was made has to run for this, and for what configs
 * hear.
 */

#define DEFAULT_DELAY_MSEC 1000U
#define MAX_DELAY_MSEC 30000U

enum {
        PROP_STATUS = 1,
        PROP_ERROR,
        PROP_CONNECTION,
        PROP_RECONNECT_ATTEMPTS,
        PROP_MAX_RECONNECT_ATTEMPTS,
        PROP_RECONNECT_DELAY,
        PROP_AUTO_RECONNECT,
        N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE(ReconfClient, reconf_client, G_TYPE_OBJECT)

void client_state_clear(ClientState *state)
{
        g_clear_object(&state->connection);
        g_clear_pointer(&state->owner, g_free);
        g_clear_error(&state->error);
}

void client_get_state(ReconfClient *client, ClientState *ret)
{
        g_mutex_lock(&client->lock);
        *ret = (ClientState){
                .connection = client->connection ? g_object_ref(client->connection) : NULL,
                .owner = g_strdup(client->owner),
                .status = client->status,
                .error = client->error ? g_error_copy(client->error) : NULL,
        };
        g_mutex_unlock(&client->lock);
}

GDBusConnection *client_get_connection(ReconfClient *client, GError **error)
{
        GDBusConnection *connection = reconf_client_dup_connection(client);

        if (!connection)
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The bus is away");
        return connection;
}

void client_add_config(ReconfClient *client, ConfigBus *bus)
{
        g_mutex_lock(&client->lock);
        g_ptr_array_add(client->configs, config_bus_ref(bus));
        g_mutex_unlock(&client->lock);
}

void client_remove_config(ReconfClient *client, ConfigBus *bus)
{
        bool removed;

        g_mutex_lock(&client->lock);
        removed = g_ptr_array_remove_fast(client->configs, bus);
        g_mutex_unlock(&client->lock);
        if (removed)
                config_bus_unref(bus);
}

bool client_shares_object(ReconfClient *client, const ConfigBus *bus)
{
        bool shared = false;

        g_mutex_lock(&client->lock);
        for (guint i = 0; i < client->configs->len && !shared; i++) {
                const ConfigBus *other = client->configs->pdata[i];

                shared = other != bus && g_str_equal(config_bus_object(other), config_bus_object(bus));
        }
        g_mutex_unlock(&client->lock);
        return shared;
}

static void release_config(void *bus)
{
        config_bus_unref(bus);
}

static void tell_configs(ReconfClient *client)
{
        g_autoptr(GPtrArray) configs = g_ptr_array_new_with_free_func(release_config);

        g_mutex_lock(&client->lock);
        for (guint i = 0; i < client->configs->len; i++)
                g_ptr_array_add(configs, config_bus_ref(client->configs->pdata[i]));
        g_mutex_unlock(&client->lock);
        for (guint i = 0; i < configs->len; i++)
                config_bus_client_changed(configs->pdata[i]);
}

static void set_status(ReconfClient *client, ReconfStatus status, const GError *error, guint attempts)
{
        bool other_status, other_error, other_attempts;

        g_mutex_lock(&client->lock);
        other_status = client->status != status;
        other_error = error || client->error;
        other_attempts = client->attempts != attempts;
        client->status = status;
        client->attempts = attempts;
        g_clear_error(&client->error);
        client->error = error ? g_error_copy(error) : NULL;
        g_mutex_unlock(&client->lock);

        tell_configs(client);
        if (other_error)
                g_object_notify_by_pspec(G_OBJECT(client), properties[PROP_ERROR]);
        if (other_attempts)
                g_object_notify_by_pspec(G_OBJECT(client), properties[PROP_RECONNECT_ATTEMPTS]);
        if (other_status)
                g_object_notify_by_pspec(G_OBJECT(client), properties[PROP_STATUS]);
}

static void clear_timer(ReconfClient *client)
{
        if (client->timer) {
                g_source_destroy(client->timer);
                g_clear_pointer(&client->timer, g_source_unref);
        }
}

static gboolean on_timer(void *data)
{
        ReconfClient *client = data;

        g_clear_pointer(&client->timer, g_source_unref);
        client_attempt(client);
        return G_SOURCE_REMOVE;
}

static guint next_delay(ReconfClient *client)
{
        guint delay = client->delay_msec;

        for (guint i = 0; i < client->attempts && delay < MAX_DELAY_MSEC; i++)
                delay *= 2;
        return MIN(delay, MAX(MAX_DELAY_MSEC, client->delay_msec));
}

/* The service is away: says so, and sees to the next attempt. error is why, or NULL. */
static void away(ReconfClient *client, const GError *error)
{
        bool exhausted = client->max_attempts > 0 && client->attempts >= client->max_attempts;

        if (!client->auto_reconnect) {
                clear_timer(client);
                set_status(client, RECONF_STATUS_DISCONNECTED, error, client->attempts);
        } else if (exhausted) {
                clear_timer(client);
                set_status(client, RECONF_STATUS_ERROR, error, client->attempts);
        } else {
                if (!client->timer) {
                        client->timer = g_timeout_source_new(next_delay(client));
                        g_source_set_static_name(client->timer, "[reconf] reconnect");
                        g_source_set_callback(client->timer, on_timer, client, NULL);
                        g_source_attach(client->timer, client->context);
                }
                set_status(client, RECONF_STATUS_CONNECTING, error, client->attempts);
        }
}

static void set_owner(ReconfClient *client, const char *owner)
{
        g_mutex_lock(&client->lock);
        g_free(client->owner);
        client->owner = g_strdup(owner);
        g_mutex_unlock(&client->lock);
}

static void on_appeared(GDBusConnection *connection, const char *name, const char *owner, void *data)
{
        g_autoptr(ReconfClient) client = g_weak_ref_get(data);

        if (!client || connection != client->connection)
                return;
        clear_timer(client);
        set_owner(client, owner);
        set_status(client, RECONF_STATUS_CONNECTED, NULL, 0);
}

static void on_vanished(GDBusConnection *connection, const char *name, void *data)
{
        g_autoptr(ReconfClient) client = g_weak_ref_get(data);

        /* NULL where the connection itself is closed, which is heard elsewhere. */
        if (!client || !connection || connection != client->connection || !client->owner)
                return;
        set_owner(client, NULL);
        away(client, NULL);
}

static void drop_connection(ReconfClient *client)
{
        g_autoptr(GDBusConnection) connection = NULL;

        if (client->name_watch != 0)
                g_bus_unwatch_name(client->name_watch);
        client->name_watch = 0;
        g_mutex_lock(&client->lock);
        connection = g_steal_pointer(&client->connection);
        g_clear_pointer(&client->owner, g_free);
        g_mutex_unlock(&client->lock);
        if (!connection)
                return;
        g_signal_handler_disconnect(connection, client->closed_handler);
        if (!g_dbus_connection_is_closed(connection))
                g_dbus_connection_close(connection, NULL, NULL, NULL);
}

static void on_closed(GDBusConnection *connection, gboolean vanished, GError *error, ReconfClient *client)
{
        G_GNUC_UNUSED g_autoptr(ReconfClient) kept = g_object_ref(client);

        drop_connection(client);
        g_object_notify_by_pspec(G_OBJECT(client), properties[PROP_CONNECTION]);
        away(client, error);
}

static void free_weak_ref(void *data)
{
        g_weak_ref_clear(data);
        g_free(data);
}

void client_adopt(ReconfClient *client, const Connected *connected)
{
        GWeakRef *weak = g_new0(GWeakRef, 1);

        clear_timer(client);
        g_mutex_lock(&client->lock);
        client->connection = g_object_ref(connected->connection);
        client->owner = g_strdup(connected->owner);
        g_mutex_unlock(&client->lock);
        client->closed_handler =
                        g_signal_connect(client->connection, "closed", G_CALLBACK(on_closed), client);
        g_weak_ref_init(weak, client);
        client->name_watch = g_bus_watch_name_on_connection(client->connection, RECONF_BUS_NAME,
                                                            G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
                                                            on_vanished, weak, free_weak_ref);
        set_status(client, RECONF_STATUS_CONNECTED, NULL, 0);
        g_object_notify_by_pspec(G_OBJECT(client), properties[PROP_CONNECTION]);
}

static void on_attempted(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ReconfClient) client = g_weak_ref_get(data);
        g_auto(Connected) connected = { 0 };
        g_autoptr(GError) error = NULL;
        bool done = connecting_finish(result, &connected, &error);

        free_weak_ref(data);
        if (!client || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                return;
        g_clear_object(&client->cancellable);
        if (!done) {
                away(client, error);
                return;
        }
        if (connected.connection == client->connection) {
                clear_timer(client);
                set_owner(client, connected.owner);
                set_status(client, RECONF_STATUS_CONNECTED, NULL, 0);
                return;
        }
        g_main_context_push_thread_default(client->context);
        client_adopt(client, &connected);
        g_main_context_pop_thread_default(client->context);
}

void client_attempt(ReconfClient *client)
{
        g_autofree char *address = g_strdup(client->address);
        g_autoptr(GError) error = NULL;
        GWeakRef *weak;

        if (client->cancellable)
                return;
        weak = g_new0(GWeakRef, 1);
        g_weak_ref_init(weak, client);
        client->cancellable = g_cancellable_new();
        /* What is known of why it is away stays true until it is back. */
        error = reconf_client_dup_error(client);
        set_status(client, RECONF_STATUS_CONNECTING, error, client->attempts + 1);
        g_main_context_push_thread_default(client->context);
        connecting_start(client->connection, client->bus_type, address, client->cancellable, on_attempted,
                         weak);
        g_main_context_pop_thread_default(client->context);
}

static void reconf_client_init(ReconfClient *client)
{
        g_mutex_init(&client->lock);
        client->context = g_main_context_ref_thread_default();
        client->delay_msec = DEFAULT_DELAY_MSEC;
        client->auto_reconnect = TRUE;
        client->configs = g_ptr_array_new();
}

static void reconf_client_dispose(GObject *object)
{
        ReconfClient *client = RECONF_CLIENT(object);

        clear_timer(client);
        if (client->cancellable)
                g_cancellable_cancel(client->cancellable);
        g_clear_object(&client->cancellable);
        drop_connection(client);
        G_OBJECT_CLASS(reconf_client_parent_class)->dispose(object);
}

static void reconf_client_finalize(GObject *object)
{
        ReconfClient *client = RECONF_CLIENT(object);

        g_ptr_array_unref(client->configs);
        g_clear_error(&client->error);
        g_free(client->address);
        g_main_context_unref(client->context);
        g_mutex_clear(&client->lock);
        G_OBJECT_CLASS(reconf_client_parent_class)->finalize(object);
}

static void reconf_client_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
        ReconfClient *client = RECONF_CLIENT(object);

        switch (id) {
        case PROP_STATUS:
                g_value_set_enum(value, (int) reconf_client_get_status(client));
                break;
        case PROP_ERROR:
                g_value_take_boxed(value, reconf_client_dup_error(client));
                break;
        case PROP_CONNECTION:
                g_value_take_object(value, reconf_client_dup_connection(client));
                break;
        case PROP_RECONNECT_ATTEMPTS:
                g_value_set_uint(value, reconf_client_get_reconnect_attempts(client));
                break;
        case PROP_MAX_RECONNECT_ATTEMPTS:
                g_value_set_uint(value, client->max_attempts);
                break;
        case PROP_RECONNECT_DELAY:
                g_value_set_uint(value, client->delay_msec);
                break;
        case PROP_AUTO_RECONNECT:
                g_value_set_boolean(value, client->auto_reconnect);
                break;
        default:
                G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        }
}

static void reconf_client_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
        ReconfClient *client = RECONF_CLIENT(object);

        switch (id) {
        case PROP_MAX_RECONNECT_ATTEMPTS:
                reconf_client_set_max_reconnect_attempts(client, g_value_get_uint(value));
                break;
        case PROP_RECONNECT_DELAY:
                reconf_client_set_reconnect_delay(client, g_value_get_uint(value));
                break;
        case PROP_AUTO_RECONNECT:
                reconf_client_set_auto_reconnect(client, g_value_get_boolean(value));
                break;
        default:
                G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        }
}

static void reconf_client_class_init(ReconfClientClass *class)
{
        const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
        const GParamFlags writable = readable | G_PARAM_WRITABLE;
        GObjectClass *object_class = G_OBJECT_CLASS(class);

        object_class->dispose = reconf_client_dispose;
        object_class->finalize = reconf_client_finalize;
        object_class->get_property = reconf_client_get_property;
        object_class->set_property = reconf_client_set_property;

        /**
         * ReconfClient:status:
         *
         * How the client and the service stand.
         */
        properties[PROP_STATUS] = g_param_spec_enum("status", NULL, NULL, RECONF_TYPE_STATUS,
                                                    RECONF_STATUS_CONNECTING, readable);
        /**
         * ReconfClient:error:
         *
         * Why the last attempt failed, or the bus was lost; %NULL while connected, and where nothing is
         * known.
         */
        properties[PROP_ERROR] = g_param_spec_boxed("error", NULL, NULL, G_TYPE_ERROR, readable);
        /**
         * ReconfClient:connection:
         *
         * The connection to the bus; %NULL while there is none.
         */
        properties[PROP_CONNECTION] =
                        g_param_spec_object("connection", NULL, NULL, G_TYPE_DBUS_CONNECTION, readable);
        /**
         * ReconfClient:reconnect-attempts:
         *
         * How often it was tried to get the service back since it went away.
         */
        properties[PROP_RECONNECT_ATTEMPTS] =
                        g_param_spec_uint("reconnect-attempts", NULL, NULL, 0, G_MAXUINT, 0, readable);
        /**
         * ReconfClient:max-reconnect-attempts:
         *
         * After how many attempts to give up, with %RECONF_STATUS_ERROR; 0 for never.
         */
        properties[PROP_MAX_RECONNECT_ATTEMPTS] =
                        g_param_spec_uint("max-reconnect-attempts", NULL, NULL, 0, G_MAXUINT, 0, writable);
        /**
         * ReconfClient:reconnect-delay:
         *
         * How long to wait before the first attempt, in milliseconds. Each further one waits twice as long,
         * up to 30 s.
         */
        properties[PROP_RECONNECT_DELAY] = g_param_spec_uint("reconnect-delay", NULL, NULL, 1, G_MAXUINT,
                                                             DEFAULT_DELAY_MSEC, writable);
        /**
         * ReconfClient:auto-reconnect:
         *
         * Whether to try to get the service back when it goes away. Without, the status then is
         * %RECONF_STATUS_DISCONNECTED, until [method@Reconf.Client.reconnect] or the service comes by
         * itself.
         */
        properties[PROP_AUTO_RECONNECT] = g_param_spec_boolean("auto-reconnect", NULL, NULL, TRUE, writable);
        g_object_class_install_properties(object_class, N_PROPS, properties);
}
