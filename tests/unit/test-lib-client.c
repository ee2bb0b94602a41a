/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients: a service that is there, goes, comes back and goes for good, and nothing left over
 *
 * On a bus of the test's own, which starts the daemon that was built. That objects go with their last
 * reference is said here; that nothing else stays, by the sanitizers.
 */
#include "client/lib/reconf/reconf.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>

typedef struct Scene {
        GTestDBus *bus;
        char *directory;
        ReconfClient *client;
} Scene;

static void write_file(const char *directory, const char *name, const char *text)
{
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autoptr(GError) error = NULL;

        g_file_set_contents(path, text, -1, &error);
        g_assert_no_error(error);
}

static void remove_tree(const char *path)
{
        g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
        const char *name;

        while (directory && (name = g_dir_read_name(directory))) {
                g_autofree char *below = g_build_filename(path, name, NULL);

                remove_tree(below);
        }
        (void) g_remove(path);
}

/* Runs the loop until it is so; the test's own time limit is the only one. */
#define wait_until(condition) \
        while (!(condition))  \
        g_main_context_iteration(NULL, TRUE)

static ReconfClient *connect_client(Scene *scene)
{
        g_autoptr(GError) error = NULL;
        ReconfClient *client = reconf_client_new_for_address_sync(g_test_dbus_get_bus_address(scene->bus),
                                                                  NULL, &error);

        g_assert_no_error(error);
        reconf_client_set_reconnect_delay(client, 10);
        return client;
}

static void start_bus(Scene *scene)
{
        scene->bus = g_test_dbus_new(G_TEST_DBUS_NONE);
        g_test_dbus_add_service_dir(scene->bus, scene->directory);
        g_test_dbus_up(scene->bus);
}

static void set_up(Scene *scene, const void *unused)
{
        g_autofree char *service = NULL;

        scene->directory = g_dir_make_tmp("reconf-test-XXXXXX", NULL);
        g_assert_nonnull(scene->directory);
        g_setenv("HOME", scene->directory, TRUE);
        g_setenv("XDG_CONFIG_HOME", scene->directory, TRUE);
        g_setenv("XDG_STATE_HOME", scene->directory, TRUE);
        g_setenv("XDG_RUNTIME_DIR", scene->directory, TRUE);
        service = g_strdup_printf("[D-BUS Service]\nName=org.reconf.Reconf1\nExec=%s --user\n",
                                  g_getenv("RECONFD"));
        write_file(scene->directory, "org.reconf.Reconf1.service", service);
        start_bus(scene);
        scene->client = connect_client(scene);
}

static void signal_daemon(Scene *scene, int number)
{
        g_autoptr(GDBusConnection) connection = reconf_client_dup_connection(scene->client);
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
                        connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                        "GetConnectionUnixProcessID", g_variant_new("(s)", "org.reconf.Reconf1"),
                        G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
        guint32 pid;

        g_assert_no_error(error);
        g_variant_get(reply, "(u)", &pid);
        g_assert_cmpint(kill((pid_t) pid, number), ==, 0);
}

/* What is on its way comes to its end, and holds nothing after that. */
static void drop_client(Scene *scene)
{
        ReconfClient *client = scene->client;

        g_object_add_weak_pointer(G_OBJECT(client), (void **) &client);
        g_clear_object(&scene->client);
        wait_until(!client);
}

static void tear_down(Scene *scene, const void *unused)
{
        if (!scene->client)
                scene->client = connect_client(scene);
        /* Orderly, so that what is left over there is found as well. */
        reconf_client_set_auto_reconnect(scene->client, FALSE);
        signal_daemon(scene, SIGTERM);
        wait_until(reconf_client_get_status(scene->client) == RECONF_STATUS_DISCONNECTED);
        drop_client(scene);
        while (g_main_context_iteration(NULL, FALSE))
                ;
        g_test_dbus_stop(scene->bus);
        g_object_unref(scene->bus);
        remove_tree(scene->directory);
        g_free(scene->directory);
}

static void drop_config(ReconfConfig *config)
{
        g_object_add_weak_pointer(G_OBJECT(config), (void **) &config);
        g_object_unref(config);
        wait_until(!config);
}

static void save(Scene *scene, const char *text)
{
        write_file(scene->directory, "a.yaml", text);
}

static ReconfConfig *open_config(Scene *scene)
{
        g_autofree char *path = g_build_filename(scene->directory, "a.yaml", NULL);
        g_autoptr(GError) error = NULL;
        ReconfConfig *config;

        save(scene, "a: 1\n");
        config = reconf_client_watch_file_sync(scene->client, path, NULL, &error);
        g_assert_no_error(error);
        return config;
}

static void note_change(ReconfConfig *config, ReconfChange *change, void *data)
{
        for (guint i = 0; i < reconf_change_get_n_items(change); i++) {
                g_autoptr(GVariant) old = reconf_change_get_old_value(change, i);
                g_autoptr(GVariant) new = reconf_change_get_new_value(change, i);

                g_string_append_printf(data, "%s:%d>%d ", reconf_change_get_path(change, i),
                                       (int) g_variant_get_int64(old), (int) g_variant_get_int64(new));
        }
}

static void test_changes(Scene *scene, const void *unused)
{
        g_autoptr(GString) notes = g_string_new(NULL);
        ReconfConfig *config = open_config(scene);

        g_signal_connect(config, "changed::a", G_CALLBACK(note_change), notes);
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 1);
        save(scene, "a: 2\n");
        wait_until(notes->len > 0);
        g_assert_cmpstr(notes->str, ==, "a:1>2 ");
        drop_config(config);
}

static void take_result(GObject *source, GAsyncResult *result, void *data)
{
        *(GAsyncResult **) data = g_object_ref(result);
}

static void test_calls(Scene *scene, const void *unused)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) history = NULL;
        g_autoptr(GVariant) changes = NULL;
        g_autoptr(GVariant) problems = NULL;
        g_autoptr(GVariant) configs = NULL;
        g_autoptr(GAsyncResult) result = NULL;
        ReconfConfig *config = open_config(scene);
        guint64 version = 0;

        save(scene, "a: 2\n");
        g_assert_true(reconf_config_reload_sync(config, &version, NULL, &error));
        g_assert_cmpuint(version, ==, 2);
        g_assert_true(reconf_config_rollback_sync(config, 1, NULL, &version, NULL, &error));
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 1);
        history = reconf_config_get_history_sync(config, NULL, &error);
        g_assert_cmpuint(g_variant_n_children(history), ==, 3);
        changes = reconf_config_diff_sync(config, 2, 0, NULL, &error);
        g_assert_cmpuint(g_variant_n_children(changes), ==, 1);
        g_assert_false(reconf_config_confirm_sync(config, 3, NULL, &error));
        g_assert_error(error, RECONF_ERROR, RECONF_ERROR_NOT_UNCONFIRMED);
        g_clear_error(&error);

        reconf_config_validate(config, "a: [", NULL, NULL, take_result, &result);
        wait_until(result);
        problems = reconf_config_validate_finish(config, result, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(g_variant_n_children(problems), ==, 1);
        g_clear_object(&result);
        reconf_client_list_configs(scene->client, NULL, take_result, &result);
        wait_until(result);
        configs = reconf_client_list_configs_finish(scene->client, result, &error);
        g_assert_cmpuint(g_variant_n_children(configs), ==, 1);
        drop_config(config);
}

static gboolean object_to_three(ReconfInstance *instance, ReconfChange *change, void *unused)
{
        if (reconf_snapshot_get_int(reconf_change_get_after(change), "a", 0) == 3)
                reconf_change_reject(change, "a is three");
        return TRUE;
}

static void count(ReconfConfig *config, const char *stage, GVariant *problems, void *data)
{
        (*(int *) data)++;
}

static void test_instance(Scene *scene, const void *unused)
{
        g_autoptr(GError) error = NULL;
        ReconfConfig *config = open_config(scene);
        ReconfInstance *instance =
                        reconf_instance_new_sync(config, "test", RECONF_INSTANCE_VALIDATES, NULL, &error);
        int failures = 0;

        g_assert_no_error(error);
        g_signal_connect(instance, "validate", G_CALLBACK(object_to_three), NULL);
        g_signal_connect(config, "reload-failed", G_CALLBACK(count), &failures);
        reconf_instance_set_validate_timeout(instance, 9000);
        g_assert_true(reconf_config_reload_sync(config, NULL, NULL, &error));
        save(scene, "a: 3\n");
        wait_until(failures > 0);
        save(scene, "a: 4\n");
        wait_until(reconf_config_get_int(config, "a", 0) == 4);
        g_assert_true(reconf_instance_report_sync(instance, 2, RECONF_REPORT_PARTIAL, "half", NULL, &error));
        g_object_add_weak_pointer(G_OBJECT(instance), (void **) &instance);
        g_object_unref(instance);
        wait_until(!instance);
        drop_config(config);
}

static void test_return(Scene *scene, const void *unused)
{
        g_autoptr(GString) notes = g_string_new(NULL);
        ReconfConfig *config = open_config(scene);

        g_signal_connect(config, "changed", G_CALLBACK(note_change), notes);
        for (int i = 0; i < 3; i++) {
                g_autofree char *text = g_strdup_printf("a: %d\n", i + 2);

                signal_daemon(scene, i % 2 ? SIGTERM : SIGKILL);
                wait_until(reconf_config_get_status(config) != RECONF_STATUS_CONNECTED);
                save(scene, text);
                wait_until(reconf_config_get_status(config) == RECONF_STATUS_CONNECTED &&
                           reconf_config_get_int(config, "a", 0) == i + 2);
        }
        wait_until(g_str_has_suffix(notes->str, "a:3>4 "));
        g_assert_cmpstr(notes->str, ==, "a:1>2 a:2>3 a:3>4 ");
        drop_config(config);
}

static void test_unregistered(Scene *scene, const void *unused)
{
        g_autoptr(GError) error = NULL;
        ReconfConfig *config = open_config(scene);

        g_assert_true(reconf_client_unregister_sync(scene->client, "a", NULL, &error));
        wait_until(reconf_config_get_status(config) == RECONF_STATUS_ERROR);
        error = reconf_config_dup_error(config);
        g_assert_error(error, RECONF_ERROR, RECONF_ERROR_NO_SUCH_CONFIG);
        drop_config(config);
}

static void expect_cancelled(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(ReconfConfig) config =
                        reconf_client_get_config_finish(RECONF_CLIENT(source), result, &error);

        g_assert_null(config);
        g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        (*(int *) data)++;
}

/* At each step of the way. */
static void test_cancelled(Scene *scene, const void *unused)
{
        ReconfConfig *config = open_config(scene);

        for (int turns = 0; turns < 4; turns++) {
                g_autoptr(GCancellable) cancellable = g_cancellable_new();
                int n_ended = 0;

                reconf_client_get_config(scene->client, "a", NULL, cancellable, expect_cancelled, &n_ended);
                for (int i = 0; i < turns && n_ended == 0; i++)
                        g_main_context_iteration(NULL, FALSE);
                g_cancellable_cancel(cancellable);
                wait_until(n_ended == 1);
        }
        drop_config(config);
}

/* The bus itself goes: tried in vain, until nobody wants it any more. */
static void test_no_bus(Scene *scene, const void *unused)
{
        ReconfConfig *config = open_config(scene);

        g_test_dbus_stop(scene->bus);
        wait_until(reconf_client_get_reconnect_attempts(scene->client) >= 2);
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 1);
        g_object_unref(config);
        drop_client(scene);
        g_object_unref(scene->bus);
        start_bus(scene);
}

static ReconfConfig *open_anyhow(Scene *scene)
{
        g_autofree char *path = g_build_filename(scene->directory, "a.yaml", NULL);
        g_autoptr(GError) error = NULL;
        ReconfConfig *config = reconf_config_open_sync(G_BUS_TYPE_SESSION, path, NULL, &error);

        g_assert_no_error(error);
        return config;
}

/* A config that goes over to the service, and ones that go before they have, or while they do. */
static void test_open(Scene *scene, const void *unused)
{
        g_autoptr(GString) notes = g_string_new(NULL);
        ReconfConfig *config, *hasty;

        save(scene, "a: 1\n");
        drop_client(scene);
        g_test_dbus_stop(scene->bus);
        g_object_unref(scene->bus);
        drop_config(open_anyhow(scene));
        hasty = open_anyhow(scene);
        config = open_anyhow(scene);
        g_signal_connect(config, "changed", G_CALLBACK(note_change), notes);
        save(scene, "a: 2\n");
        wait_until(notes->len > 0);
        g_assert_null(reconf_config_get_object_path(config));

        start_bus(scene);
        reconf_client_reconnect(reconf_config_get_client(hasty));
        wait_until(reconf_client_get_status(reconf_config_get_client(hasty)) == RECONF_STATUS_CONNECTED);
        drop_config(hasty);
        reconf_client_reconnect(reconf_config_get_client(config));
        wait_until(reconf_config_get_object_path(config));
        g_assert_cmpuint(reconf_config_get_version(config), ==, 1);
        save(scene, "a: 3\n");
        wait_until(g_str_has_suffix(notes->str, "a:2>3 "));
        g_assert_cmpstr(notes->str, ==, "a:1>2 a:2>3 ");
        drop_config(config);
}

int main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
        g_test_add("/lib/client/changes", Scene, NULL, set_up, test_changes, tear_down);
        g_test_add("/lib/client/calls", Scene, NULL, set_up, test_calls, tear_down);
        g_test_add("/lib/client/instance", Scene, NULL, set_up, test_instance, tear_down);
        g_test_add("/lib/client/return", Scene, NULL, set_up, test_return, tear_down);
        g_test_add("/lib/client/unregistered", Scene, NULL, set_up, test_unregistered, tear_down);
        g_test_add("/lib/client/cancelled", Scene, NULL, set_up, test_cancelled, tear_down);
        g_test_add("/lib/client/no-bus", Scene, NULL, set_up, test_no_bus, tear_down);
        g_test_add("/lib/client/open", Scene, NULL, set_up, test_open, tear_down);
        return g_test_run();
}
