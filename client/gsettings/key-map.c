/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/gsettings/key-map.h"

#include <gio/gio.h>
#include <string.h>

struct KeyMap {
        GPtrArray *configs; /* with NULL at its end */
        GPtrArray *paths;   /* each begins and ends with a slash */
};

KeyMap *key_map_free(KeyMap *map)
{
        if (!map)
                return NULL;
        g_ptr_array_unref(map->configs);
        g_ptr_array_unref(map->paths);
        g_free(map);
        return NULL;
}

const char *const *key_map_configs(const KeyMap *map)
{
        return (const char *const *) map->configs->pdata;
}

static bool is_known(const KeyMap *map, const char *path)
{
        return g_ptr_array_find_with_equal_func(map->paths, path, g_str_equal, NULL);
}

static bool fail(GError **error, const char *item, const char *message)
{
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "'%s' is not a config with a path: expected NAME or NAME=/PATH/, %s", item, message);
        return false;
}

static bool add_item(KeyMap *map, const char *item, GError **error)
{
        const char *equals = strchr(item, '=');
        g_autofree char *name = equals ? g_strndup(item, (gsize) (equals - item)) : g_strdup(item);
        const char *path = equals ? equals + 1 : "/";
        g_autofree char *whole = g_strconcat(path, g_str_has_suffix(path, "/") ? NULL : "/", NULL);

        if (*name == '\0')
                return fail(error, item, "and there is no name");
        if (*path != '/')
                return fail(error, item, "and the path does not begin with a slash");
        if (strstr(path, "//"))
                return fail(error, item, "and the path has two slashes side by side");
        if (is_known(map, whole))
                return fail(error, item, "and the path is another config's");
        g_ptr_array_add(map->configs, g_steal_pointer(&name));
        g_ptr_array_add(map->paths, g_steal_pointer(&whole));
        return true;
}

KeyMap *key_map_new(const char *text, GError **error)
{
        g_auto(GStrv) items = g_strsplit(text, ";", -1);
        g_autoptr(KeyMap) map = g_new(KeyMap, 1);

        *map = (KeyMap){
                .configs = g_ptr_array_new_with_free_func(g_free),
                .paths = g_ptr_array_new_with_free_func(g_free),
        };
        for (char **item = items; *item; item++)
                if (*g_strstrip(*item) != '\0' && !add_item(map, *item, error))
                        return NULL;
        g_ptr_array_add(map->configs, NULL);
        return g_steal_pointer(&map);
}

/* The item with the longest path above the key. */
static bool find_item(const KeyMap *map, const char *key, size_t *ret)
{
        gsize longest = 0;

        for (guint i = 0; i < map->paths->len; i++) {
                const char *path = map->paths->pdata[i];

                if (g_str_has_prefix(key, path) && strlen(path) > longest) {
                        longest = strlen(path);
                        *ret = i;
                }
        }
        return longest > 0;
}

bool key_map_find(const KeyMap *map, const char *key, size_t *ret_item, char **ret_place)
{
        g_autofree char *place = g_strdup("");
        g_auto(GStrv) parts = NULL;

        if (!find_item(map, key, ret_item))
                return false;
        parts = g_strsplit(key + strlen(map->paths->pdata[*ret_item]), "/", -1);
        for (char **part = parts; *part; part++) {
                char *below = reconf_path_append(place, *part);

                g_free(place);
                place = below;
        }
        *ret_place = g_steal_pointer(&place);
        return true;
}

/* What is gone through to list keys. */
typedef struct Listing {
        const KeyMap *map;
        size_t item;
        GHashTable *keys;
} Listing;

/* Only what can be part of a key's path. */
static bool is_part(const char *name)
{
        return *name != '\0' && !strchr(name, '/');
}

/* Another config may hold keys there. */
static void list_key(Listing *listing, const char *key)
{
        size_t holder;

        if (find_item(listing->map, key, &holder) && holder == listing->item)
                g_hash_table_add(listing->keys, g_strdup(key + 1));
}

static void list_below(Listing *listing, const char *path, GVariant *value)
{
        GVariantIter iter;
        GVariant *member;
        const char *name;

        if (!value || !g_variant_is_of_type(value, G_VARIANT_TYPE_VARDICT))
                return;
        g_variant_iter_init(&iter, value);
        while (g_variant_iter_loop(&iter, "{&sv}", &name, &member)) {
                g_autofree char *below = NULL;

                if (!is_part(name))
                        continue;
                below = g_strconcat(path, "/", name, NULL);
                list_key(listing, below);
                list_below(listing, below, member);
        }
}

static void list_item(Listing *listing, ReconfChange *change, guint index)
{
        g_autofree char *path = g_strdup(listing->map->paths->pdata[listing->item]);
        g_auto(GStrv) parts = reconf_path_split(reconf_change_get_path(change, index), NULL);
        g_autoptr(GVariant) before = reconf_change_get_old_value(change, index);
        g_autoptr(GVariant) after = reconf_change_get_new_value(change, index);

        path[strlen(path) - 1] = '\0';
        for (char **part = parts; *part; part++) {
                char *below;

                if (!is_part(*part))
                        return;
                below = g_strconcat(path, "/", *part, NULL);
                g_free(path);
                path = below;
                list_key(listing, path);
        }
        list_below(listing, path, before);
        list_below(listing, path, after);
}

static int compare_keys(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

char **key_map_list_changed(const KeyMap *map, size_t item, ReconfChange *change)
{
        g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        Listing listing = { .map = map, .item = item, .keys = keys };
        char **list;
        guint length;

        for (guint i = 0; i < reconf_change_get_n_items(change); i++)
                list_item(&listing, change, i);
        list = (char **) g_hash_table_get_keys_as_array(keys, &length);
        g_hash_table_steal_all(keys);
        qsort(list, length, sizeof *list, compare_keys);
        return list;
}
