/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/validating.h"

#include "client/lib/bus-call.h"
#include "client/lib/client-private.h"
#include "client/lib/config-private.h"
#include "client/lib/interfaces.h"
#include "client/lib/reconf/error.h"
#include "introspection/names.h"

#include <gio/gunixfdlist.h>

struct Validating {
        GDBusConnection *connection;
        GMainContext *context;
        ReconfConfig *config;
        ValidatingFunc func;
        void *data;
        GDestroyNotify destroy;
        guint timeout_msec;
        char *object;
        guint registration;
        bool adding; /* the service has not said yet that it is added */
        bool ended;  /* nobody is asked any more: it has no objections */
};

/* The candidate that came with a call; NULL where there is none, which the service does not do. */
static ReconfSnapshot *take_candidate(GDBusMethodInvocation *invocation, GVariant *arguments, GError **error)
{
        GUnixFDList *fds = g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(invocation));
        guint64 version;
        gint32 index;
        int fd;

        g_variant_get(arguments, "(&ot@a(ssvv)h)", NULL, &version, NULL, &index);
        fd = fds && index >= 0 && index < g_unix_fd_list_get_length(fds)
                             ? g_unix_fd_list_peek_fds(fds, NULL)[index]
                             : -1;
        if (fd >= 0)
                return reconf_snapshot_new_from_fd(version, fd, error);
        g_set_error_literal(error, RECONF_ERROR, RECONF_ERROR_INVALID_ARGUMENT,
                            "There is no snapshot with the call");
        return NULL;
}

static void answer(const Validating *validating, GDBusMethodInvocation *invocation,
                   ReconfSnapshot *candidate)
{
        g_autoptr(ReconfSnapshot) current = config_dup_current(validating->config);
        g_autoptr(ReconfChange) change = change_new(current, candidate, NULL);
        bool accepted = validating->ended ||
                        (validating->func(change, validating->data) && !change->objection);

        if (accepted)
                g_dbus_method_invocation_return_value(invocation, NULL);
        else
                g_dbus_method_invocation_return_error_literal(
                                invocation, RECONF_ERROR, RECONF_ERROR_VALIDATION_FAILED,
                                change->objection ?: "The program cannot take this");
}

static void on_call(GDBusConnection *connection, const char *sender, const char *object,
                    const char *interface, const char *method, GVariant *arguments,
                    GDBusMethodInvocation *invocation, void *data)
{
        const Validating *validating = data;
        g_auto(ClientState) state = { 0 };
        g_autoptr(ReconfSnapshot) candidate = NULL;
        g_autoptr(GError) error = NULL;

        client_get_state(config_bus_client(validating->config->bus), &state);
        if (g_strcmp0(sender, state.owner) != 0) {
                g_dbus_method_invocation_return_error_literal(invocation, G_DBUS_ERROR,
                                                              G_DBUS_ERROR_ACCESS_DENIED,
                                                              "This is for the service to ask");
                return;
        }
        candidate = take_candidate(invocation, arguments, &error);
        if (candidate)
                answer(validating, invocation, candidate);
        else
                g_dbus_method_invocation_return_gerror(invocation, error);
}

static void on_removed(GObject *source, GAsyncResult *result, void *data)
{
        Validating *validating = data;
        G_GNUC_UNUSED g_autoptr(GVariant) reply =
                        g_dbus_connection_call_finish(validating->connection, result, NULL);

        g_dbus_connection_unregister_object(validating->connection, validating->registration);
        g_object_unref(validating->connection);
        g_main_context_unref(validating->context);
        g_object_unref(validating->config);
        validating->destroy(validating->data);
        g_free(validating->object);
        g_free(validating);
}

/* The object stays until the service has answered, so that it always finds the one that it asks. */
static void remove_validator(Validating *validating)
{
        g_main_context_push_thread_default(validating->context);
        g_dbus_connection_call(validating->connection, RECONF_BUS_NAME,
                               config_bus_object(validating->config->bus), RECONF_CONFIG_INTERFACE,
                               "RemoveValidator", g_variant_new("(o)", validating->object), NULL,
                               G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, on_removed, validating);
        g_main_context_pop_thread_default(validating->context);
}

static GVariant *add_arguments(const Validating *validating)
{
        return g_variant_new_parsed("(%o, {'timeout-ms': <%u>})", validating->object,
                                    validating->timeout_msec);
}

static void on_added(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        Validating *validating = g_task_get_task_data(task);
        GError *error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);

        validating->adding = false;
        if (validating->ended)
                remove_validator(validating);
        if (reply)
                g_task_return_boolean(task, TRUE);
        else
                g_task_return_error(task, error);
}

Validating *validating_new(GDBusConnection *connection, ReconfConfig *config, guint timeout_msec,
                           ValidatingFunc func, void *data, GDestroyNotify destroy)
{
        static const GDBusInterfaceVTable vtable = { .method_call = on_call };
        static gint last_number = 0;
        Validating *validating = g_new(Validating, 1);

        *validating = (Validating){
                .connection = g_object_ref(connection),
                .context = g_main_context_ref_thread_default(),
                .config = g_object_ref(config),
                .func = func,
                .data = data,
                .destroy = destroy,
                .timeout_msec = timeout_msec,
                .object = g_strdup_printf("/org/reconf/Reconf1/validator/%d",
                                          g_atomic_int_add(&last_number, 1)),
        };
        validating->registration = g_dbus_connection_register_object(
                        connection, validating->object,
                        (GDBusInterfaceInfo *) &org_reconf_reconf1_validator_interface, &vtable, validating,
                        NULL, NULL);
        return validating;
}

void validating_add(Validating *validating, GCancellable *cancellable, GAsyncReadyCallback callback,
                    void *data)
{
        GTask *task = g_task_new(NULL, cancellable, callback, data);

        g_task_set_task_data(task, validating, NULL);
        validating->adding = true;
        bus_call_running(validating->connection, &org_reconf_reconf1_config_interface,
                         config_bus_object(validating->config->bus), "AddValidator",
                         add_arguments(validating), cancellable, on_added, task);
}

bool validating_add_finish(GAsyncResult *result, GError **error)
{
        return g_task_propagate_boolean(G_TASK(result), error);
}

bool validating_add_sync(Validating *validating, GCancellable *cancellable, GError **error)
{
        g_autoptr(GVariant) reply =
                        bus_call_sync(validating->connection, &org_reconf_reconf1_config_interface,
                                      config_bus_object(validating->config->bus), "AddValidator",
                                      add_arguments(validating), NULL, cancellable, error);

        return reply;
}

static gboolean end(void *data)
{
        Validating *validating = data;

        validating->ended = true;
        if (!validating->adding)
                remove_validator(validating);
        return G_SOURCE_REMOVE;
}

Validating *validating_end(Validating *validating)
{
        if (validating)
                g_main_context_invoke(validating->context, end, validating);
        return NULL;
}
