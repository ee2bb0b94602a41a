/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key maps: which place of which config holds a key of GSettings
 *
 * A key's path (/org/gnome/app/font-size) is taken apart at its slashes, and its parts are the keys of a
 * document (org.gnome.app.font-size). What configs there are is one text, of items with semicolons between:
 *
 *   desktop                  the config "desktop" holds all keys: /org/gnome/app/font-size is its
 *                            org.gnome.app.font-size
 *   app=/org/gnome/app/      the config "app" holds the keys below that path, without it: that key is its
 *                            font-size
 *
 * Where several paths suit a key, the longest counts, and no other is asked.
 *
 * A map of the document may be one key's value (a{sv}) as well as a path with keys below, and only the
 * program's schema says which. So a change counts for all keys that it may be about: those above the place,
 * the one at it, and those below it. GSettings passes on those that a schema has.
 */
#pragma once

#include "client/lib/reconf/reconf.h"

#include <stdbool.h>

typedef struct KeyMap KeyMap;

/* Malformed text is G_IO_ERROR_INVALID_ARGUMENT. */
KeyMap *key_map_new(const char *text, GError **error);
KeyMap *key_map_free(KeyMap *map);

/* The names of the configs, one of each item. */
const char *const *key_map_configs(const KeyMap *map);

/* The item whose config holds a key, and the dotted path of the place; false where there is none. */
bool key_map_find(const KeyMap *map, const char *key, size_t *ret_item, char **ret_place);

/*
 * The keys that a change of an item's config may be about: sorted, without the first slash; as a
 * NULL-terminated list.
 */
char **key_map_list_changed(const KeyMap *map, size_t item, ReconfChange *change);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyMap, key_map_free)
