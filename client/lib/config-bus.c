/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/config-bus.h"

#include "client/lib/bus-call.h"
#include "client/lib/config-bus-private.h"
#include "client/lib/config-files.h"
#include "client/lib/config-private.h"
#include "client/lib/interfaces.h"
#include "client/lib/reconf/error.h"
#include "introspection/names.h"

#include <gio/gunixfdlist.h>

ConfigBus *config_bus_new(ReconfClient *client, const char *name, const char *object, char *const *files,
                          GVariant *options, char *const *paths)
{
        ConfigBus *bus = g_new(ConfigBus, 1);

        *bus = (ConfigBus){
                .client = g_object_ref(client),
                .context = g_main_context_ref_thread_default(),
                .name = g_strdup(name),
                .object = g_strdup(object),
                .files = g_strdupv((char **) files),
                .options = g_variant_ref(options),
                .paths = g_strdupv((char **) paths),
                .needs_service = true,
                .subscriptions = g_array_new(FALSE, FALSE, sizeof(guint)),
        };
        g_atomic_ref_count_init(&bus->references);
        g_weak_ref_init(&bus->config, NULL);
        g_mutex_init(&bus->lock);
        return bus;
}

ConfigBus *config_bus_ref(ConfigBus *bus)
{
        g_atomic_ref_count_inc(&bus->references);
        return bus;
}

ConfigBus *config_bus_unref(ConfigBus *bus)
{
        if (!bus || !g_atomic_ref_count_dec(&bus->references))
                return NULL;
        g_weak_ref_clear(&bus->config);
        g_mutex_clear(&bus->lock);
        g_object_unref(bus->client);
        g_main_context_unref(bus->context);
        g_free(bus->name);
        g_free(bus->object);
        g_strfreev(bus->files);
        g_variant_unref(bus->options);
        g_strfreev(bus->paths);
        g_clear_object(&bus->connection);
        g_clear_object(&bus->cancellable);
        g_clear_object(&bus->starting);
        g_clear_pointer(&bus->cancelling, g_source_unref);
        g_clear_pointer(&bus->details, g_variant_unref);
        g_free(bus->owner);
        g_array_unref(bus->subscriptions);
        g_free(bus);
        return NULL;
}

ReconfClient *config_bus_client(const ConfigBus *bus)
{
        return bus->client;
}

const char *config_bus_object(const ConfigBus *bus)
{
        return bus->object;
}

void config_bus_set_files(ConfigBus *bus, char *const *files)
{
        g_mutex_lock(&bus->lock);
        /* Whoever did not register it does not begin to. */
        if (bus->files) {
                g_strfreev(bus->files);
                bus->files = g_strdupv((char **) files);
        }
        g_mutex_unlock(&bus->lock);
}

/* What registers it again; NULL where that is for somebody else. */
static GVariant *registration(ConfigBus *bus)
{
        GVariant *arguments = NULL;

        g_mutex_lock(&bus->lock);
        if (bus->files)
                arguments = g_variant_new("(s^as@a{sv})", bus->name, bus->files, bus->options);
        g_mutex_unlock(&bus->lock);
        return arguments;
}

static void release_bus(void *data)
{
        config_bus_unref(data);
}

void config_bus_set_status(ConfigBus *bus, ReconfStatus status, const GError *error)
{
        g_autoptr(ReconfConfig) config = g_weak_ref_get(&bus->config);

        if (config && !bus->joining)
                config_set_status(config, status, error);
}

static GVariant *subscribe_arguments(ConfigBus *bus)
{
        GVariantDict options;

        g_variant_dict_init(&options, NULL);
        /* The service knows one subscription of a connection. */
        bus->is_narrow = bus->paths && !client_shares_object(bus->client, bus);
        if (bus->is_narrow)
                g_variant_dict_insert_value(&options, "paths",
                                            g_variant_new_strv((const char *const *) bus->paths, -1));
        /* What was missed is found by comparing snapshots. */
        return g_variant_new("(t@a{sv})", UINT64_C(0), g_variant_dict_end(&options));
}

/* Another thread may have opened the same config while this was subscribed to for its paths only. */
static bool is_too_narrow(const ConfigBus *bus)
{
        return bus->is_narrow && client_shares_object(bus->client, bus);
}

/* The config stays with its files. */
static void stop_joining(ConfigBus *bus)
{
        g_autoptr(ReconfConfig) config = g_weak_ref_get(&bus->config);

        if (config && config->joining == bus) {
                config_files_resume(config->files);
                config->joining = config_bus_end(config->joining);
        }
}

/* Handlers of the new version may have run the loop, and that may have brought the service's end. */
static void set_connected(ReconfConfig *config, GCancellable *listening)
{
        if (!g_cancellable_is_cancelled(listening))
                config_set_status(config, RECONF_STATUS_CONNECTED, NULL);
}

/*
 * What the service says takes the place of the files; but nothing does not. What differs is one change, and
 * numbers are the service's from now on.
 */
static void join(ConfigBus *bus, ReconfConfig *config, ReconfSnapshot *snapshot)
{
        g_autoptr(GCancellable) listening = g_object_ref(bus->cancellable);

        if (snapshot->version == 0) {
                bus->resuming = true;
                config_files_resume(config->files);
                return;
        }
        config_files_stop(config->files);
        bus->joining = false;
        config_publish(config, snapshot, NULL, PUBLISH_OTHER);
        config_set_bus(config, g_steal_pointer(&config->joining), bus->name);
        set_connected(config, listening);
}

/* The first snapshot is here, or cannot be had. Takes the error. */
static void finish_start(ConfigBus *bus, ReconfConfig *config, ReconfSnapshot *snapshot, GError *error)
{
        g_autoptr(GTask) task = g_steal_pointer(&bus->starting);

        if (bus->cancelling)
                g_source_destroy(bus->cancelling);
        g_clear_pointer(&bus->cancelling, g_source_unref);
        if (error) {
                if (bus->joining)
                        stop_joining(bus);
                g_task_return_error(task, error);
                return;
        }
        if (bus->joining) {
                join(bus, config, snapshot);
                g_task_return_pointer(task, g_object_ref(config), g_object_unref);
                return;
        }
        config_publish_first(config, snapshot);
        config_set_status(config, RECONF_STATUS_CONNECTED, NULL);
        g_task_return_pointer(task, g_object_ref(config), g_object_unref);
}

/* Something failed. Takes the error. */
static void fail(ConfigBus *bus, GError *error)
{
        g_autoptr(GError) owned = error;

        if (bus->starting)
                finish_start(bus, NULL, NULL, g_steal_pointer(&owned));
        else if (bus->joining)
                stop_joining(bus);
        else if (!bus_call_is_away(error))
                config_bus_set_status(bus, RECONF_STATUS_ERROR, error);
}

void config_bus_set_gone(ConfigBus *bus)
{
        g_autoptr(GError) error = g_error_new(RECONF_ERROR, RECONF_ERROR_NO_SUCH_CONFIG,
                                              "The service does not have the config %s any more", bus->name);

        g_atomic_int_set(&bus->needs_service, false);
        fail(bus, g_steal_pointer(&error));
}

bool config_bus_needs_service(ConfigBus *bus)
{
        return g_atomic_int_get(&bus->needs_service);
}

/* Nobody but who opens it has the service started. */
static void call(ConfigBus *bus, const char *method, GVariant *arguments, GAsyncReadyCallback on_reply)
{
        if (bus->starting && !bus->joining)
                bus_call(bus->connection, &org_reconf_reconf1_config_interface, bus->object, method,
                         arguments, bus->cancellable, on_reply, config_bus_ref(bus));
        else
                bus_call_running(bus->connection, &org_reconf_reconf1_config_interface, bus->object, method,
                                 arguments, bus->cancellable, on_reply, config_bus_ref(bus));
}

/*
 * What comes first after a pause is current in any case. Where the service's state was lost meanwhile,
 * numbers begin anew, so that a lower one may be newer, and the same one may be another version.
 */
static void take_snapshot(ConfigBus *bus, ReconfConfig *config, ReconfSnapshot *snapshot)
{
        PublishHow how = bus->resuming ? PUBLISH_OTHER : PUBLISH_NEWER;
        bool has_details = bus->details && bus->heard == snapshot->version;
        g_autoptr(GCancellable) listening = NULL;

        bus->resuming = false;
        if (bus->starting) {
                finish_start(bus, config, snapshot, NULL);
                return;
        }
        if (bus->joining) {
                join(bus, config, snapshot);
                return;
        }
        listening = g_object_ref(bus->cancellable);
        config_publish(config, snapshot, has_details ? bus->details : NULL, how);
        set_connected(config, listening);
}

static void on_fetched(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ConfigBus) bus = data;
        g_autoptr(ReconfConfig) config = g_weak_ref_get(&bus->config);
        g_autoptr(GError) error = NULL;
        g_autoptr(GUnixFDList) fds = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, &fds, &error);
        g_autoptr(ReconfSnapshot) snapshot = NULL;
        bool again;

        if (bus->ended || !config || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                return;
        again = bus->again;
        bus->fetching = bus->again = false;
        snapshot = config_bus_read_snapshot(reply, fds, &error);
        if (snapshot)
                take_snapshot(bus, config, snapshot);
        else
                fail(bus, g_steal_pointer(&error));
        if (again && bus->heard > reconf_config_get_version(config))
                config_bus_refresh(bus);
}

void config_bus_refresh(ConfigBus *bus)
{
        if (!bus->connection)
                return;
        if (bus->fetching) {
                bus->again = true;
                return;
        }
        bus->fetching = true;
        call(bus, "GetSnapshot", NULL, on_fetched);
}

static void on_registered(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ConfigBus) bus = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);

        if (bus->ended || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                return;
        if (reply) {
                config_bus_subscribe(bus);
                return;
        }
        /* It would be no better for being started again. */
        if (!bus_call_is_away(error))
                g_atomic_int_set(&bus->needs_service, false);
        fail(bus, g_steal_pointer(&error));
}

static bool is_unknown(const GError *error)
{
        return g_error_matches(error, RECONF_ERROR, RECONF_ERROR_NO_SUCH_CONFIG) ||
               g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) ||
               g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD) ||
               g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE);
}

/* A service that has forgotten the config is told of it again by who registered it. */
static void register_anew(ConfigBus *bus)
{
        GVariant *arguments = bus->starting || bus->unregistered ? NULL : registration(bus);

        if (arguments)
                bus_call_running(bus->connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH,
                                 "RegisterConfig", arguments, bus->cancellable, on_registered,
                                 config_bus_ref(bus));
        else
                config_bus_set_gone(bus);
}

static void on_subscribed(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ConfigBus) bus = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);

        if (bus->ended || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                return;
        if (!reply && is_unknown(error)) {
                register_anew(bus);
        } else if (!reply) {
                fail(bus, g_steal_pointer(&error));
        } else if (is_too_narrow(bus)) {
                config_bus_subscribe(bus);
        } else {
                bus->unregistered = false;
                g_atomic_int_set(&bus->needs_service, true);
                config_bus_refresh(bus);
        }
}

void config_bus_subscribe(ConfigBus *bus)
{
        call(bus, "Subscribe", subscribe_arguments(bus), on_subscribed);
}

static gboolean update(void *data)
{
        ConfigBus *bus = data;
        bool begins = bus->starting && !bus->joining && !bus->connection;
        g_auto(ClientState) state = { 0 };

        if (bus->ended)
                return G_SOURCE_REMOVE;
        client_get_state(bus->client, &state);
        if (bus->connection == state.connection && g_strcmp0(bus->owner, state.owner) == 0 && state.owner)
                return G_SOURCE_REMOVE;

        config_bus_stop_listening(bus);
        if (state.connection && (state.owner || begins)) {
                config_bus_set_status(bus, RECONF_STATUS_CONNECTING, NULL);
                g_main_context_push_thread_default(bus->context);
                config_bus_listen(bus, state.connection, state.owner);
                config_bus_subscribe(bus);
                g_main_context_pop_thread_default(bus->context);
        } else if (bus->starting || bus->joining) {
                fail(bus, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The service is away"));
        } else if (config_bus_needs_service(bus)) {
                config_bus_set_status(bus, state.status, state.error);
        }
        return G_SOURCE_REMOVE;
}

void config_bus_client_changed(ConfigBus *bus)
{
        g_main_context_invoke_full(bus->context, G_PRIORITY_DEFAULT, update, config_bus_ref(bus),
                                   release_bus);
}

static void unsubscribe(const ConfigBus *bus)
{
        g_dbus_connection_call(bus->connection, RECONF_BUS_NAME, bus->object, RECONF_CONFIG_INTERFACE,
                               "Unsubscribe", NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL,
                               NULL);
}

static gboolean end(void *data)
{
        ConfigBus *bus = data;

        /* Where nobody else on this connection listens, the service need not send. */
        if (bus->connection)
                client_unless_shared(bus->client, bus, unsubscribe);
        bus->ended = true;
        config_bus_stop_listening(bus);
        return G_SOURCE_REMOVE;
}

ConfigBus *config_bus_end(ConfigBus *bus)
{
        if (!bus)
                return NULL;
        client_remove_config(bus->client, bus);
        g_main_context_invoke_full(bus->context, G_PRIORITY_DEFAULT, end, bus, release_bus);
        return NULL;
}

static ReconfConfig *make_config(ConfigBus *bus)
{
        ReconfConfig *config = config_new(bus->name);

        config->client = g_object_ref(bus->client);
        config->bus = config_bus_ref(bus);
        g_weak_ref_set(&bus->config, config);
        client_add_config(bus->client, bus);
        return config;
}

static bool subscribe_sync(ConfigBus *bus, GCancellable *cancellable, GError **error)
{
        g_autoptr(GVariant) reply = NULL;

        do {
                g_clear_pointer(&reply, g_variant_unref);
                reply = bus_call_sync(bus->connection, &org_reconf_reconf1_config_interface, bus->object,
                                      "Subscribe", subscribe_arguments(bus), NULL, cancellable, error);
        } while (reply && is_too_narrow(bus));
        return reply;
}

ReconfConfig *config_bus_start_sync(ConfigBus *bus, GCancellable *cancellable, GError **error)
{
        /* First, so that it is told of whatever changes from now on. */
        g_autoptr(ReconfConfig) config = make_config(bus);
        g_auto(ClientState) state = { 0 };
        g_autoptr(ReconfSnapshot) snapshot = NULL;

        client_get_state(bus->client, &state);
        if (!state.connection) {
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The bus is away");
                return NULL;
        }
        /* The client has not heard yet of a service that was just started for this. */
        if (!state.owner && !connecting_find_owner_sync(state.connection, cancellable, &state.owner, error))
                return NULL;
        config_bus_listen(bus, state.connection, state.owner);
        if (subscribe_sync(bus, cancellable, error))
                snapshot = config_bus_get_snapshot_sync(bus, bus->connection, cancellable, error);
        if (!snapshot)
                return NULL;
        bus->resuming = false;
        config_publish_first(config, snapshot);
        return g_steal_pointer(&config);
}

static gboolean on_cancelled(GCancellable *cancellable, void *data)
{
        ConfigBus *bus = data;

        if (bus->starting)
                fail(bus, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled"));
        return G_SOURCE_REMOVE;
}

void config_bus_start(ConfigBus *bus, GTask *task)
{
        g_autoptr(ReconfConfig) config = make_config(bus);
        GCancellable *cancellable = g_task_get_cancellable(task);

        bus->starting = g_object_ref(task);
        /* Kept until the task has returned. */
        g_object_set_data_full(G_OBJECT(task), "reconf-config", g_object_ref(config), g_object_unref);
        if (cancellable) {
                bus->cancelling = g_cancellable_source_new(cancellable);
                g_source_set_callback(bus->cancelling, G_SOURCE_FUNC(on_cancelled), config_bus_ref(bus),
                                      release_bus);
                g_source_attach(bus->cancelling, bus->context);
        }
        update(bus);
}

void config_bus_join(ConfigBus *bus, ReconfConfig *config, GTask *task)
{
        bus->joining = true;
        bus->starting = g_object_ref(task);
        config->joining = config_bus_ref(bus);
        g_weak_ref_set(&bus->config, config);
        client_add_config(bus->client, bus);
        /* What both see at the same time is for the service to tell. */
        config_files_pause(config->files);
        update(bus);
}
