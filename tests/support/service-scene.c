/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/service-scene.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* A directory of its own, since the bus looks whenever something changes in it. */
#define SERVICES "services"

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

static ReconfClient *connect_client(ServiceScene *scene)
{
        g_autoptr(GError) error = NULL;
        ReconfClient *client = reconf_client_new_for_address_sync(g_test_dbus_get_bus_address(scene->bus),
                                                                  NULL, &error);

        g_assert_no_error(error);
        reconf_client_set_reconnect_delay(client, 10);
        return client;
}

void service_scene_start_bus(ServiceScene *scene)
{
        g_autofree char *services = service_scene_path(scene, SERVICES);

        scene->bus = g_test_dbus_new(G_TEST_DBUS_NONE);
        g_test_dbus_add_service_dir(scene->bus, services);
        g_test_dbus_up(scene->bus);
}

void service_scene_save(ServiceScene *scene, const char *name, const char *text)
{
        g_autofree char *path = service_scene_path(scene, name);
        g_autoptr(GError) error = NULL;

        g_file_set_contents(path, text, -1, &error);
        g_assert_no_error(error);
}

char *service_scene_path(ServiceScene *scene, const char *name)
{
        return g_build_filename(scene->directory, name, NULL);
}

static pid_t find_daemon(ServiceScene *scene)
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
        return (pid_t) pid;
}

void service_scene_signal(ServiceScene *scene, int number)
{
        g_assert_cmpint(kill(find_daemon(scene), number), ==, 0);
}

/* What is on its way comes to its end, and holds nothing after that. */
void service_scene_drop_client(ServiceScene *scene)
{
        ReconfClient *client = scene->client;

        g_object_add_weak_pointer(G_OBJECT(client), (void **) &client);
        g_clear_object(&scene->client);
        service_scene_wait_until(!client);
}

static void set_up(ServiceScene *scene, const void *unused)
{
        g_autofree char *service = NULL;
        g_autofree char *services = NULL;

        scene->directory = g_dir_make_tmp("reconf-test-XXXXXX", NULL);
        g_assert_nonnull(scene->directory);
        g_setenv("HOME", scene->directory, TRUE);
        g_setenv("XDG_CONFIG_HOME", scene->directory, TRUE);
        g_setenv("XDG_STATE_HOME", scene->directory, TRUE);
        g_setenv("XDG_RUNTIME_DIR", scene->directory, TRUE);
        service = g_strdup_printf("[D-BUS Service]\nName=org.reconf.Reconf1\nExec=%s --user\n",
                                  g_getenv("RECONFD"));
        services = service_scene_path(scene, SERVICES);
        g_assert_cmpint(g_mkdir(services, 0700), ==, 0);
        service_scene_save(scene, SERVICES "/org.reconf.Reconf1.service", service);
        service_scene_start_bus(scene);
        scene->client = connect_client(scene);
}

static void tear_down(ServiceScene *scene, const void *unused)
{
        struct pollfd daemon = { .events = POLLIN };

        if (!scene->client)
                scene->client = connect_client(scene);
        reconf_client_set_auto_reconnect(scene->client, FALSE);
        daemon.fd = pidfd_open(find_daemon(scene), 0);
        g_assert_cmpint(daemon.fd, >=, 0);
        service_scene_signal(scene, SIGTERM);
        service_scene_wait_until(reconf_client_get_status(scene->client) == RECONF_STATUS_DISCONNECTED);
        g_assert_cmpint(poll(&daemon, 1, -1), ==, 1);
        (void) close(daemon.fd);
        service_scene_drop_client(scene);
        while (g_main_context_iteration(NULL, FALSE))
                ;
        g_test_dbus_stop(scene->bus);
        g_object_unref(scene->bus);
        remove_tree(scene->directory);
        g_free(scene->directory);
}

void service_scene_add(const char *path, void (*test)(ServiceScene *scene, const void *unused))
{
        g_test_add(path, ServiceScene, NULL, set_up, test, tear_down);
}
