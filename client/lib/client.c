/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/client-private.h"

#include "client/lib/config-private.h"
#include "client/lib/reconf/enum-types.h"

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
 * A service that nothing needs leaves by itself after a while. Where the client has no configs, or the
 * service has none of them any longer, it is left in peace: the status is %RECONF_STATUS_DISCONNECTED, and
 * whatever is asked next starts it. What the library does by itself never does.
 *
 * The thread-default main context of where the client was made has to run for this, and for what configs
 * hear.
 */

#define DEFAULT_DELAY_MSEC 1000U

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

void client_add_waiting(ReconfClient *client)
{
        g_mutex_lock(&client->lock);
        client->n_waiting++;
        g_mutex_unlock(&client->lock);
}

void client_remove_waiting(ReconfClient *client)
{
        g_mutex_lock(&client->lock);
        client->n_waiting--;
        g_mutex_unlock(&client->lock);
}

bool client_needs_service(ReconfClient *client)
{
        bool needed;

        g_mutex_lock(&client->lock);
        needed = client->n_waiting > 0;
        for (guint i = 0; i < client->configs->len && !needed; i++)
                needed = config_bus_needs_service(client->configs->pdata[i]);
        g_mutex_unlock(&client->lock);
        return needed;
}

/* Under the lock. */
static bool shares_object(const ReconfClient *client, const ConfigBus *bus)
{
        bool shared = false;

        for (guint i = 0; i < client->configs->len && !shared; i++) {
                const ConfigBus *other = client->configs->pdata[i];

                shared = other != bus && g_str_equal(config_bus_object(other), config_bus_object(bus));
        }
        return shared;
}

bool client_shares_object(ReconfClient *client, const ConfigBus *bus)
{
        bool shared;

        g_mutex_lock(&client->lock);
        shared = shares_object(client, bus);
        g_mutex_unlock(&client->lock);
        return shared;
}

void client_unless_shared(ReconfClient *client, const ConfigBus *bus, void (*func)(const ConfigBus *bus))
{
        g_mutex_lock(&client->lock);
        if (!shares_object(client, bus))
                func(bus);
        g_mutex_unlock(&client->lock);
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

void client_set_status(ReconfClient *client, ReconfStatus status, const GError *error, guint attempts)
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

void client_notify_connection(ReconfClient *client)
{
        g_object_notify_by_pspec(G_OBJECT(client), properties[PROP_CONNECTION]);
}

static void reconf_client_init(ReconfClient *client)
{
        g_mutex_init(&client->lock);
        client->context = g_main_context_ref_thread_default();
        client->thread = g_thread_self();
        client->delay_msec = DEFAULT_DELAY_MSEC;
        client->auto_reconnect = TRUE;
        client->configs = g_ptr_array_new();
}

static void reconf_client_dispose(GObject *object)
{
        ReconfClient *client = RECONF_CLIENT(object);

        client_stop_keeping(client);
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
                g_value_set_uint(value, reconf_client_get_max_reconnect_attempts(client));
                break;
        case PROP_RECONNECT_DELAY:
                g_value_set_uint(value, reconf_client_get_reconnect_delay(client));
                break;
        case PROP_AUTO_RECONNECT:
                g_value_set_boolean(value, reconf_client_get_auto_reconnect(client));
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
         * After how many attempts to give up, with %RECONF_STATUS_ERROR; 0 for never. A higher limit is
         * tried for at once.
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
         * Whether to try to get the service back when it goes away and configs of the client need it.
         * Without, the status then is %RECONF_STATUS_DISCONNECTED, until [method@Reconf.Client.reconnect],
         * or somebody else, has it started. Switching it holds at once, also while the service is away.
         */
        properties[PROP_AUTO_RECONNECT] = g_param_spec_boolean("auto-reconnect", NULL, NULL, TRUE, writable);
        g_object_class_install_properties(object_class, N_PROPS, properties);
}
