/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/object-path.h"

#include "daemon/model/path.h"
#include "introspection/names.h"

#include <string.h>

/* A rule has 1024 bytes, and more in it than this. */
#define MATCH_PATH_MAX 700U

char *object_path_of_config(const char *name)
{
        GString *path = g_string_new(RECONF_CONFIG_PATH_PREFIX "/");

        /* As sd_bus_path_encode() does. */
        for (const char *p = name; *p != '\0'; p++) {
                if (g_ascii_isalpha(*p) || (p > name && g_ascii_isdigit(*p)))
                        g_string_append_c(path, *p);
                else
                        g_string_append_printf(path, "_%02x", (unsigned char) *p);
        }
        return g_string_free(path, FALSE);
}

char *match_path_of(const char *path)
{
        g_autoptr(Path) parsed = NULL;
        g_autoptr(Failure) failure = path_parse(path, &parsed);
        g_autofree char *slashed = NULL;
        char *bad;

        g_return_val_if_fail(!failure, NULL);

        slashed = path_format_slashed(parsed);
        bad = strchr(slashed, '\'');
        if (strlen(slashed) > MATCH_PATH_MAX && (!bad || bad - slashed > (int) MATCH_PATH_MAX))
                bad = slashed + MATCH_PATH_MAX;
        if (bad) {
                while (*bad != '/')
                        bad--;
                bad[1] = '\0';
        }
        return g_steal_pointer(&slashed);
}

char *object_path_to_config(const char *object)
{
        const char *p = object + strlen(RECONF_CONFIG_PATH_PREFIX "/");
        GString *name;

        if (!g_str_has_prefix(object, RECONF_CONFIG_PATH_PREFIX "/"))
                return NULL;
        name = g_string_new(NULL);
        for (; *p != '\0'; p++) {
                if (*p == '_' && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
                        g_string_append_c(name, (char) (g_ascii_xdigit_value(p[1]) << 4 |
                                                        g_ascii_xdigit_value(p[2])));
                        p += 2;
                } else {
                        g_string_append_c(name, *p);
                }
        }
        return g_string_free(name, FALSE);
}
