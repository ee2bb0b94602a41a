/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Binding paths to properties
 *
 * A binding is a listener. The object keeps a token of it for as long as it lives, by the property's name,
 * so the binding ends with the object and gives way to another one of the same property.
 */
#include "client/lib/config-private.h"

#include "client/lib/mapping.h"
#include "client/lib/reconf/path.h"

typedef struct Binding {
        GWeakRef object;
        GParamSpec *property;
        char *path;
        GValue initial; /* what the property was before, for where there is nothing */
        ReconfBindFlags flags;
        ReconfBindMapping mapping;
        void *user_data;
        GDestroyNotify destroy;
} Binding;

/* What the object keeps. */
typedef struct Token {
        GWeakRef config;
        guint handle;
} Token;

static void binding_free(void *data)
{
        Binding *binding = data;

        if (binding->destroy)
                binding->destroy(binding->user_data);
        g_weak_ref_clear(&binding->object);
        g_value_unset(&binding->initial);
        g_param_spec_unref(binding->property);
        g_free(binding->path);
        g_free(binding);
}

static void token_free(void *data)
{
        Token *token = data;
        g_autoptr(ReconfConfig) config = g_weak_ref_get(&token->config);

        if (config)
                reconf_config_unwatch(config, token->handle);
        g_weak_ref_clear(&token->config);
        g_free(token);
}

static bool map_value(const Binding *binding, GVariant *variant, GValue *value)
{
        bool mapped = binding->mapping ? binding->mapping(value, variant, binding->user_data)
                                       : mapping_get(value, variant);

        if (mapped && (binding->flags & RECONF_BIND_INVERT_BOOLEAN) && G_VALUE_HOLDS_BOOLEAN(value))
                g_value_set_boolean(value, !g_value_get_boolean(value));
        /* True where it had to be made to fit. */
        return mapped && !g_param_value_validate(binding->property, value);
}

static void set_property(const Binding *binding, GObject *object, ReconfSnapshot *snapshot)
{
        g_autoptr(GVariant) variant = reconf_snapshot_get_variant(snapshot, binding->path);
        g_auto(GValue) value = G_VALUE_INIT;

        if (!variant) {
                g_object_set_property(object, binding->property->name, &binding->initial);
                return;
        }
        g_value_init(&value, binding->property->value_type);
        g_value_copy(&binding->initial, &value);
        if (map_value(binding, variant, &value))
                g_object_set_property(object, binding->property->name, &value);
        else
                g_warning("The value of %s is not one for property %s of %s; it stays as it is",
                          binding->path, binding->property->name, G_OBJECT_TYPE_NAME(object));
}

static void tell_binding(ReconfConfig *config, ReconfSnapshot *before, ReconfSnapshot *after, void *data)
{
        Binding *binding = data;
        g_autoptr(GObject) object = g_weak_ref_get(&binding->object);
        Serial was = snapshot_find(before, &before->root, binding->path);
        Serial is = snapshot_find(after, &after->root, binding->path);

        if (object && !serial_equal(&was, &is))
                set_property(binding, object, after);
}

static char *token_key(const GParamSpec *property)
{
        return g_strconcat("reconf-binding-", property->name, NULL);
}

static void keep_token(GObject *object, const GParamSpec *property, ReconfConfig *config, guint handle)
{
        g_autofree char *key = token_key(property);
        Token *token = g_new0(Token, 1);

        g_weak_ref_init(&token->config, config);
        token->handle = handle;
        g_object_set_data_full(object, key, token, token_free);
}

static GParamSpec *find_property(GObject *object, const char *name)
{
        GParamSpec *property = g_object_class_find_property(G_OBJECT_GET_CLASS(object), name);

        if (!property)
                g_critical("%s has no property %s", G_OBJECT_TYPE_NAME(object), name);
        else if ((property->flags & (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY)) != G_PARAM_READWRITE)
                g_critical("Property %s of %s cannot be both read and set", name,
                           G_OBJECT_TYPE_NAME(object));
        else
                return property;
        return NULL;
}

/**
 * reconf_config_bind:
 * @config: a config
 * @path: a dotted path
 * @object: an object
 * @property: the name of one of its properties, which can be read and set
 * @flags: how
 *
 * Has a property follow a path: it is set now and whenever what is there has changed, in the caller's
 * thread-default main context. Integers suit all integer properties they fit in, all numbers `float` and
 * `double`, strings also enumerations (by nick), lists of strings `GStrv` and flags. Where there is nothing,
 * the property is what it was when it was bound; where there is something that does not suit, it stays as it
 * is, and a warning is logged.
 *
 * A binding ends with the config or the object, whichever goes first, with [method@Reconf.Config.unwatch],
 * and when the property is bound anew.
 *
 * Returns: a handle for [method@Reconf.Config.unwatch]; 0 where @path is malformed, there is no such
 *   property, or it is bound once only
 */
guint reconf_config_bind(ReconfConfig *config, const char *path, GObject *object, const char *property,
                         ReconfBindFlags flags)
{
        return reconf_config_bind_with_mapping(config, path, object, property, flags, NULL, NULL, NULL);
}

/**
 * reconf_config_bind_with_mapping: (skip)
 * @config: a config
 * @path: a dotted path
 * @object: an object
 * @property: the name of one of its properties, which can be read and set
 * @flags: how
 * @mapping: (nullable) (scope notified) (closure user_data) (destroy destroy): what makes the property's
 *   value
 * @user_data: what to call it with
 * @destroy: (nullable): frees @user_data
 *
 * As [method@Reconf.Config.bind], with a function that makes a value of the property's type of whatever the
 * config holds. It is for C and Vala; other languages have [method@Reconf.Config.bind_with_closure].
 *
 * Returns: a handle for [method@Reconf.Config.unwatch]; 0 where @path is malformed, there is no such
 *   property, or it is bound once only
 */
guint reconf_config_bind_with_mapping(ReconfConfig *config, const char *path, GObject *object,
                                      const char *property, ReconfBindFlags flags, ReconfBindMapping mapping,
                                      gpointer user_data, GDestroyNotify destroy)
{
        g_autoptr(ReconfSnapshot) snapshot = NULL;
        g_autoptr(GError) error = NULL;
        GParamSpec *spec;
        Listener *listener;
        Binding *binding;
        guint handle = 0;

        g_return_val_if_fail(RECONF_IS_CONFIG(config) && path && G_IS_OBJECT(object) && property, 0);

        spec = find_property(object, property);
        if (!spec)
                return 0;
        if (!reconf_path_is_valid(path, &error)) {
                g_critical("Cannot bind: %s", error->message);
                return 0;
        }
        binding = g_new0(Binding, 1);
        *binding = (Binding){
                .property = g_param_spec_ref(spec),
                .path = g_strdup(path),
                .flags = flags,
                .mapping = mapping,
                .user_data = user_data,
                .destroy = destroy,
        };
        g_weak_ref_init(&binding->object, object);
        g_value_init(&binding->initial, spec->value_type);
        g_object_get_property(object, spec->name, &binding->initial);

        listener = listener_new(config, tell_binding, binding, binding_free);
        snapshot = config_dup_current(config);
        listener_set_known(listener, snapshot);
        if (reconf_snapshot_has(snapshot, path))
                set_property(binding, object, snapshot);
        if (flags & RECONF_BIND_ONCE) {
                listener_unref(listener);
        } else {
                handle = config_add_listener(config, listener);
                keep_token(object, spec, config, handle);
        }
        return handle;
}

/* What it returns is the value. */
static gboolean map_by_closure(GValue *value, GVariant *variant, void *closure)
{
        g_auto(GValue) result = G_VALUE_INIT;
        g_auto(GValue) parameter = G_VALUE_INIT;

        g_value_init(&result, G_VALUE_TYPE(value));
        g_value_init(&parameter, G_TYPE_VARIANT);
        g_value_set_variant(&parameter, variant);
        g_closure_invoke(closure, &result, 1, &parameter, NULL);
        g_value_copy(&result, value);
        return TRUE;
}

static void release_closure(void *closure)
{
        g_closure_unref(closure);
}

/**
 * reconf_config_bind_with_closure:
 * @config: a config
 * @path: a dotted path
 * @object: an object
 * @property: the name of one of its properties, which can be read and set
 * @flags: how
 * @mapping: what makes the property's value: called with the #GVariant that the config holds, it returns a
 *   value of the property's type
 *
 * As [method@Reconf.Config.bind], with a function that makes a value of the property's type of whatever the
 * config holds. In Python it is `lambda variant: variant.unpack() > 10`.
 *
 * Returns: a handle for [method@Reconf.Config.unwatch]; 0 where @path is malformed, there is no such
 *   property, or it is bound once only
 */
guint reconf_config_bind_with_closure(ReconfConfig *config, const char *path, GObject *object,
                                      const char *property, ReconfBindFlags flags, GClosure *mapping)
{
        g_return_val_if_fail(mapping, 0);

        g_closure_ref(mapping);
        g_closure_sink(mapping);
        if (G_CLOSURE_NEEDS_MARSHAL(mapping))
                g_closure_set_marshal(mapping, g_cclosure_marshal_generic);
        return reconf_config_bind_with_mapping(config, path, object, property, flags, map_by_closure,
                                               mapping, release_closure);
}

/**
 * reconf_config_unbind:
 * @object: an object
 * @property: the name of one of its properties
 *
 * Ends whatever binding there is of a property; it keeps the value that it has.
 */
void reconf_config_unbind(GObject *object, const char *property)
{
        g_autofree char *key = NULL;
        GParamSpec *spec;

        g_return_if_fail(G_IS_OBJECT(object) && property);

        spec = find_property(object, property);
        if (!spec)
                return;
        key = token_key(spec);
        g_object_set_data(object, key, NULL);
}
