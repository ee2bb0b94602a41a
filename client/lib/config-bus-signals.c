/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What configs hear of the service
 */
#include "client/lib/config-bus-private.h"
#include "client/lib/config-private.h"
#include "client/lib/object-path.h"
#include "introspection/names.h"

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

static void release_bus(void *data)
{
        config_bus_unref(data);
}

static bool touches_paths(const ConfigBus *bus, const char *root)
{
        bool touched = !bus->paths;

        for (char **path = bus->paths; path && *path && !touched; path++) {
                g_autofree char *match = match_path_of(*path);

                touched = g_str_has_prefix(root, match) || g_str_has_prefix(match, root);
        }
        return touched;
}

/* What a signal says about a version is kept for when its snapshot is here. */
static void on_changed(ConfigBus *bus, GVariant *arguments)
{
        g_autoptr(GVariant) details = NULL;
        uint64_t version, previous;
        const char *root;
        g_autoptr(ReconfConfig) config = g_weak_ref_get(&bus->config);
        bool missed;

        if (!config || !g_variant_is_of_type(arguments, G_VARIANT_TYPE("(stta(ssvv)a{sv})")))
                return;
        g_variant_get(arguments, "(&stt@a(ssvv)@a{sv})", &root, &version, &previous, NULL, &details);
        if (!touches_paths(bus, root))
                return;
        if (bus->joining) {
                config_bus_refresh(bus);
                return;
        }
        /* Somebody has asked for it with Renotify of org.reconf.Reconf1.Instance. */
        if (version == bus->heard) {
                config_tell_again(config);
                return;
        }
        g_clear_pointer(&bus->details, g_variant_unref);
        bus->details = g_steal_pointer(&details);
        /* With paths, gaps are as it should be. */
        missed = !bus->paths && bus->heard != 0 && previous != bus->heard;
        bus->heard = version;
        /* A synchronous call has fetched it before the loop came to what was said about it. */
        config_add_details(config, version, bus->details);
        if (missed)
                config_bus_subscribe(bus);
        else if (bus->resuming || reconf_config_get_version(config) < version)
                config_bus_refresh(bus);
}

static void on_failed(ConfigBus *bus, GVariant *arguments)
{
        g_autoptr(ReconfConfig) config = g_weak_ref_get(&bus->config);
        g_autoptr(GVariant) problems = NULL;
        const char *stage;

        if (!config || bus->joining || !g_variant_is_of_type(arguments, G_VARIANT_TYPE("(sa(suus))")))
                return;
        g_variant_get(arguments, "(&s@a(suus))", &stage, &problems);
        config_emit_reload_failed(config, stage, problems);
}

/* The service has stopped watching it, because somebody asked for that; or somebody had it started again. */
static void on_registration(ConfigBus *bus, GVariant *arguments, bool registered)
{
        g_autoptr(GVariant) object = NULL;

        if (bus->starting || bus->joining || !g_variant_is_of_type(arguments, G_VARIANT_TYPE("(o*)")))
                return;
        object = g_variant_get_child_value(arguments, 0);
        if (!g_str_equal(g_variant_get_string(object, NULL), bus->object))
                return;
        bus->heard = 0;
        bus->unregistered = !registered;
        if (registered)
                config_bus_subscribe(bus);
        else
                config_bus_set_gone(bus);
}

static void on_signal(GDBusConnection *connection, const char *sender, const char *object,
                      const char *interface, const char *name, GVariant *arguments, void *data)
{
        g_autoptr(ConfigBus) bus = config_bus_ref(data);

        /* Anybody may send one to a single connection. */
        if (bus->ended || g_strcmp0(sender, bus->owner) != 0)
                return;
        if (g_str_equal(name, "ConfigChanged"))
                on_changed(bus, arguments);
        else if (g_str_equal(name, "ReloadFailed"))
                on_failed(bus, arguments);
        else
                on_registration(bus, arguments, g_str_equal(name, "InterfacesAdded"));
}

static void add_subscription(ConfigBus *bus, const char *signal, GDBusSignalFlags flags)
{
        guint id = g_dbus_connection_signal_subscribe(bus->connection, RECONF_BUS_NAME,
                                                      RECONF_CONFIG_INTERFACE, signal, bus->object, NULL,
                                                      flags, on_signal, config_bus_ref(bus), release_bus);

        g_array_append_val(bus->subscriptions, id);
}

static void pass_over(GDBusConnection *connection, const char *sender, const char *object,
                      const char *interface, const char *name, GVariant *arguments, void *data)
{
}

/* Has the bus send what touches the path. One signal may touch several; so it is heard elsewhere, once. */
static void match_path(ConfigBus *bus, const char *path)
{
        g_autofree char *match = match_path_of(path);
        guint id = g_dbus_connection_signal_subscribe(
                        bus->connection, RECONF_BUS_NAME, RECONF_CONFIG_INTERFACE, "ConfigChanged",
                        bus->object, match, G_DBUS_SIGNAL_FLAGS_MATCH_ARG0_PATH, pass_over, NULL, NULL);

        g_array_append_val(bus->subscriptions, id);
}

/* GLib matches arguments that are strings only. The bus takes object paths, too, and so wakes nobody else.
 */
static void match_registration(ConfigBus *bus, const char *method)
{
        g_autofree char *rule = g_strdup_printf("type='signal',sender='" RECONF_BUS_NAME
                                                "',path='" RECONF_MANAGER_PATH "',interface='" OBJECT_MANAGER
                                                "',arg0path='%s'",
                                                bus->object);

        g_dbus_connection_call(bus->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", method, g_variant_new("(s)", rule), NULL,
                               G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

static void follow_registration(ConfigBus *bus)
{
        guint id = g_dbus_connection_signal_subscribe(
                        bus->connection, RECONF_BUS_NAME, OBJECT_MANAGER, NULL, RECONF_MANAGER_PATH, NULL,
                        G_DBUS_SIGNAL_FLAGS_NO_MATCH_RULE, on_signal, config_bus_ref(bus), release_bus);

        g_array_append_val(bus->subscriptions, id);
        match_registration(bus, "AddMatch");
}

void config_bus_stop_listening(ConfigBus *bus)
{
        if (bus->connection)
                match_registration(bus, "RemoveMatch");
        for (guint i = 0; i < bus->subscriptions->len; i++)
                g_dbus_connection_signal_unsubscribe(bus->connection,
                                                     g_array_index(bus->subscriptions, guint, i));
        g_array_set_size(bus->subscriptions, 0);
        if (bus->cancellable)
                g_cancellable_cancel(bus->cancellable);
        g_clear_object(&bus->cancellable);
        g_clear_object(&bus->connection);
        g_clear_pointer(&bus->owner, g_free);
        bus->heard = 0;
        bus->fetching = bus->again = false;
}

void config_bus_listen(ConfigBus *bus, GDBusConnection *connection, const char *owner)
{
        bus->connection = g_object_ref(connection);
        bus->owner = g_strdup(owner);
        bus->cancellable = g_cancellable_new();
        bus->resuming = true;
        for (char **path = bus->paths; path && *path; path++)
                match_path(bus, *path);
        add_subscription(bus, "ConfigChanged",
                         bus->paths ? G_DBUS_SIGNAL_FLAGS_NO_MATCH_RULE : G_DBUS_SIGNAL_FLAGS_NONE);
        add_subscription(bus, "ReloadFailed", G_DBUS_SIGNAL_FLAGS_NONE);
        follow_registration(bus);
}
