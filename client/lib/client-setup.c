/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients: how they are made and set up
 */
#include "client/lib/client-private.h"

static ReconfClient *make_client(GBusType bus_type, const char *address)
{
        ReconfClient *client = g_object_new(RECONF_TYPE_CLIENT, NULL);

        client->bus_type = bus_type;
        client->address = g_strdup(address);
        return client;
}

ReconfClient *client_new_trying(GBusType bus_type)
{
        ReconfClient *client = make_client(bus_type, NULL);

        client_attempt(client);
        return client;
}

static ReconfClient *connect_sync(GBusType bus_type, const char *address, GCancellable *cancellable,
                                  GError **error)
{
        g_auto(Connected) connected = { 0 };
        ReconfClient *client;

        if (!connecting_sync(bus_type, address, cancellable, &connected, error))
                return NULL;
        client = make_client(bus_type, address);
        client_adopt(client, &connected);
        return client;
}

static void on_connected(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        ReconfClient *client = g_task_get_task_data(task);
        g_auto(Connected) connected = { 0 };
        GError *error = NULL;

        if (!connecting_finish(result, &connected, &error)) {
                g_task_return_error(task, error);
                return;
        }
        g_main_context_push_thread_default(client->context);
        client_adopt(client, &connected);
        g_main_context_pop_thread_default(client->context);
        g_task_return_pointer(task, g_object_ref(client), g_object_unref);
}

static void connect_async(GBusType bus_type, const char *address, GCancellable *cancellable,
                          GAsyncReadyCallback callback, void *user_data)
{
        g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);

        g_task_set_source_tag(task, connect_async);
        g_task_set_task_data(task, make_client(bus_type, address), g_object_unref);
        connecting_start(NULL, bus_type, address, true, cancellable, on_connected, g_object_ref(task));
}

static gboolean review(void *data)
{
        client_review(data);
        return G_SOURCE_REMOVE;
}

/*
 * Another thread leaves it to the context's own, which may not be running its loop just now, and be in the
 * middle of a synchronous call.
 */
static void invoke(ReconfClient *client, GSourceFunc func)
{
        g_autoptr(GSource) source = NULL;

        if (g_thread_self() == client->thread) {
                g_main_context_invoke_full(client->context, G_PRIORITY_DEFAULT, func, g_object_ref(client),
                                           g_object_unref);
                return;
        }
        source = g_idle_source_new();
        g_source_set_priority(source, G_PRIORITY_DEFAULT);
        g_source_set_static_name(source, "[reconf] client");
        g_source_set_callback(source, func, g_object_ref(client), g_object_unref);
        g_source_attach(source, client->context);
}

/**
 * reconf_client_new:
 * @bus_type: %G_BUS_TYPE_SYSTEM or %G_BUS_TYPE_SESSION
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done, in the caller's thread-default main context
 * @user_data: for @callback
 *
 * Connects to a bus, and starts the service on it if it does not run. See
 * [ctor@Reconf.Client.new_finish].
 *
 * To do without where there is no bus or no service, see [func@Reconf.Config.open].
 *
 * Errors: %G_DBUS_ERROR_SERVICE_UNKNOWN where the service is not installed, %G_DBUS_ERROR_SPAWN_FAILED and
 * its like where it does not start, those of g_dbus_connection_new_for_address() where there is no bus, and
 * %G_IO_ERROR_CANCELLED.
 */
void reconf_client_new(GBusType bus_type, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
        connect_async(bus_type, NULL, cancellable, callback, user_data);
}

/**
 * reconf_client_new_for_address:
 * @address: the address of a bus
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done, in the caller's thread-default main context
 * @user_data: for @callback
 *
 * As [func@Reconf.Client.new], with a bus of any address.
 */
void reconf_client_new_for_address(const char *address, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(address);

        connect_async(G_BUS_TYPE_NONE, address, cancellable, callback, user_data);
}

/**
 * reconf_client_new_finish:
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [func@Reconf.Client.new] and [func@Reconf.Client.new_for_address].
 *
 * Returns: (transfer full): the client
 */
ReconfClient *reconf_client_new_finish(GAsyncResult *result, GError **error)
{
        g_return_val_if_fail(g_async_result_is_tagged(result, connect_async), NULL);

        return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * reconf_client_new_sync: (constructor)
 * @bus_type: %G_BUS_TYPE_SYSTEM or %G_BUS_TYPE_SESSION
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [func@Reconf.Client.new], but waits.
 *
 * Returns: (transfer full): the client
 */
ReconfClient *reconf_client_new_sync(GBusType bus_type, GCancellable *cancellable, GError **error)
{
        return connect_sync(bus_type, NULL, cancellable, error);
}

/**
 * reconf_client_new_for_address_sync: (constructor)
 * @address: the address of a bus
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [func@Reconf.Client.new_for_address], but waits.
 *
 * Returns: (transfer full): the client
 */
ReconfClient *reconf_client_new_for_address_sync(const char *address, GCancellable *cancellable,
                                                 GError **error)
{
        g_return_val_if_fail(address, NULL);

        return connect_sync(G_BUS_TYPE_NONE, address, cancellable, error);
}

/**
 * reconf_client_dup_connection:
 * @client: a client
 *
 * See [property@Reconf.Client:connection].
 *
 * Returns: (transfer full) (nullable): the connection, or %NULL
 */
GDBusConnection *reconf_client_dup_connection(ReconfClient *client)
{
        GDBusConnection *connection;

        g_return_val_if_fail(RECONF_IS_CLIENT(client), NULL);

        g_mutex_lock(&client->lock);
        connection = client->connection ? g_object_ref(client->connection) : NULL;
        g_mutex_unlock(&client->lock);
        return connection;
}

/**
 * reconf_client_dup_error:
 * @client: a client
 *
 * See [property@Reconf.Client:error].
 *
 * Returns: (transfer full) (nullable): the error, or %NULL
 */
GError *reconf_client_dup_error(ReconfClient *client)
{
        GError *error;

        g_return_val_if_fail(RECONF_IS_CLIENT(client), NULL);

        g_mutex_lock(&client->lock);
        error = client->error ? g_error_copy(client->error) : NULL;
        g_mutex_unlock(&client->lock);
        return error;
}

/**
 * reconf_client_get_status:
 * @client: a client
 *
 * See [property@Reconf.Client:status].
 *
 * Returns: the status
 */
ReconfStatus reconf_client_get_status(ReconfClient *client)
{
        ReconfStatus value;

        g_return_val_if_fail(RECONF_IS_CLIENT(client), RECONF_STATUS_ERROR);

        g_mutex_lock(&client->lock);
        value = client->status;
        g_mutex_unlock(&client->lock);
        return value;
}

/**
 * reconf_client_get_reconnect_attempts:
 * @client: a client
 *
 * See [property@Reconf.Client:reconnect-attempts].
 *
 * Returns: how many there were
 */
guint reconf_client_get_reconnect_attempts(ReconfClient *client)
{
        guint value;

        g_return_val_if_fail(RECONF_IS_CLIENT(client), 0);

        g_mutex_lock(&client->lock);
        value = client->attempts;
        g_mutex_unlock(&client->lock);
        return value;
}

/**
 * reconf_client_get_max_reconnect_attempts:
 * @client: a client
 *
 * See [property@Reconf.Client:max-reconnect-attempts].
 *
 * Returns: the limit; 0 for none
 */
guint reconf_client_get_max_reconnect_attempts(ReconfClient *client)
{
        guint value;

        g_return_val_if_fail(RECONF_IS_CLIENT(client), 0);

        g_mutex_lock(&client->lock);
        value = client->max_attempts;
        g_mutex_unlock(&client->lock);
        return value;
}

/**
 * reconf_client_set_max_reconnect_attempts:
 * @client: a client
 * @attempts: the limit; 0 for none
 *
 * See [property@Reconf.Client:max-reconnect-attempts].
 */
void reconf_client_set_max_reconnect_attempts(ReconfClient *client, guint attempts)
{
        bool other;

        g_return_if_fail(RECONF_IS_CLIENT(client));

        g_mutex_lock(&client->lock);
        other = client->max_attempts != attempts;
        client->max_attempts = attempts;
        g_mutex_unlock(&client->lock);
        if (!other)
                return;
        g_object_notify(G_OBJECT(client), "max-reconnect-attempts");
        invoke(client, review);
}

/**
 * reconf_client_get_reconnect_delay:
 * @client: a client
 *
 * See [property@Reconf.Client:reconnect-delay].
 *
 * Returns: milliseconds
 */
guint reconf_client_get_reconnect_delay(ReconfClient *client)
{
        guint value;

        g_return_val_if_fail(RECONF_IS_CLIENT(client), 0);

        g_mutex_lock(&client->lock);
        value = client->delay_msec;
        g_mutex_unlock(&client->lock);
        return value;
}

/**
 * reconf_client_set_reconnect_delay:
 * @client: a client
 * @delay_ms: milliseconds
 *
 * See [property@Reconf.Client:reconnect-delay].
 */
void reconf_client_set_reconnect_delay(ReconfClient *client, guint delay_ms)
{
        bool other;

        g_return_if_fail(RECONF_IS_CLIENT(client));

        g_mutex_lock(&client->lock);
        other = client->delay_msec != delay_ms;
        client->delay_msec = delay_ms;
        g_mutex_unlock(&client->lock);
        if (other)
                g_object_notify(G_OBJECT(client), "reconnect-delay");
}

/**
 * reconf_client_get_auto_reconnect:
 * @client: a client
 *
 * See [property@Reconf.Client:auto-reconnect].
 *
 * Returns: whether it is tried
 */
gboolean reconf_client_get_auto_reconnect(ReconfClient *client)
{
        gboolean value;

        g_return_val_if_fail(RECONF_IS_CLIENT(client), FALSE);

        g_mutex_lock(&client->lock);
        value = client->auto_reconnect;
        g_mutex_unlock(&client->lock);
        return value;
}

/**
 * reconf_client_set_auto_reconnect:
 * @client: a client
 * @auto_reconnect: whether to try
 *
 * See [property@Reconf.Client:auto-reconnect].
 */
void reconf_client_set_auto_reconnect(ReconfClient *client, gboolean auto_reconnect)
{
        bool other;

        g_return_if_fail(RECONF_IS_CLIENT(client));

        g_mutex_lock(&client->lock);
        other = client->auto_reconnect != auto_reconnect;
        client->auto_reconnect = auto_reconnect;
        g_mutex_unlock(&client->lock);
        if (!other)
                return;
        g_object_notify(G_OBJECT(client), "auto-reconnect");
        invoke(client, review);
}

static gboolean reconnect(void *data)
{
        client_attempt(data);
        return G_SOURCE_REMOVE;
}

/**
 * reconf_client_reconnect:
 * @client: a client
 *
 * Tries to get the service back now, if it is away, without waiting any longer, and whether or not anything
 * follows it; counts anew.
 */
void reconf_client_reconnect(ReconfClient *client)
{
        g_return_if_fail(RECONF_IS_CLIENT(client));

        g_mutex_lock(&client->lock);
        client->attempts = 0;
        g_mutex_unlock(&client->lock);
        invoke(client, reconnect);
}
