/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(RECONF_INSIDE) && !defined(RECONF_COMPILATION)
#error "Only <reconf/reconf.h> can be included directly."
#endif

#include <glib.h>
#include <reconf/version.h>

G_BEGIN_DECLS

RECONF_AVAILABLE_IN_0_1
gboolean reconf_path_is_valid(const char *path, GError **error);
RECONF_AVAILABLE_IN_0_1
char *reconf_path_append(const char *path, const char *key);
RECONF_AVAILABLE_IN_0_1
char **reconf_path_split(const char *path, GError **error);

G_END_DECLS
