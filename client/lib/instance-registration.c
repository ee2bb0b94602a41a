/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the service comes to know an instance, and knows it again
 *
 * A service that comes after another has heard of no instance. What tells of it is the config's status: when
 * that is connected, and the service another one than the instance was registered with, it is registered
 * anew.
 */
#include "client/lib/instance-private.h"

#include "client/lib/bus-call.h"
#include "client/lib/client-private.h"
#include "client/lib/interfaces.h"
#include "client/lib/weak.h"
#include "introspection/names.h"

static bool on_validate(ReconfChange *change, void *data)
{
        g_autoptr(ReconfInstance) instance = g_weak_ref_get(data);

        /* One that is gone has no objections. */
        return !instance || instance_emit_validate(instance, change);
}

static GVariant *register_arguments(const ReconfInstance *instance)
{
        GVariantDict options;

        g_variant_dict_init(&options, NULL);
        if (instance->name)
                g_variant_dict_insert(&options, "name", "s", instance->name);
        g_variant_dict_insert(&options, "ack", "b", !(instance->flags & RECONF_INSTANCE_SILENT));
        return g_variant_new("(s@a{sv})", instance->config->name, g_variant_dict_end(&options));
}

static Validating *make_validating(ReconfInstance *instance, GDBusConnection *connection)
{
        return validating_new(connection, instance->config, reconf_instance_get_validate_timeout(instance),
                              on_validate, weak_ref_new(instance), weak_ref_free);
}

static void on_validating(GObject *source, GAsyncResult *result, void *data)
{
        g_autofree char *name = data;
        g_autoptr(GError) error = NULL;

        if (!validating_add_finish(result, &error) && !bus_call_is_away(error))
                g_warning("%s will not be asked about new versions: %s", name, error->message);
}

void instance_validate_over(ReconfInstance *instance, GDBusConnection *connection)
{
        Validating *former = instance->validating;

        /* Side by side for a moment, so that somebody is always asked. */
        instance->validating = make_validating(instance, connection);
        validating_add(instance->validating, NULL, on_validating,
                       g_strdup(instance->name ?: g_get_prgname()));
        validating_end(former);
}

static void take_registration(ReconfInstance *instance, GVariant *reply)
{
        char *object;

        g_variant_get(reply, "(ot)", &object, NULL);
        g_free(instance_swap_object(instance, object));
        instance_report_current(instance);
}

static void on_registered_anew(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ReconfInstance) instance = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);

        if (!instance->config || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                return;
        if (!reply) {
                if (!bus_call_is_away(error))
                        g_warning("Cannot register as an instance of %s again: %s", instance->config->name,
                                  error->message);
                return;
        }
        take_registration(instance, reply);
        /* It may have been registered with this service before we knew that it is another one. */
        if (instance->former)
                instance_unregister_object(instance, instance->former);
        g_clear_pointer(&instance->former, g_free);
        if (instance->flags & RECONF_INSTANCE_VALIDATES)
                instance_validate_over(instance, G_DBUS_CONNECTION(source));
}

/* The service that knew the instance is away, or has dropped it with its config. */
static void forget(ReconfInstance *instance)
{
        char *object = instance_swap_object(instance, NULL);

        g_clear_pointer(&instance->owner, g_free);
        if (!object)
                return;
        g_free(instance->former);
        instance->former = object;
}

static void register_anew(ReconfInstance *instance, const ClientState *state)
{
        forget(instance);
        instance->owner = g_strdup(state->owner);
        bus_call_running(state->connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH,
                         "RegisterInstance", register_arguments(instance), instance->cancellable,
                         on_registered_anew, g_object_ref(instance));
}

static void on_status(ReconfConfig *config, GParamSpec *property, void *data)
{
        g_autoptr(ReconfInstance) instance = g_weak_ref_get(data);
        g_auto(ClientState) state = { 0 };
        bool known;

        if (!instance || !instance->config)
                return;
        client_get_state(config_bus_client(config->bus), &state);
        known = g_strcmp0(state.owner, instance->owner) == 0 && config_bus_needs_service(config->bus);
        if (!known && reconf_config_get_status(config) == RECONF_STATUS_CONNECTED && state.owner)
                register_anew(instance, &state);
        else if (!known)
                forget(instance);
}

/* All others have heard of it: see listener_set_late(). */
static void on_applied(ReconfConfig *config, ReconfSnapshot *before, ReconfSnapshot *after, void *data)
{
        g_autoptr(ReconfInstance) instance = g_weak_ref_get(data);

        if (instance && !(instance->flags & RECONF_INSTANCE_SILENT) &&
            config_get_held_version(config) != after->version)
                instance_report_applied(instance, after);
}

static ReconfInstance *make_instance(ReconfConfig *config, const char *name, ReconfInstanceFlags flags)
{
        ReconfInstance *instance = g_object_new(RECONF_TYPE_INSTANCE, NULL);
        g_auto(ClientState) state = { 0 };

        instance->config = g_object_ref(config);
        instance->name = g_strdup(name);
        instance->flags = flags;
        instance->cancellable = g_cancellable_new();
        client_get_state(config_bus_client(config->bus), &state);
        instance->owner = g_steal_pointer(&state.owner);
        return instance;
}

/* Is registered: from now on it lives. */
static void begin(ReconfInstance *instance, GVariant *reply)
{
        g_autoptr(GBytes) empty = g_bytes_new_static(NULL, 0);
        g_autoptr(ReconfSnapshot) nothing = snapshot_new_trusted(0, empty);
        Listener *listener;

        /* Whoever does not report has nothing applied. */
        config_set_applied(instance->config, nothing);
        listener = listener_new(instance->config, on_applied, weak_ref_new(instance), weak_ref_free);
        listener_set_late(listener);
        instance->listener = config_add_listener(instance->config, listener);
        instance->status_handler =
                        g_signal_connect_data(instance->config, "notify::status", G_CALLBACK(on_status),
                                              weak_ref_new(instance), weak_ref_free_closure, 0);
        take_registration(instance, reply);
}

static void on_validator_added(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        GError *error = NULL;

        if (validating_add_finish(result, &error))
                g_task_return_pointer(task, g_object_ref(g_task_get_task_data(task)), g_object_unref);
        else
                g_task_return_error(task, error);
}

static void on_registered(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        ReconfInstance *instance = g_task_get_task_data(task);
        GError *error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);

        if (!reply) {
                g_task_return_error(task, error);
                return;
        }
        g_main_context_push_thread_default(instance->config->context);
        begin(instance, reply);
        if (instance->flags & RECONF_INSTANCE_VALIDATES) {
                instance->validating = make_validating(instance, G_DBUS_CONNECTION(source));
                validating_add(instance->validating, g_task_get_cancellable(task), on_validator_added,
                               g_object_ref(task));
        } else {
                g_task_return_pointer(task, g_object_ref(instance), g_object_unref);
        }
        g_main_context_pop_thread_default(instance->config->context);
}

/**
 * reconf_instance_new:
 * @config: a config of the service's
 * @name: (nullable): what to call the instance, for people; %NULL for the program's name
 * @flags: what it does
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Tells the service that the program runs on a config. To be called in the config's main context. With
 * %RECONF_INSTANCE_VALIDATES, the program is asked about whatever comes after this is done.
 *
 * Errors: %RECONF_ERROR_LIMIT_EXCEEDED, %G_DBUS_ERROR_ACCESS_DENIED (to validate takes the right to edit),
 * and %G_IO_ERROR_NOT_SUPPORTED for a config that does without the service.
 */
void reconf_instance_new(ReconfConfig *config, const char *name, ReconfInstanceFlags flags,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
        g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
        g_autoptr(GDBusConnection) connection = NULL;
        ReconfInstance *instance;
        GError *error = NULL;

        g_return_if_fail(RECONF_IS_CONFIG(config));

        g_task_set_source_tag(task, reconf_instance_new);
        connection = instance_get_connection(config, &error);
        if (!connection) {
                g_task_return_error(task, error);
                return;
        }
        instance = make_instance(config, name, flags);
        g_task_set_task_data(task, instance, g_object_unref);
        bus_call(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH, "RegisterInstance",
                 register_arguments(instance), cancellable, on_registered, g_object_ref(task));
}

/**
 * reconf_instance_new_finish:
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [func@Reconf.Instance.new].
 *
 * Returns: (transfer full): the instance
 */
ReconfInstance *reconf_instance_new_finish(GAsyncResult *result, GError **error)
{
        g_return_val_if_fail(g_async_result_is_tagged(result, reconf_instance_new), NULL);

        return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * reconf_instance_new_sync: (constructor)
 * @config: a config of the service's
 * @name: (nullable): what to call the instance, for people; %NULL for the program's name
 * @flags: what it does
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [func@Reconf.Instance.new], but waits.
 *
 * Returns: (transfer full): the instance
 */
ReconfInstance *reconf_instance_new_sync(ReconfConfig *config, const char *name, ReconfInstanceFlags flags,
                                         GCancellable *cancellable, GError **error)
{
        g_autoptr(ReconfInstance) instance = NULL;
        g_autoptr(GDBusConnection) connection = NULL;
        g_autoptr(GVariant) reply = NULL;

        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        connection = instance_get_connection(config, error);
        if (!connection)
                return NULL;
        instance = make_instance(config, name, flags);
        reply = bus_call_sync(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH,
                              "RegisterInstance", register_arguments(instance), NULL, cancellable, error);
        if (!reply)
                return NULL;
        begin(instance, reply);
        if (flags & RECONF_INSTANCE_VALIDATES) {
                instance->validating = make_validating(instance, connection);
                if (!validating_add_sync(instance->validating, cancellable, error))
                        return NULL;
        }
        return g_steal_pointer(&instance);
}
