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
#include <unistd.h>

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
        if (bus->paths && !client_shares_object(bus->client, bus))
                g_variant_dict_insert_value(&options, "paths",
                                            g_variant_new_strv((const char *const *) bus->paths, -1));
        /* What was missed is found by comparing snapshots. */
        return g_variant_new("(t@a{sv})", UINT64_C(0), g_variant_dict_end(&options));
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

/*
 * What the service says takes the place of the files; but nothing does not. What differs is one change, and
 * numbers are the service's from now on.
 */
static void join(ConfigBus *bus, ReconfConfig *config, ReconfSnapshot *snapshot)
{
        if (snapshot->version == 0) {
                bus->resuming = true;
                config_files_resume(config->files);
                return;
        }
        config_files_stop(config->files);
        bus->joining = false;
        (void) config_publish(config, snapshot, NULL, true);
        config_set_bus(config, g_steal_pointer(&config->joining), bus->name);
        config_set_status(config, RECONF_STATUS_CONNECTED, NULL);
}

/* The first snapshot is here, or cannot be had. Takes the error. */
static void finish_start(ConfigBus *bus, ReconfConfig *config, ReconfSnapshot *snapshot, GError *error)
{
        g_autoptr(GTask) task = g_steal_pointer(&bus->starting);

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

/* Something failed that is not for the client to mend. Takes the error. */
static void fail(ConfigBus *bus, GError *error)
{
        g_autoptr(GError) owned = error;

        if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && !bus->starting)
                return;
        if (bus->starting)
                finish_start(bus, NULL, NULL, g_steal_pointer(&owned));
        else if (bus->joining)
                stop_joining(bus);
        else
                config_bus_set_status(bus, RECONF_STATUS_ERROR, error);
}

static ReconfSnapshot *take_reply(GVariant *reply, GUnixFDList *fds, GError **error)
{
        ReconfSnapshot *snapshot;
        guint64 version;
        gint32 index;
        int fd;

        g_variant_get(reply, "(th)", &version, &index);
        fd = fds ? g_unix_fd_list_get(fds, index, error) : -1;
        if (fd < 0) {
                if (!fds)
                        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                                            "The service sent no snapshot with its reply");
                return NULL;
        }
        snapshot = reconf_snapshot_new_from_fd(version, fd, error);
        close(fd);
        return snapshot;
}

/* A config whose files were never good has version 0, with nothing in it. */
static ReconfSnapshot *take_nothing(GError **error)
{
        g_autoptr(GBytes) nothing = g_bytes_new_static(NULL, 0);

        if (!g_error_matches(*error, RECONF_ERROR, RECONF_ERROR_NOT_LOADED))
                return NULL;
        g_clear_error(error);
        return snapshot_new_trusted(0, nothing);
}

/*
 * What comes first after a pause is current in any case. Where the service's state was lost meanwhile,
 * numbers begin anew, so that a lower one may be newer, and the same one may be another version.
 */
static bool is_other(ReconfConfig *config, ReconfSnapshot *snapshot)
{
        g_autoptr(ReconfSnapshot) current = config_dup_current(config);

        return current->version != snapshot->version || !reconf_snapshot_equal(current, snapshot);
}

static void take_snapshot(ConfigBus *bus, ReconfConfig *config, ReconfSnapshot *snapshot)
{
        bool resuming = bus->resuming && is_other(config, snapshot);
        bool has_details = bus->details && bus->heard == snapshot->version;

        bus->resuming = false;
        if (bus->starting) {
                finish_start(bus, config, snapshot, NULL);
                return;
        }
        if (bus->joining) {
                join(bus, config, snapshot);
                return;
        }
        (void) config_publish(config, snapshot, has_details ? bus->details : NULL, resuming);
        config_set_status(config, RECONF_STATUS_CONNECTED, NULL);
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
        snapshot = reply ? take_reply(reply, fds, &error) : take_nothing(&error);
        if (snapshot)
                take_snapshot(bus, config, snapshot);
        else
                fail(bus, g_steal_pointer(&error));
        if (again && bus->heard > reconf_config_get_version(config))
                config_bus_refresh(bus);
}

void config_bus_refresh(ConfigBus *bus)
{
        if (bus->fetching) {
                bus->again = true;
                return;
        }
        bus->fetching = true;
        bus_call(bus->connection, &org_reconf_reconf1_config_interface, bus->object, "GetSnapshot", NULL,
                 bus->cancellable, on_fetched, config_bus_ref(bus));
}

static void on_registered(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ConfigBus) bus = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);

        if (bus->ended)
                return;
        if (reply)
                config_bus_subscribe(bus);
        else
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
static void on_subscribed(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ConfigBus) bus = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);
        GVariant *arguments = NULL;

        if (bus->ended || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                return;
        if (!reply && is_unknown(error) && !bus->starting && !bus->unregistered)
                arguments = registration(bus);
        if (reply)
                config_bus_refresh(bus);
        else if (arguments)
                bus_call(bus->connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH,
                         "RegisterConfig", arguments, bus->cancellable, on_registered, config_bus_ref(bus));
        else
                fail(bus, g_steal_pointer(&error));
}

void config_bus_subscribe(ConfigBus *bus)
{
        bus_call(bus->connection, &org_reconf_reconf1_config_interface, bus->object, "Subscribe",
                 subscribe_arguments(bus), bus->cancellable, on_subscribed, config_bus_ref(bus));
}

static gboolean update(void *data)
{
        ConfigBus *bus = data;
        g_auto(ClientState) state = { 0 };

        if (bus->ended)
                return G_SOURCE_REMOVE;
        client_get_state(bus->client, &state);
        if (bus->connection == state.connection && g_strcmp0(bus->owner, state.owner) == 0 && state.owner)
                return G_SOURCE_REMOVE;

        config_bus_stop_listening(bus);
        if (state.connection && state.owner) {
                config_bus_set_status(bus, RECONF_STATUS_CONNECTING, NULL);
                g_main_context_push_thread_default(bus->context);
                config_bus_listen(bus, state.connection, state.owner);
                config_bus_subscribe(bus);
                g_main_context_pop_thread_default(bus->context);
        } else if (bus->starting || bus->joining) {
                fail(bus, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The service is away"));
        } else {
                config_bus_set_status(bus, state.status, state.error);
        }
        return G_SOURCE_REMOVE;
}

void config_bus_client_changed(ConfigBus *bus)
{
        g_main_context_invoke_full(bus->context, G_PRIORITY_DEFAULT, update, config_bus_ref(bus),
                                   release_bus);
}

/* Nobody else on this connection listens: then the service need not send. */
static void unsubscribe(ConfigBus *bus)
{
        if (bus->connection && !client_shares_object(bus->client, bus))
                g_dbus_connection_call(bus->connection, bus->owner, bus->object, RECONF_CONFIG_INTERFACE,
                                       "Unsubscribe", NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL,
                                       NULL, NULL);
}

static gboolean end(void *data)
{
        ConfigBus *bus = data;

        unsubscribe(bus);
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

static ReconfSnapshot *fetch_sync(const ConfigBus *bus, GDBusConnection *connection,
                                  GCancellable *cancellable, GError **error)
{
        g_autoptr(GError) failure = NULL;
        g_autoptr(GUnixFDList) fds = NULL;
        g_autoptr(GVariant) reply =
                        bus_call_sync(connection, &org_reconf_reconf1_config_interface, bus->object,
                                      "GetSnapshot", NULL, &fds, cancellable, &failure);
        ReconfSnapshot *snapshot = reply ? take_reply(reply, fds, &failure) : take_nothing(&failure);

        if (failure)
                g_propagate_error(error, g_steal_pointer(&failure));
        return snapshot;
}

bool config_bus_fetch_sync(ConfigBus *bus, ReconfConfig *config, guint64 version, GCancellable *cancellable,
                           GError **error)
{
        g_autoptr(GDBusConnection) connection = NULL;
        g_autoptr(ReconfSnapshot) snapshot = NULL;

        if (reconf_config_get_version(config) >= version)
                return true;
        connection = client_get_connection(bus->client, error);
        snapshot = connection ? fetch_sync(bus, connection, cancellable, error) : NULL;
        if (snapshot)
                (void) config_publish(config, snapshot, NULL, false);
        return snapshot;
}

void config_bus_fetch(ConfigBus *bus, GDBusConnection *connection, GCancellable *cancellable,
                      GAsyncReadyCallback callback, void *data)
{
        bus_call(connection, &org_reconf_reconf1_config_interface, bus->object, "GetSnapshot", NULL,
                 cancellable, callback, data);
}

bool config_bus_fetch_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        g_autoptr(GObject) connection = g_async_result_get_source_object(result);
        g_autoptr(GUnixFDList) fds = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(connection), result, &fds, error);
        g_autoptr(ReconfSnapshot) snapshot = reply ? take_reply(reply, fds, error) : NULL;

        if (snapshot)
                (void) config_publish(config, snapshot, NULL, false);
        return snapshot;
}

ReconfConfig *config_bus_start_sync(ConfigBus *bus, GCancellable *cancellable, GError **error)
{
        g_auto(ClientState) state = { 0 };
        g_autoptr(ReconfConfig) config = NULL;
        g_autoptr(ReconfSnapshot) snapshot = NULL;
        g_autoptr(GVariant) reply = NULL;

        client_get_state(bus->client, &state);
        if (!state.connection || !state.owner) {
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "The service is away");
                return NULL;
        }
        config = make_config(bus);
        config_bus_listen(bus, state.connection, state.owner);
        reply = bus_call_sync(state.connection, &org_reconf_reconf1_config_interface, bus->object,
                              "Subscribe", subscribe_arguments(bus), NULL, cancellable, error);
        snapshot = reply ? fetch_sync(bus, state.connection, cancellable, error) : NULL;
        if (!snapshot)
                return NULL;
        bus->resuming = false;
        config_publish_first(config, snapshot);
        return g_steal_pointer(&config);
}

void config_bus_start(ConfigBus *bus, GTask *task)
{
        g_autoptr(ReconfConfig) config = make_config(bus);

        bus->starting = g_object_ref(task);
        /* Kept until the task has returned. */
        g_object_set_data_full(G_OBJECT(task), "reconf-config", g_object_ref(config), g_object_unref);
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
