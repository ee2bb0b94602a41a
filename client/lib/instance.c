/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/instance-private.h"

#include "client/lib/client-private.h"
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

char *instance_swap_object(ReconfInstance *instance, char *object)
{
        char *former;

        g_mutex_lock(&instance->lock);
        former = instance->object;
        instance->object = object;
        g_mutex_unlock(&instance->lock);
        return former;
}

char *instance_end(ReconfInstance *instance)
{
        char *object = instance_swap_object(instance, NULL);

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
        return object;
}

void instance_unregister_object(ReconfInstance *instance, const char *object)
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
                instance_unregister_object(instance, registered);
        g_clear_object(&instance->cancellable);
        g_clear_object(&instance->config);
        G_OBJECT_CLASS(reconf_instance_parent_class)->dispose(object);
}

static void reconf_instance_finalize(GObject *object)
{
        ReconfInstance *instance = RECONF_INSTANCE(object);

        g_free(instance->name);
        g_free(instance->object);
        g_free(instance->owner);
        g_free(instance->former);
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

bool instance_emit_validate(ReconfInstance *instance, ReconfChange *change)
{
        gboolean accepted = TRUE;

        g_signal_emit(instance, signals[SIGNAL_VALIDATE], 0, change, &accepted);
        return accepted;
}

GDBusConnection *instance_get_connection(ReconfConfig *config, GError **error)
{
        if (config_get_bus(config))
                return client_get_connection(config->client, error);
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                            "This config does without the service, which alone knows instances");
        return NULL;
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
                instance_validate_over(instance, connection);
}
