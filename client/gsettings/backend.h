/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The GSettings backend: a config's values as the settings of a program that knows nothing of Reconf
 *
 * With GSETTINGS_BACKEND=reconf in its environment, a program of GSettings reads what RECONF_GSETTINGS names
 * (see key-map.h): one or more configs of the service's on the session bus, or else the one called
 * "gsettings". It hears changes as it does with any backend.
 *
 * What a config does not have, or has of a type that the key cannot be (see convert.h), is as if unset, so
 * the schema's default counts; the latter is warned of, once until it is mended. null is as if unset, too.
 *
 * Files are edited, not written by programs: no key is writable, so g_settings_set() fails as GSettings says
 * it does where that is so, and a reset does nothing.
 */
#pragma once

#include <glib-object.h>

GType reconf_settings_backend_get_type(void);

/* Makes the type known to GIO under the name "reconf". It is taken only by who asks for it. */
void settings_backend_register(GTypeModule *module);
