/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Follows a config file while running, and tells what each change of it is: subscriber FILE
 *
 * cc subscriber.c -o subscriber $(pkg-config --cflags --libs reconf-1)
 */
#include <reconf/reconf.h>

static char *show(GVariant *value)
{
        return value ? g_variant_print(value, FALSE) : g_strdup("nothing");
}

static void on_changed(ReconfConfig *config, ReconfChange *change, void *data)
{
        for (guint i = 0; i < reconf_change_get_n_items(change); i++) {
                g_autoptr(GVariant) old_value = reconf_change_get_old_value(change, i);
                g_autoptr(GVariant) new_value = reconf_change_get_new_value(change, i);
                g_autofree char *before = show(old_value), *after = show(new_value);

                g_print("%s: %s -> %s\n", reconf_change_get_path(change, i), before, after);
        }
}

static void apply_timeout(ReconfConfig *config)
{
        g_print("Timeout: %d s\n", (int) reconf_config_get_int(config, "server.timeout", 30));
}

int main(int argc, char **argv)
{
        g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
        g_autoptr(GError) error = NULL;
        g_autoptr(ReconfClient) client = reconf_client_new_sync(G_BUS_TYPE_SESSION, NULL, &error);
        g_autoptr(ReconfConfig) config = NULL;

        if (client && argc == 2)
                config = reconf_client_watch_file_sync(client, argv[1], NULL, &error);
        if (!config) {
                g_printerr("%s\n", error ? error->message : "Usage: subscriber FILE");
                return EXIT_FAILURE;
        }
        g_signal_connect(config, "changed", G_CALLBACK(on_changed), NULL);
        g_signal_connect(config, "changed::server.timeout", G_CALLBACK(apply_timeout), NULL);
        apply_timeout(config);
        g_main_loop_run(loop);
}
