/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/moving.h"

#include "client/lib/bus-call.h"
#include "client/lib/client-private.h"
#include "client/lib/config-private.h"
#include "client/lib/weak.h"
#include "introspection/names.h"

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

struct Moving {
        GWeakRef config;
        GMainContext *context;
        ReconfClient *client;
        gulong handler;
        char *name; /* NULL: whatever config has the file */
        char **files;
        GVariant *options;
        GDBusConnection *connection; /* what is listened to, or NULL */
        guint subscription;
        bool waiting; /* the service is to be there for this */
        bool trying;
        bool again; /* something came up meanwhile */
};

/* A service that has said that it does not take the files need not be there for that. */
static void set_waiting(Moving *moving, bool waiting)
{
        if (waiting && !moving->waiting)
                client_add_waiting(moving->client);
        else if (!waiting && moving->waiting)
                client_remove_waiting(moving->client);
        moving->waiting = waiting;
}

static void try_to_move(Moving *moving, ReconfConfig *config);

static void on_tried(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ReconfConfig) config = g_weak_ref_get(data);
        g_autoptr(GError) error = NULL;
        G_GNUC_UNUSED g_autoptr(ReconfConfig) moved = g_task_propagate_pointer(G_TASK(result), &error);
        Moving *moving = config ? config->moving : NULL;

        weak_ref_free(data);
        if (!moving)
                return;
        moving->trying = false;
        if (error)
                g_info("%s stays with its files for now: %s", config->name, error->message);
        if (error && !bus_call_is_away(error) &&
            !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED))
                set_waiting(moving, false);
        if (config_get_bus(config))
                config->moving = moving_free(moving);
        else if (moving->again)
                try_to_move(moving, config);
}

static void try_to_move(Moving *moving, ReconfConfig *config)
{
        const Registration registration = {
                .name = moving->name,
                .files = (const char *const *) moving->files,
                .options = moving->options,
                .is_known = true,
        };

        /* One that waits for its first version hears of that itself. */
        if (config->joining && !moving->trying)
                return;
        moving->again = moving->trying;
        if (moving->trying)
                return;
        moving->trying = true;
        g_main_context_push_thread_default(moving->context);
        config_bus_take_over(moving->client, &registration, config,
                             g_task_new(NULL, NULL, on_tried, weak_ref_new(config)));
        g_main_context_pop_thread_default(moving->context);
}

static void on_registered(GDBusConnection *connection, const char *sender, const char *object,
                          const char *interface, const char *name, GVariant *arguments, void *data)
{
        g_autoptr(ReconfConfig) config = g_weak_ref_get(data);
        g_autoptr(GVariant) added = NULL;

        if (!config || !config->moving || !g_variant_is_of_type(arguments, G_VARIANT_TYPE("(o*)")))
                return;
        added = g_variant_get_child_value(arguments, 0);
        if (g_str_has_prefix(g_variant_get_string(added, NULL), RECONF_CONFIG_PATH_PREFIX "/"))
                try_to_move(config->moving, config);
}

static void stop_listening(Moving *moving)
{
        if (moving->connection)
                g_dbus_connection_signal_unsubscribe(moving->connection, moving->subscription);
        g_clear_object(&moving->connection);
}

static void listen_to(Moving *moving, ReconfConfig *config, GDBusConnection *connection)
{
        if (moving->connection == connection)
                return;
        stop_listening(moving);
        moving->connection = g_object_ref(connection);
        g_main_context_push_thread_default(moving->context);
        moving->subscription = g_dbus_connection_signal_subscribe(
                        connection, RECONF_BUS_NAME, OBJECT_MANAGER, "InterfacesAdded", RECONF_MANAGER_PATH,
                        NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_registered, weak_ref_new(config), weak_ref_free);
        g_main_context_pop_thread_default(moving->context);
}

static void follow_status(Moving *moving, ReconfConfig *config)
{
        g_autoptr(GDBusConnection) connection = reconf_client_dup_connection(moving->client);

        if (connection)
                listen_to(moving, config, connection);
        else
                stop_listening(moving);
        if (reconf_client_get_status(moving->client) == RECONF_STATUS_CONNECTED)
                try_to_move(moving, config);
}

static void on_status(ReconfClient *client, GParamSpec *property, Moving *moving)
{
        g_autoptr(ReconfConfig) config = g_weak_ref_get(&moving->config);

        if (config)
                follow_status(moving, config);
}

Moving *moving_new(ReconfConfig *config, ReconfClient *client, const Registration *registration)
{
        Moving *moving = g_new(Moving, 1);

        *moving = (Moving){
                .context = g_main_context_ref(config->context),
                .client = g_object_ref(client),
                .name = g_strdup(registration->name),
                .files = g_strdupv((char **) registration->files),
                .options = registration->options ? g_variant_ref_sink(registration->options) : NULL,
        };
        g_weak_ref_init(&moving->config, config);
        moving->handler = g_signal_connect(client, "notify::status", G_CALLBACK(on_status), moving);
        set_waiting(moving, true);
        /* What kept it from being taken may be over by now. */
        follow_status(moving, config);
        return moving;
}

static gboolean free_in_context(void *data)
{
        Moving *moving = data;

        set_waiting(moving, false);
        stop_listening(moving);
        g_signal_handler_disconnect(moving->client, moving->handler);
        g_object_unref(moving->client);
        g_weak_ref_clear(&moving->config);
        g_main_context_unref(moving->context);
        g_free(moving->name);
        g_strfreev(moving->files);
        g_clear_pointer(&moving->options, g_variant_unref);
        g_free(moving);
        return G_SOURCE_REMOVE;
}

Moving *moving_free(Moving *moving)
{
        if (moving)
                g_main_context_invoke(moving->context, free_in_context, moving);
        return NULL;
}
