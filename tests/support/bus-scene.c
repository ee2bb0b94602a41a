/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/bus-scene.h"

#include "daemon/bus.h"
#include "introspection/names.h"
#include "tests/support/tree.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_USEC (20 * G_USEC_PER_SEC)

/* The daemon's end */

typedef struct Daemon {
        sd_event *event;
        sd_bus *connection;
        Manager *manager;
        Bus *bus;
} Daemon;

static void daemon_connect(Daemon *daemon, int fd)
{
        g_assert_cmpint(sd_bus_new(&daemon->connection), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(daemon->connection, fd, fd), >=, 0);
        g_assert_cmpint(sd_bus_set_bus_client(daemon->connection, 1), >=, 0);
        g_assert_cmpint(sd_bus_set_trusted(daemon->connection, 1), >=, 0);
        g_assert_cmpint(sd_bus_negotiate_fds(daemon->connection, 1), >=, 0);
        g_assert_cmpint(sd_bus_set_exit_on_disconnect(daemon->connection, 1), >=, 0);
        g_assert_cmpint(sd_bus_start(daemon->connection), >=, 0);
}

/* As main.c does it, but for the name, and for the process. */
static void *run_daemon(void *data)
{
        BusScene *scene = data;
        g_autofree char *state = bus_scene_path(scene, "state");
        char *directories[] = { NULL };
        Settings settings = {
                .scope = SCOPE_USER,
                .state_directory = state,
                .directories = directories,
                .environment = "test",
                .hot_reload = true,
        };
        Daemon daemon = { 0 };

        g_assert_cmpint(sd_event_new(&daemon.event), >=, 0);
        daemon_connect(&daemon, scene->daemon_fd);
        g_assert_null(manager_new(daemon.event, &settings, &daemon.manager));
        g_assert_cmpint(bus_new(daemon.connection, daemon.manager, &daemon.bus), ==, 0);
        if (scene->vtable)
                g_assert_cmpint(sd_bus_add_object_vtable(daemon.connection, NULL, BUS_SCENE_TEST_PATH,
                                                         BUS_SCENE_TEST_INTERFACE, scene->vtable,
                                                         daemon.bus),
                                >=, 0);
        manager_start(daemon.manager);
        g_assert_cmpint(sd_bus_attach_event(daemon.connection, daemon.event, 0), >=, 0);
        (void) sd_event_loop(daemon.event);

        manager_free(daemon.manager);
        bus_free(daemon.bus);
        sd_bus_flush_close_unref(daemon.connection);
        sd_event_unref(daemon.event);
        return NULL;
}

/* The bus */

static int method_hello(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusScene *scene = userdata;

        scene->is_met = true;
        return sd_bus_reply_method_return(m, "s", ":1.1");
}

static int method_ignored(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return sd_bus_reply_method_return(m, NULL);
}

static int method_get_name_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const BusScene *scene = userdata;
        const char *name;

        g_assert_cmpint(sd_bus_message_read(m, "s", &name), >=, 0);
        if (g_hash_table_contains(scene->gone, name))
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "%s has left", name);
        return sd_bus_reply_method_return(m, "s", name);
}

static int method_get_credentials(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusScene *scene = userdata;
        const char *name;

        g_assert_cmpint(sd_bus_message_read(m, "s", &name), >=, 0);
        scene->n_identified++;
        if (scene->names_nobody)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED, "too busy");
        if (scene->names_no_groups)
                return sd_bus_reply_method_return(m, "a{sv}", 3, "LinuxSecurityLabel", "ay", 1, 0,
                                                  "UnixUserID", "u", scene->uid, "ProcessID", "u",
                                                  (uint32_t) getpid());
        return sd_bus_reply_method_return(m, "a{sv}", 4, "LinuxSecurityLabel", "ay", 1, 0, "UnixUserID", "u",
                                          scene->uid, "ProcessID", "u", (uint32_t) getpid(), "UnixGroupIDs",
                                          "au", 2, UINT32_C(4711), UINT32_C(4712));
}

static int method_get_pid(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const BusScene *scene = userdata;
        const char *name;

        g_assert_cmpint(sd_bus_message_read(m, "s", &name), >=, 0);
        if (g_hash_table_contains(scene->gone, name))
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "%s has left", name);
        return sd_bus_reply_method_return(m, "u", scene->other_pid ?: (uint32_t) getpid());
}

static const sd_bus_vtable bus_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Hello", "", "s", method_hello, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("AddMatch", "s", "", method_ignored, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RemoveMatch", "s", "", method_ignored, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetNameOwner", "s", "s", method_get_name_owner, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetConnectionUnixProcessID", "s", "u", method_get_pid, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetConnectionCredentials", "s", "a{sv}", method_get_credentials,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int hear(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusScene *scene = userdata;
        const char *destination = sd_bus_message_get_destination(m);

        if (!sd_bus_message_is_signal(m, NULL, NULL))
                return 0;
        g_string_append_printf(scene->heard, "%s%s%s ", sd_bus_message_get_member(m), destination ? ">" : "",
                               destination ?: "");
        return 0;
}

/* The scene */

static void scene_set_up(BusScene *scene, const void *data)
{
        int fds[2];

        scene->vtable = data;
        scene->uid = 4711;
        scene->directory = g_dir_make_tmp("reconf-bus-XXXXXX", NULL);
        g_assert_cmpint(chmod(scene->directory, 0755), ==, 0);
        scene->heard = g_string_new(NULL);
        scene->gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);

        g_assert_cmpint(sd_bus_new(&scene->peer), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(scene->peer, fds[0], fds[0]), >=, 0);
        g_assert_cmpint(sd_bus_set_server(scene->peer, 1, (sd_id128_t){ .bytes = { 1 } }), >=, 0);
        g_assert_cmpint(sd_bus_set_anonymous(scene->peer, 1), >=, 0);
        g_assert_cmpint(sd_bus_negotiate_fds(scene->peer, 1), >=, 0);
        g_assert_cmpint(sd_bus_start(scene->peer), >=, 0);
        g_assert_cmpint(sd_bus_add_object_vtable(scene->peer, NULL, "/org/freedesktop/DBus",
                                                 "org.freedesktop.DBus", bus_vtable, scene),
                        >=, 0);
        g_assert_cmpint(sd_bus_add_filter(scene->peer, NULL, hear, scene), >=, 0);
        scene->daemon_fd = fds[1];
        scene->daemon = g_thread_new("daemon", run_daemon, scene);
}

static int64_t deadline_from_now(void)
{
        return g_get_monotonic_time() + TIMEOUT_USEC;
}

static void turn(BusScene *scene, int64_t deadline)
{
        int r = sd_bus_process(scene->peer, NULL);

        g_assert_cmpint(r, >=, 0);
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        if (r == 0)
                g_assert_cmpint(sd_bus_wait(scene->peer, TIMEOUT_USEC), >=, 0);
}

static void scene_tear_down(BusScene *scene, const void *data)
{
        sd_bus_flush_close_unref(scene->peer);
        g_thread_join(scene->daemon);
        g_string_free(scene->heard, TRUE);
        g_hash_table_unref(scene->gone);
        remove_tree(scene->directory);
        g_free(scene->directory);
}

void bus_scene_add_with(const char *path, void (*test)(BusScene *, const void *),
                        const sd_bus_vtable *vtable)
{
        g_test_add(path, BusScene, vtable, scene_set_up, test, scene_tear_down);
}

void bus_scene_add(const char *path, void (*test)(BusScene *, const void *))
{
        bus_scene_add_with(path, test, NULL);
}

char *bus_scene_path(const BusScene *scene, const char *name)
{
        return g_build_filename(scene->directory, name, NULL);
}

void bus_scene_save(const BusScene *scene, const char *name, const char *content, unsigned mode)
{
        g_autofree char *path = bus_scene_path(scene, name);
        g_autoptr(GError) error = NULL;

        g_file_set_contents_full(path, content, -1, G_FILE_SET_CONTENTS_CONSISTENT, (int) mode, &error);
        g_assert_no_error(error);
}

sd_bus_message *call_new(BusScene *scene, const char *client, const char *path, const char *interface,
                         const char *member)
{
        sd_bus_message *m = NULL;

        g_assert_cmpint(sd_bus_message_new_method_call(scene->peer, &m, RECONF_BUS_NAME, path, interface,
                                                       member),
                        >=, 0);
        g_assert_cmpint(sd_bus_message_set_sender(m, client), >=, 0);
        return m;
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        BusCall *call = userdata;

        call->reply = sd_bus_message_ref(reply);
        g_string_append(call->scene->heard, "= ");
        return 0;
}

BusCall *call_send(BusScene *scene, sd_bus_message *m)
{
        BusCall *call = g_new0(BusCall, 1);
        int64_t deadline = deadline_from_now();

        call->scene = scene;
        /* Nobody is sent anything before he was let in. */
        while (!scene->is_met)
                turn(scene, deadline);
        g_assert_cmpint(sd_bus_call_async(scene->peer, NULL, m, on_reply, call, TIMEOUT_USEC), >=, 0);
        sd_bus_message_unref(m);
        return call;
}

sd_bus_message *call_await(BusCall *call)
{
        int64_t deadline = deadline_from_now();
        sd_bus_message *reply;

        while (!call->reply)
                turn(call->scene, deadline);
        reply = call->reply;
        g_free(call);
        return reply;
}

sd_bus_message *call_run(BusScene *scene, sd_bus_message *m)
{
        return call_await(call_send(scene, m));
}

void assert_error(sd_bus_message *m, const char *name)
{
        g_autoptr(sd_bus_message) reply = m;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        const char *found;

        g_assert_nonnull(error);
        found = error->name;
        if (g_str_has_prefix(found, RECONF_ERROR_PREFIX))
                found += strlen(RECONF_ERROR_PREFIX);
        g_assert_cmpstr(found, ==, name);
}

void assert_returned(sd_bus_message *m)
{
        g_autoptr(sd_bus_message) reply = m;
        const sd_bus_error *error = sd_bus_message_get_error(reply);

        g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
}

void bus_scene_leave(BusScene *scene, const char *client)
{
        g_hash_table_add(scene->gone, g_strdup(client));
        bus_scene_claim_left(scene, "org.freedesktop.DBus", client);
}

void bus_scene_claim_left(BusScene *scene, const char *sender, const char *client)
{
        g_autoptr(sd_bus_message) m = NULL;

        g_assert_cmpint(sd_bus_message_new_signal(scene->peer, &m, "/org/freedesktop/DBus",
                                                  "org.freedesktop.DBus", "NameOwnerChanged"),
                        >=, 0);
        g_assert_cmpint(sd_bus_message_set_sender(m, sender), >=, 0);
        g_assert_cmpint(sd_bus_message_append(m, "sss", client, client, ""), >=, 0);
        g_assert_cmpint(sd_bus_send(scene->peer, m, NULL), >=, 0);
}

void assert_heard(BusScene *scene, const char *expected)
{
        int64_t deadline = deadline_from_now();

        while (strlen(scene->heard->str) < strlen(expected))
                turn(scene, deadline);
        g_assert_cmpstr(scene->heard->str, ==, expected);
        g_string_truncate(scene->heard, 0);
}
