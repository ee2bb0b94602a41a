/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/instance-private.h"

#include "client/lib/bus-call.h"
#include "client/lib/client-private.h"
#include "client/lib/interfaces.h"
#include "client/lib/reconf/error.h"
#include "introspection/names.h"

/**
 * ReconfInstance:
 *
 * The program as the service knows it: one that runs on a config, and says what became of each version.
 *
 * When the handlers of [signal@Reconf.Config::changed] and all watches of the config's main context have
 * returned, the version is reported as applied by itself. A handler that cannot tell yet calls
 * [method@Reconf.Change.hold], and the program reports later with [method@Reconf.Instance.report]. When the
 * service comes back after having been away, the instance is registered again.
 *
 * What was reported as failed, or in part only, can be tried once more, when the program asks for it
 * ([method@Reconf.Instance.renotify]) or an administrator does (`reconfctl retry`): then
 * [signal@Reconf.Config::changed] and all watches are told again of what lies between the version that was
 * applied and the active one.
 *
 * It ends with [method@Reconf.Instance.unregister], or with its last reference.
 */

/* As the service has it. */
#define DEFAULT_TIMEOUT_MSEC 2000U
#define MAX_TIMEOUT_MSEC 9000U

enum {
        PROP_VALIDATE_TIMEOUT = 1,
        N_PROPS,
};

static GParamSpec *properties[N_PROPS];

enum {
        SIGNAL_VALIDATE,
        N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(ReconfInstance, reconf_instance, G_TYPE_OBJECT)

static void reconf_instance_init(ReconfInstance *instance)
{
        g_mutex_init(&instance->lock);
        instance->validate_timeout_msec = DEFAULT_TIMEOUT_MSEC;
}

char *instance_dup_object(ReconfInstance *instance)
{
        char *object;

        g_mutex_lock(&instance->lock);
        object = g_strdup(instance->object);
        g_mutex_unlock(&instance->lock);
        return object;
}

static void set_object(ReconfInstance *instance, const char *object)
{
        g_mutex_lock(&instance->lock);
        g_free(instance->object);
        instance->object = g_strdup(object);
        g_mutex_unlock(&instance->lock);
}

char *instance_end(ReconfInstance *instance)
{
        char *object = instance_dup_object(instance);

        if (instance->cancellable)
                g_cancellable_cancel(instance->cancellable);
        instance->validating = validating_end(instance->validating);
        if (instance->config) {
                if (instance->listener != 0)
                        reconf_config_unwatch(instance->config, instance->listener);
                instance->listener = 0;
                g_clear_signal_handler(&instance->status_handler, instance->config);
                config_set_applied(instance->config, NULL);
        }
        set_object(instance, NULL);
        return object;
}

/* Nobody waits for the answer. */
static void unregister(ReconfInstance *instance, const char *object)
{
        g_autoptr(GDBusConnection) connection =
                        reconf_client_dup_connection(config_bus_client(instance->config->bus));

        if (connection)
                g_dbus_connection_call(connection, RECONF_BUS_NAME, object, RECONF_INSTANCE_INTERFACE,
                                       "Unregister", NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL,
                                       NULL, NULL);
}

static void reconf_instance_dispose(GObject *object)
{
        ReconfInstance *instance = RECONF_INSTANCE(object);
        g_autofree char *registered = instance_end(instance);

        if (registered)
                unregister(instance, registered);
        g_clear_object(&instance->cancellable);
        g_clear_object(&instance->config);
        G_OBJECT_CLASS(reconf_instance_parent_class)->dispose(object);
}

static void reconf_instance_finalize(GObject *object)
{
        ReconfInstance *instance = RECONF_INSTANCE(object);

        g_free(instance->name);
        g_free(instance->object);
        g_clear_pointer(&instance->reported, g_variant_unref);
        g_mutex_clear(&instance->lock);
        G_OBJECT_CLASS(reconf_instance_parent_class)->finalize(object);
}

/* One handler that objects is enough. */
static gboolean stop_at_false(GSignalInvocationHint *hint, GValue *all, const GValue *one, void *unused)
{
        g_value_copy(one, all);
        return g_value_get_boolean(one);
}

/* What holds where nobody objects. */
static gboolean accept(ReconfInstance *instance, ReconfChange *change)
{
        return TRUE;
}

static void reconf_instance_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
        ReconfInstance *instance = RECONF_INSTANCE(object);

        switch (id) {
        case PROP_VALIDATE_TIMEOUT:
                g_value_set_uint(value, reconf_instance_get_validate_timeout(instance));
                break;
        default:
                G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        }
}

static void reconf_instance_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
        ReconfInstance *instance = RECONF_INSTANCE(object);

        switch (id) {
        case PROP_VALIDATE_TIMEOUT:
                reconf_instance_set_validate_timeout(instance, g_value_get_uint(value));
                break;
        default:
                G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        }
}

static void reconf_instance_class_init(ReconfInstanceClass *class)
{
        GObjectClass *object_class = G_OBJECT_CLASS(class);

        object_class->dispose = reconf_instance_dispose;
        object_class->finalize = reconf_instance_finalize;
        object_class->get_property = reconf_instance_get_property;
        object_class->set_property = reconf_instance_set_property;

        /**
         * ReconfInstance:validate-timeout:
         *
         * How long the service waits for the answer to [signal@Reconf.Instance::validate], in milliseconds.
         * No answer in time is an objection.
         */
        properties[PROP_VALIDATE_TIMEOUT] = g_param_spec_uint(
                        "validate-timeout", NULL, NULL, 1, MAX_TIMEOUT_MSEC, DEFAULT_TIMEOUT_MSEC,
                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
        g_object_class_install_properties(object_class, N_PROPS, properties);

        /**
         * ReconfInstance::validate:
         * @instance: the instance
         * @change: what is about to change; [method@Reconf.Change.get_after] is the candidate
         *
         * Asks whether there may be such a version. A handler that objects says why with
         * [method@Reconf.Change.reject], for whoever made the change to read, or just returns %FALSE.
         * Emitted in the config's main context, for instances with %RECONF_INSTANCE_VALIDATES. The service
         * waits for [property@Reconf.Instance:validate-timeout]; a program that is in a synchronous call
         * meanwhile cannot answer.
         *
         * Returns: %FALSE to object
         */
        signals[SIGNAL_VALIDATE] = g_signal_new_class_handler(
                        "validate", G_OBJECT_CLASS_TYPE(class), G_SIGNAL_RUN_LAST, G_CALLBACK(accept),
                        stop_at_false, NULL, NULL, G_TYPE_BOOLEAN, 1, RECONF_TYPE_CHANGE);
}

static bool on_validate(ReconfChange *change, void *data)
{
        gboolean accepted = TRUE;

        g_signal_emit(data, signals[SIGNAL_VALIDATE], 0, change, &accepted);
        return accepted;
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

GDBusConnection *instance_get_connection(ReconfConfig *config, GError **error)
{
        if (config_get_bus(config))
                return client_get_connection(config->client, error);
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                            "This config does without the service, which alone knows instances");
        return NULL;
}

static void validate_over(ReconfInstance *instance, GDBusConnection *connection)
{
        Validating *former = instance->validating;

        /* Side by side for a moment, so that somebody is always asked. */
        instance->validating = validating_new(connection, instance->config,
                                              reconf_instance_get_validate_timeout(instance), on_validate,
                                              instance);
        validating_end(former);
}

static void take_registration(ReconfInstance *instance, GDBusConnection *connection, GVariant *reply)
{
        const char *object;

        g_variant_get(reply, "(&ot)", &object, NULL);
        set_object(instance, object);
        instance_report_current(instance);
        if (instance->flags & RECONF_INSTANCE_VALIDATES)
                validate_over(instance, connection);
}

static void on_registered_anew(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(ReconfInstance) instance = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);

        if (reply && instance->config)
                take_registration(instance, G_DBUS_CONNECTION(source), reply);
        else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                g_info("Cannot register as an instance of %s again: %s", instance->name, error->message);
}

/* The service was away, and has forgotten the instance. */
static void on_status(ReconfConfig *config, GParamSpec *property, ReconfInstance *instance)
{
        g_autoptr(GDBusConnection) connection = NULL;

        if (reconf_config_get_status(config) != RECONF_STATUS_CONNECTED) {
                set_object(instance, NULL);
                return;
        }
        connection = client_get_connection(config_bus_client(config->bus), NULL);
        if (!connection)
                return;
        bus_call(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH, "RegisterInstance",
                 register_arguments(instance), instance->cancellable, on_registered_anew,
                 g_object_ref(instance));
}

/* All others have heard of it: see listener_set_late(). */
static void on_applied(ReconfConfig *config, ReconfSnapshot *before, ReconfSnapshot *after, void *data)
{
        g_autoptr(ReconfInstance) instance = g_weak_ref_get(data);

        if (instance && !(instance->flags & RECONF_INSTANCE_SILENT) &&
            config_get_held_version(config) != after->version)
                instance_report_applied(instance, after);
}

static void free_weak_ref(void *data)
{
        g_weak_ref_clear(data);
        g_free(data);
}

static ReconfInstance *make_instance(ReconfConfig *config, const char *name, ReconfInstanceFlags flags)
{
        ReconfInstance *instance = g_object_new(RECONF_TYPE_INSTANCE, NULL);

        instance->config = g_object_ref(config);
        instance->name = g_strdup(name);
        instance->flags = flags;
        instance->cancellable = g_cancellable_new();
        return instance;
}

/* Is registered: from now on it lives. */
static void begin(ReconfInstance *instance, GDBusConnection *connection, GVariant *reply)
{
        g_autoptr(GBytes) empty = g_bytes_new_static(NULL, 0);
        g_autoptr(ReconfSnapshot) nothing = snapshot_new_trusted(0, empty);
        GWeakRef *weak = g_new0(GWeakRef, 1);
        Listener *listener;

        /* Whoever does not report has nothing applied. */
        config_set_applied(instance->config, nothing);
        g_weak_ref_init(weak, instance);
        listener = listener_new(instance->config, on_applied, weak, free_weak_ref);
        listener_set_late(listener);
        instance->listener = config_add_listener(instance->config, listener);
        instance->status_handler = g_signal_connect(instance->config, "notify::status",
                                                    G_CALLBACK(on_status), instance);
        take_registration(instance, connection, reply);
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
        begin(instance, G_DBUS_CONNECTION(source), reply);
        g_main_context_pop_thread_default(instance->config->context);
        g_task_return_pointer(task, g_object_ref(instance), g_object_unref);
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
 * Tells the service that the program runs on a config. To be called in the config's main context.
 *
 * Errors: %RECONF_ERROR_LIMIT_EXCEEDED, %G_DBUS_ERROR_ACCESS_DENIED, and %G_IO_ERROR_NOT_SUPPORTED for a
 * config that does without the service.
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
        begin(instance, connection, reply);
        return g_steal_pointer(&instance);
}

/**
 * reconf_instance_get_config:
 * @instance: an instance
 *
 * Gives what was passed to [func@Reconf.Instance.new].
 *
 * Returns: (transfer none): the config that it runs on
 */
ReconfConfig *reconf_instance_get_config(ReconfInstance *instance)
{
        g_return_val_if_fail(RECONF_IS_INSTANCE(instance), NULL);

        return instance->config;
}

/**
 * reconf_instance_get_validate_timeout:
 * @instance: an instance
 *
 * See [property@Reconf.Instance:validate-timeout].
 *
 * Returns: milliseconds
 */
guint reconf_instance_get_validate_timeout(ReconfInstance *instance)
{
        guint timeout;

        g_return_val_if_fail(RECONF_IS_INSTANCE(instance), 0);

        g_mutex_lock(&instance->lock);
        timeout = instance->validate_timeout_msec;
        g_mutex_unlock(&instance->lock);
        return timeout;
}

/**
 * reconf_instance_set_validate_timeout:
 * @instance: an instance
 * @timeout_ms: milliseconds, from 1 to 9000
 *
 * See [property@Reconf.Instance:validate-timeout]. To be called in the config's main context.
 */
void reconf_instance_set_validate_timeout(ReconfInstance *instance, guint timeout_ms)
{
        g_autoptr(GDBusConnection) connection = NULL;

        g_return_if_fail(RECONF_IS_INSTANCE(instance));
        g_return_if_fail(timeout_ms >= 1 && timeout_ms <= MAX_TIMEOUT_MSEC);

        if (timeout_ms == reconf_instance_get_validate_timeout(instance))
                return;
        g_mutex_lock(&instance->lock);
        instance->validate_timeout_msec = timeout_ms;
        g_mutex_unlock(&instance->lock);
        g_object_notify_by_pspec(G_OBJECT(instance), properties[PROP_VALIDATE_TIMEOUT]);

        connection = instance->validating ? instance_get_connection(instance->config, NULL) : NULL;
        if (connection)
                validate_over(instance, connection);
}
