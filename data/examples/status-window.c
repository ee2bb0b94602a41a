/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A window with settings that change while it is open, and a light that says whether they would:
 * status-window FILE
 *
 * Nothing here waits: the window is there at once and fills when the service has answered. Where there is no
 * bus or no service, it reads and watches the file by itself. Properties are bound to settings;
 * features.dark-mode switches the whole window.
 *
 * cc status-window.c status-indicator.c -o status-window $(pkg-config --cflags --libs gtk4 reconf-1)
 */
#include "status-indicator.h"

#define VALUE_CHARS 8

static const struct {
        const char *title;
        const char *path;
} rows[] = {
        { "Log level", "log.level" },
        { "Time limit (s)", "server.timeout" },
        { "Connections", "database.pool.size" },
        { "Requests", "server.rate-limit.requests" },
};

typedef struct {
        const char *file;
        int attempts;
        gboolean stay_away;
        GtkCornerType position;
        gboolean compact;
        gboolean only_on_error;
} Options;

typedef struct {
        Options options;
        ReconfClient *client;
        ReconfConfig *config;
        StatusIndicator *indicator;
        GtkWidget *values[G_N_ELEMENTS(rows)];
} Window;

/* Settings */

/* Any value as text, for a label. */
static gboolean text_of_variant(GValue *value, GVariant *variant, void *unused)
{
        if (g_variant_is_of_type(variant, G_VARIANT_TYPE_STRING))
                g_value_set_string(value, g_variant_get_string(variant, NULL));
        else
                g_value_take_string(value, g_variant_print(variant, FALSE));
        return TRUE;
}

static void show_config(Window *window)
{
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                reconf_config_bind_with_mapping(window->config, rows[i].path, G_OBJECT(window->values[i]),
                                                "label", RECONF_BIND_DEFAULT, text_of_variant, NULL, NULL);
        reconf_config_bind(window->config, "features.dark-mode", G_OBJECT(gtk_settings_get_default()),
                           "gtk-application-prefer-dark-theme", RECONF_BIND_DEFAULT);
        status_indicator_follow(window->indicator, window->config);
}

/* Takes the error. */
static void fail(Window *window, GError *error)
{
        status_indicator_show(window->indicator, RECONF_STATUS_ERROR, error->message);
        g_printerr("%s\n", error->message);
        g_error_free(error);
}

static void on_config(GObject *source, GAsyncResult *result, void *data)
{
        Window *window = data;
        GError *error = NULL;

        window->config = reconf_client_watch_file_finish(window->client, result, &error);
        if (window->config)
                show_config(window);
        else
                fail(window, error);
}

static void do_without_service(Window *window)
{
        GError *error = NULL;

        window->config = reconf_config_new_for_file(window->options.file, &error);
        if (window->config)
                show_config(window);
        else
                fail(window, error);
}

static void on_client(GObject *source, GAsyncResult *result, void *data)
{
        Window *window = data;
        g_autoptr(GError) error = NULL;

        window->client = reconf_client_new_finish(result, &error);
        if (!window->client) {
                g_message("Without the service: %s", error->message);
                do_without_service(window);
                return;
        }
        reconf_client_set_max_reconnect_attempts(window->client, (guint) MAX(window->options.attempts, 0));
        reconf_client_set_auto_reconnect(window->client, !window->options.stay_away);
        reconf_client_watch_file(window->client, window->options.file, NULL, on_config, window);
}

/* The window */

static GtkWidget *make_table(Window *window)
{
        GtkWidget *table = gtk_grid_new();

        gtk_grid_set_row_spacing(GTK_GRID(table), 6);
        gtk_grid_set_column_spacing(GTK_GRID(table), 24);
        gtk_widget_set_halign(table, GTK_ALIGN_CENTER);
        gtk_widget_set_valign(table, GTK_ALIGN_CENTER);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                GtkWidget *title = gtk_label_new(rows[i].title);

                window->values[i] = gtk_label_new("–");
                gtk_label_set_xalign(GTK_LABEL(title), 0);
                gtk_label_set_xalign(GTK_LABEL(window->values[i]), 1);
                /* Room for what may come, so that nothing moves when it does. */
                gtk_label_set_width_chars(GTK_LABEL(window->values[i]), VALUE_CHARS);
                gtk_grid_attach(GTK_GRID(table), title, 0, (int) i, 1, 1);
                gtk_grid_attach(GTK_GRID(table), window->values[i], 1, (int) i, 1, 1);
        }
        return table;
}

static void make_indicator(Window *window)
{
        const Options *options = &window->options;

        window->indicator = STATUS_INDICATOR(status_indicator_new());
        g_object_set(window->indicator, "position", options->position, "compact", options->compact,
                     "only-on-error", options->only_on_error, NULL);
}

/* GTK's own connection to the session bus ends a program when that bus goes; this one has something to show
 * then. */
static void on_startup(GApplication *application)
{
        g_autoptr(GDBusConnection) connection = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);

        if (connection)
                g_dbus_connection_set_exit_on_close(connection, FALSE);
}

static void on_activate(GtkApplication *application, Window *window)
{
        GtkWidget *overlay = gtk_overlay_new();
        GtkWidget *widget = gtk_application_window_new(application);

        make_indicator(window);
        gtk_overlay_set_child(GTK_OVERLAY(overlay), make_table(window));
        gtk_overlay_add_overlay(GTK_OVERLAY(overlay), GTK_WIDGET(window->indicator));
        gtk_window_set_child(GTK_WINDOW(widget), overlay);
        gtk_window_set_title(GTK_WINDOW(widget), "Settings");
        gtk_window_set_default_size(GTK_WINDOW(widget), 420, 300);
        gtk_window_present(GTK_WINDOW(widget));
        reconf_client_new(G_BUS_TYPE_SESSION, NULL, on_client, window);
}

/* The program */

static gboolean parse_position(const char *option, const char *value, void *data, GError **error)
{
        g_autoptr(GEnumClass) corners = g_type_class_ref(GTK_TYPE_CORNER_TYPE);
        const GEnumValue *corner = g_enum_get_value_by_nick(corners, value);
        Options *options = data;

        if (!corner) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "%s has to be top-left, top-right, bottom-left or bottom-right", option);
                return FALSE;
        }
        options->position = (GtkCornerType) corner->value;
        return TRUE;
}

static gboolean parse_options(Options *options, int *argc, char ***argv, GError **error)
{
        const GOptionEntry entries[] = {
                { "position", 0, 0, G_OPTION_ARG_CALLBACK, parse_position, "Where the indicator is",
                  "CORNER" },
                { "compact", 0, 0, G_OPTION_ARG_NONE, &options->compact, "An indicator without words",
                  NULL },
                { "only-on-error", 0, 0, G_OPTION_ARG_NONE, &options->only_on_error,
                  "An indicator for errors only", NULL },
                { "attempts", 0, 0, G_OPTION_ARG_INT, &options->attempts, "Give up after so many attempts",
                  "N" },
                { "stay-away", 0, 0, G_OPTION_ARG_NONE, &options->stay_away, "Do not call the service back",
                  NULL },
                G_OPTION_ENTRY_NULL,
        };
        g_autoptr(GOptionContext) context = g_option_context_new("FILE");
        GOptionGroup *group = g_option_group_new("window", NULL, NULL, options, NULL);

        g_option_group_add_entries(group, entries);
        g_option_context_set_main_group(context, group);
        if (!g_option_context_parse(context, argc, argv, error))
                return FALSE;
        if (*argc == 2)
                return TRUE;
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "Which file? See --help");
        return FALSE;
}

int main(int argc, char **argv)
{
        g_autoptr(GtkApplication) application = NULL;
        g_autoptr(GError) error = NULL;
        Window window = { .options.position = GTK_CORNER_BOTTOM_RIGHT };
        int status;

        if (!parse_options(&window.options, &argc, &argv, &error)) {
                g_printerr("%s\n", error->message);
                return EXIT_FAILURE;
        }
        window.options.file = argv[1];
        application = gtk_application_new(NULL, G_APPLICATION_NON_UNIQUE);
        g_signal_connect(application, "startup", G_CALLBACK(on_startup), NULL);
        g_signal_connect(application, "activate", G_CALLBACK(on_activate), &window);
        status = g_application_run(G_APPLICATION(application), 0, NULL);
        g_clear_object(&window.config);
        g_clear_object(&window.client);
        return status;
}
