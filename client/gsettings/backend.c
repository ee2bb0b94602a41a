/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/gsettings/backend.h"

#include "client/gsettings/convert.h"
#include "client/gsettings/feed.h"
#include "client/gsettings/key-map.h"
#include "introspection/names.h"

#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gio.h>
#include <gio/gsettingsbackend.h>

#define DEFAULT_CONFIG "gsettings"

/* Below those that GIO itself has. */
#define PRIORITY (-100)

typedef struct ReconfSettingsBackend {
        GSettingsBackend parent;
        KeyMap *map;
        Feed *feed;

        GMutex lock;         /* guards what follows */
        GHashTable *misfits; /* keys that have been warned of */
} ReconfSettingsBackend;

typedef struct ReconfSettingsBackendClass {
        GSettingsBackendClass parent;
} ReconfSettingsBackendClass;

G_DEFINE_DYNAMIC_TYPE(ReconfSettingsBackend, reconf_settings_backend, G_TYPE_SETTINGS_BACKEND)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReconfSettingsBackend, g_object_unref)

static void free_weak_ref(void *data)
{
        g_weak_ref_clear(data);
        g_free(data);
}

/* GIO passes it on to the context of each GSettings. */
static void on_changed(size_t item, ReconfChange *change, void *data)
{
        g_autoptr(ReconfSettingsBackend) self = g_weak_ref_get(data);
        g_auto(GStrv) keys = NULL;

        if (!self)
                return;
        keys = key_map_list_changed(self->map, item, change);
        if (*keys)
                g_settings_backend_keys_changed(G_SETTINGS_BACKEND(self), "/", (const char *const *) keys,
                                                NULL);
}

static KeyMap *make_map(void)
{
        g_autoptr(GError) error = NULL;
        const char *text = g_getenv(RECONF_ENV_GSETTINGS);
        KeyMap *map = key_map_new(text ?: DEFAULT_CONFIG, &error);

        if (map)
                return map;
        g_warning("All settings have their defaults: " RECONF_ENV_GSETTINGS ": %s", error->message);
        return key_map_new("", NULL);
}

static void reconf_settings_backend_init(ReconfSettingsBackend *self)
{
        GWeakRef *weak = g_new0(GWeakRef, 1);

        g_weak_ref_init(weak, self);
        g_mutex_init(&self->lock);
        self->misfits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        self->map = make_map();
        self->feed = feed_new(key_map_configs(self->map), on_changed, weak, free_weak_ref);
}

static void reconf_settings_backend_finalize(GObject *object)
{
        ReconfSettingsBackend *self = (ReconfSettingsBackend *) object;

        self->feed = feed_end(self->feed);
        self->map = key_map_free(self->map);
        g_hash_table_unref(self->misfits);
        g_mutex_clear(&self->lock);
        G_OBJECT_CLASS(reconf_settings_backend_parent_class)->finalize(object);
}

/* Remembers whether a key's value fits. Whether that is another answer than before. */
static bool note_fit(ReconfSettingsBackend *self, const char *key, bool fits)
{
        bool other;

        g_mutex_lock(&self->lock);
        other = fits ? g_hash_table_remove(self->misfits, key)
                     : g_hash_table_add(self->misfits, g_strdup(key));
        g_mutex_unlock(&self->lock);
        return other;
}

static GVariant *reconf_settings_backend_read(GSettingsBackend *backend, const char *key,
                                              const GVariantType *type, gboolean default_value)
{
        ReconfSettingsBackend *self = (ReconfSettingsBackend *) backend;
        g_autoptr(GVariant) value = NULL;
        g_autofree char *place = NULL;
        GVariant *converted;
        size_t item;

        /* What an administrator sets as a default is the schema's matter, not a config's. */
        if (default_value || !key_map_find(self->map, key, &item, &place))
                return NULL;
        value = feed_read(self->feed, item, place);
        if (!value || (convert_is_null(value) && !g_variant_type_is_maybe(type)))
                return NULL;
        converted = convert_value(value, type);
        if (note_fit(self, key, converted) && !converted)
                g_warning("%s has its default: at %s the config %s has %s that is no value of type %.*s",
                          key, place, key_map_configs(self->map)[item], convert_describe(value),
                          (int) g_variant_type_get_string_length(type), g_variant_type_peek_string(type));
        return converted;
}

static gboolean reconf_settings_backend_get_writable(GSettingsBackend *backend, const char *key)
{
        return FALSE;
}

static GPermission *reconf_settings_backend_get_permission(GSettingsBackend *backend, const char *path)
{
        return g_simple_permission_new(FALSE);
}

static gboolean reconf_settings_backend_write(GSettingsBackend *backend, const char *key, GVariant *value,
                                              gpointer origin)
{
        return FALSE;
}

static gboolean reconf_settings_backend_write_tree(GSettingsBackend *backend, GTree *tree, gpointer origin)
{
        return FALSE;
}

static void reconf_settings_backend_reset(GSettingsBackend *backend, const char *key, gpointer origin)
{
}

/* Somebody is about to read. */
static void reconf_settings_backend_subscribe(GSettingsBackend *backend, const char *path)
{
        feed_start(((ReconfSettingsBackend *) backend)->feed);
}

static void reconf_settings_backend_class_init(ReconfSettingsBackendClass *class)
{
        GSettingsBackendClass *backend_class = G_SETTINGS_BACKEND_CLASS(class);

        G_OBJECT_CLASS(class)->finalize = reconf_settings_backend_finalize;
        backend_class->read = reconf_settings_backend_read;
        backend_class->get_writable = reconf_settings_backend_get_writable;
        backend_class->get_permission = reconf_settings_backend_get_permission;
        backend_class->write = reconf_settings_backend_write;
        backend_class->write_tree = reconf_settings_backend_write_tree;
        backend_class->reset = reconf_settings_backend_reset;
        backend_class->subscribe = reconf_settings_backend_subscribe;
}

static void reconf_settings_backend_class_finalize(ReconfSettingsBackendClass *class)
{
}

void settings_backend_register(GTypeModule *module)
{
        reconf_settings_backend_register_type(module);
        g_io_extension_point_implement(G_SETTINGS_BACKEND_EXTENSION_POINT_NAME,
                                       reconf_settings_backend_get_type(), "reconf", PRIORITY);
}
