/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log level of a running program follows its config: log-level FILE
 *
 * A worker thread takes orders, one a line of standard input, and logs what it does. log.level in the file
 * (debug, info, warning or error) says how much of that is shown, from the next message on. Where there is
 * no bus or no service, the program reads and watches the file by itself and does the same, until there is.
 *
 * cc log-level.c -o log-level $(pkg-config --cflags --libs reconf-1)
 */
#include <reconf/reconf.h>
#include <stdio.h>

/* Read by any thread for each message; higher bits are lesser levels. */
static gint threshold = G_LOG_LEVEL_INFO;

static gboolean find_level(const char *name, gint *ret)
{
        static const struct {
                const char *name;
                GLogLevelFlags level;
        } levels[] = {
                { "debug", G_LOG_LEVEL_DEBUG },
                { "info", G_LOG_LEVEL_INFO },
                { "warning", G_LOG_LEVEL_WARNING },
                { "error", G_LOG_LEVEL_CRITICAL },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(levels); i++)
                if (g_strcmp0(name, levels[i].name) == 0) {
                        *ret = (gint) levels[i].level;
                        return TRUE;
                }
        return FALSE;
}

static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                  void *unused)
{
        if ((gint) (level & G_LOG_LEVEL_MASK) > g_atomic_int_get(&threshold))
                return G_LOG_WRITER_HANDLED;
        return g_log_writer_standard_streams(level, fields, n_fields, NULL);
}

static void apply_level(ReconfConfig *config)
{
        g_autofree char *name = reconf_config_dup_string(config, "log.level", "info");
        gint level;

        if (find_level(name, &level)) {
                g_atomic_int_set(&threshold, level);
                g_print("Log level: %s\n", name);
        } else {
                g_warning("log.level is none of debug, info, warning, error: it stays as it was");
        }
}

/* The file has been saved and is no good. What was read last stays; whoever reads the log should know. */
static void on_reload_failed(ReconfConfig *config, const char *stage, GVariant *problems, void *unused)
{
        GVariantIter iter;
        const char *message;
        guint32 line;

        g_variant_iter_init(&iter, problems);
        while (g_variant_iter_next(&iter, "(&suu&s)", NULL, &line, NULL, &message))
                g_warning("Config not reloaded (%s), line %u: %s", stage, line, message);
}

static void *work(void *loop)
{
        char order[256];

        while (fgets(order, sizeof order, stdin)) {
                g_strchomp(order);
                g_debug("Read %zu bytes", strlen(order));
                if (*order != '\0')
                        g_info("Order: %s", order);
                else
                        g_warning("Order without a name, ignored");
        }
        g_main_loop_quit(loop);
        return NULL;
}

int main(int argc, char **argv)
{
        g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
        g_autoptr(GError) error = NULL;
        g_autoptr(ReconfConfig) config = NULL;

        if (argc != 2) {
                g_printerr("Usage: log-level FILE\n");
                return EXIT_FAILURE;
        }
        g_log_set_writer_func(write_log, NULL, NULL);

        config = reconf_config_open_sync(G_BUS_TYPE_SESSION, argv[1], NULL, &error);
        if (!config) {
                g_printerr("%s\n", error->message);
                return EXIT_FAILURE;
        }
        g_signal_connect(config, "changed::log.level", G_CALLBACK(apply_level), NULL);
        g_signal_connect(config, "reload-failed", G_CALLBACK(on_reload_failed), NULL);
        apply_level(config);

        g_thread_unref(g_thread_new("worker", work, loop));
        g_main_loop_run(loop);
        return EXIT_SUCCESS;
}
