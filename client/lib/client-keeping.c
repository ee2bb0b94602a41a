/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients: keeping the service
 *
 * The service is tried to be got back while somebody follows it: a service that leaves when nothing needs it
 * is not started for its own sake. The connection to the bus is kept up in any case.
 *
 * All of this is of the client's context.
 */
#include "client/lib/client-private.h"

#include "client/lib/weak.h"
#include "introspection/names.h"

#define MAX_DELAY_MSEC 30000U

static void attempt(ReconfClient *client);

static void clear_timer(ReconfClient *client)
{
        if (client->timer) {
                g_source_destroy(client->timer);
                g_clear_pointer(&client->timer, g_source_unref);
        }
}

static gboolean on_timer(void *data)
{
        g_autoptr(ReconfClient) client = g_weak_ref_get(data);

        if (client) {
                g_clear_pointer(&client->timer, g_source_unref);
                attempt(client);
        }
        return G_SOURCE_REMOVE;
}

static void set_timer(ReconfClient *client, guint delay, guint attempts)
{
        guint msec = delay;

        if (client->timer)
                return;
        for (guint i = 0; i < attempts && msec < MAX_DELAY_MSEC; i++)
                msec *= 2;
        client->timer = g_timeout_source_new(MIN(msec, MAX(MAX_DELAY_MSEC, delay)));
        g_source_set_static_name(client->timer, "[reconf] reconnect");
        g_source_set_callback(client->timer, on_timer, weak_ref_new(client), weak_ref_free);
        g_source_attach(client->timer, client->context);
}

/* The service is away: says so, and sees to the next attempt. error is why, or NULL. */
static void away(ReconfClient *client, const GError *error)
{
        bool needed = !client->connection || client_needs_service(client);
        guint attempts = reconf_client_get_reconnect_attempts(client);
        guint max_attempts = reconf_client_get_max_reconnect_attempts(client);
        ReconfStatus status = RECONF_STATUS_CONNECTING;

        if (!needed || !reconf_client_get_auto_reconnect(client))
                status = RECONF_STATUS_DISCONNECTED;
        else if (max_attempts > 0 && attempts >= max_attempts)
                status = RECONF_STATUS_ERROR;

        if (status == RECONF_STATUS_CONNECTING)
                set_timer(client, reconf_client_get_reconnect_delay(client), attempts);
        else
                clear_timer(client);
        client_set_status(client, status, error, needed ? attempts : 0);
}

static void set_owner(ReconfClient *client, const char *owner)
{
        g_mutex_lock(&client->lock);
        g_free(client->owner);
        client->owner = g_strdup(owner);
        g_mutex_unlock(&client->lock);
}

static void back(ReconfClient *client, const char *owner)
{
        clear_timer(client);
        set_owner(client, owner);
        client_set_status(client, RECONF_STATUS_CONNECTED, NULL, 0);
}

static void on_appeared(GDBusConnection *connection, const char *name, const char *owner, void *data)
{
        g_autoptr(ReconfClient) client = g_weak_ref_get(data);

        if (client && connection == client->connection)
                back(client, owner);
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

static void lose_connection(ReconfClient *client, const GError *error)
{
        drop_connection(client);
        client_notify_connection(client);
        away(client, error);
}

static void on_closed(GDBusConnection *connection, gboolean vanished, GError *error, void *data)
{
        g_autoptr(ReconfClient) client = g_weak_ref_get(data);

        if (client && connection == client->connection)
                lose_connection(client, error);
}

void client_adopt(ReconfClient *client, const Connected *connected)
{
        clear_timer(client);
        g_mutex_lock(&client->lock);
        client->connection = g_object_ref(connected->connection);
        client->owner = g_strdup(connected->owner);
        g_mutex_unlock(&client->lock);
        client->closed_handler = g_signal_connect_data(client->connection, "closed", G_CALLBACK(on_closed),
                                                       weak_ref_new(client), weak_ref_free_closure, 0);
        client->name_watch = g_bus_watch_name_on_connection(
                        client->connection, RECONF_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
                        on_vanished, weak_ref_new(client), weak_ref_free);
        if (connected->owner)
                client_set_status(client, RECONF_STATUS_CONNECTED, NULL, 0);
        else
                away(client, NULL);
        client_notify_connection(client);
        /* Then the signal may have been emitted before we listened. */
        if (client->connection && g_dbus_connection_is_closed(client->connection))
                lose_connection(client, NULL);
}

static void take_attempt(ReconfClient *client, const Connected *connected)
{
        if (connected->connection != client->connection) {
                g_main_context_push_thread_default(client->context);
                client_adopt(client, connected);
                g_main_context_pop_thread_default(client->context);
        } else if (connected->owner) {
                back(client, connected->owner);
        } else if (!client->owner) {
                away(client, NULL);
        }
}

static void on_attempted(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ReconfClient) client = g_weak_ref_get(data);
        g_auto(Connected) connected = { 0 };
        g_autoptr(GError) error = NULL;
        bool done = connecting_finish(result, &connected, &error);
        bool again;

        weak_ref_free(data);
        if (!client)
                return;
        g_clear_object(&client->cancellable);
        /* By somebody who does not know that this one was not to start the service. */
        again = client->asked && !client->starting;
        client->asked = again;
        if (done && g_dbus_connection_is_closed(connected.connection)) {
                g_set_error_literal(&error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The bus is away");
                done = false;
        }
        /* What is known of why it is away stays true where the attempt was called off. */
        if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
                g_clear_error(&error);
                error = reconf_client_dup_error(client);
        }
        if (done)
                take_attempt(client, &connected);
        else
                away(client, error);
        if (again && !client->owner)
                attempt(client);
}

/* Tries once to have the service there, over the connection that there is or a new one. */
static void attempt(ReconfClient *client)
{
        g_autoptr(GError) error = NULL;

        if (client->cancellable)
                return;
        client->starting = client->asked || client_needs_service(client);
        error = reconf_client_dup_error(client);
        /* What was followed may have gone meanwhile. */
        if (client->connection && !client->starting) {
                away(client, error);
                return;
        }
        client->cancellable = g_cancellable_new();
        client_set_status(client, RECONF_STATUS_CONNECTING, error,
                          reconf_client_get_reconnect_attempts(client) + 1);
        g_main_context_push_thread_default(client->context);
        connecting_start(client->connection, client->bus_type, client->address, client->starting,
                         client->cancellable, on_attempted, weak_ref_new(client));
        g_main_context_pop_thread_default(client->context);
}

void client_attempt(ReconfClient *client)
{
        if (client->owner)
                return;
        client->asked = true;
        attempt(client);
}

void client_review(ReconfClient *client)
{
        g_autoptr(GError) error = reconf_client_dup_error(client);

        if (client->owner)
                return;
        if (!client->cancellable)
                away(client, error);
        else if (!client->asked && !reconf_client_get_auto_reconnect(client))
                g_cancellable_cancel(client->cancellable);
}

void client_stop_keeping(ReconfClient *client)
{
        clear_timer(client);
        if (client->cancellable)
                g_cancellable_cancel(client->cancellable);
        g_clear_object(&client->cancellable);
        drop_connection(client);
}
