/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking snapshots of the service
 */
#include "client/lib/config-bus-private.h"

#include "client/lib/bus-call.h"
#include "client/lib/config-private.h"
#include "client/lib/interfaces.h"
#include "client/lib/reconf/error.h"

#include <gio/gunixfdlist.h>
#include <unistd.h>

static ReconfSnapshot *take_reply(GVariant *reply, GUnixFDList *fds, GError **error)
{
        ReconfSnapshot *snapshot;
        guint64 version;
        gint32 index;
        int fd;

        g_variant_get(reply, "(th)", &version, &index);
        if (!fds || index < 0 || index >= g_unix_fd_list_get_length(fds)) {
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                                    "The service sent no snapshot with its reply");
                return NULL;
        }
        fd = g_unix_fd_list_get(fds, index, error);
        if (fd < 0)
                return NULL;
        snapshot = reconf_snapshot_new_from_fd(version, fd, error);
        close(fd);
        return snapshot;
}

ReconfSnapshot *config_bus_read_snapshot(GVariant *reply, GUnixFDList *fds, GError **error)
{
        g_autoptr(GBytes) nothing = NULL;

        if (reply)
                return take_reply(reply, fds, error);
        if (!g_error_matches(*error, RECONF_ERROR, RECONF_ERROR_NOT_LOADED))
                return NULL;
        g_clear_error(error);
        nothing = g_bytes_new_static(NULL, 0);
        return snapshot_new_trusted(0, nothing);
}

ReconfSnapshot *config_bus_get_snapshot_sync(const ConfigBus *bus, GDBusConnection *connection,
                                             GCancellable *cancellable, GError **error)
{
        g_autoptr(GError) failure = NULL;
        g_autoptr(GUnixFDList) fds = NULL;
        g_autoptr(GVariant) reply =
                        bus_call_sync(connection, &org_reconf_reconf1_config_interface, bus->object,
                                      "GetSnapshot", NULL, &fds, cancellable, &failure);
        ReconfSnapshot *snapshot = config_bus_read_snapshot(reply, fds, &failure);

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
        snapshot = connection ? config_bus_get_snapshot_sync(bus, connection, cancellable, error) : NULL;
        if (snapshot)
                config_publish(config, snapshot, NULL, PUBLISH_NEWER);
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
                config_publish(config, snapshot, NULL, PUBLISH_NEWER);
        return snapshot;
}
