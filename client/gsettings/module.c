/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The module that GIO loads
 */
#include "client/gsettings/backend.h"

#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gio.h>
#include <gio/gsettingsbackend.h>

void g_io_module_load(GIOModule *module)
{
        /* It has a thread, and the library types that stay: there is no way back. */
        g_type_module_use(G_TYPE_MODULE(module));
        settings_backend_register(G_TYPE_MODULE(module));
}

void g_io_module_unload(GIOModule *module)
{
}

char **g_io_module_query(void)
{
        const char *points[] = { G_SETTINGS_BACKEND_EXTENSION_POINT_NAME, NULL };

        return g_strdupv((char **) points);
}
