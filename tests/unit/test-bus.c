/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what stands on the bus: handlers, errors by name, and who is sent what
 */
#include "daemon/bus.h"
#include "daemon/options-bus.h"
#include "daemon/subscription.h"
#include "introspection/names.h"
#include "tests/support/bus-scene.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APP RECONF_CONFIG_PATH_PREFIX "/app"

static sd_bus_message *manager_call(BusScene *scene, const char *member)
{
        return call_new(scene, ":1.7", RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE, member);
}

static sd_bus_message *config_call(BusScene *scene, const char *client, const char *member)
{
        return call_new(scene, client, APP, RECONF_CONFIG_INTERFACE, member);
}

static sd_bus_message *registration(BusScene *scene, const char *client, const char *name, const char *file)
{
        g_autofree char *path = bus_scene_path(scene, file);
        sd_bus_message *m = call_new(scene, client, RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE,
                                     "RegisterConfig");

        g_assert_cmpint(sd_bus_message_append(m, "sasa{sv}", name, 1, path, 0), >=, 0);
        return m;
}

/* The config app, of app.yaml; what was told of it is forgotten. */
static void register_app(BusScene *scene, const char *content, unsigned mode)
{
        bus_scene_save(scene, "app.yaml", content, mode);
        assert_returned(call_run(scene, registration(scene, ":1.7", "app", "app.yaml")));
        g_string_truncate(scene->heard, 0);
}

static void subscribe(BusScene *scene, const char *client, const char *path)
{
        sd_bus_message *m = config_call(scene, client, "Subscribe");

        if (path)
                g_assert_cmpint(sd_bus_message_append(m, "ta{sv}", UINT64_C(0), 1, "paths", "as", 1, path),
                                >=, 0);
        else
                g_assert_cmpint(sd_bus_message_append(m, "ta{sv}", UINT64_C(0), 0), >=, 0);
        assert_returned(call_run(scene, m));
        g_string_truncate(scene->heard, 0);
}

static void reload(BusScene *scene)
{
        sd_bus_message *m = config_call(scene, ":1.7", "Reload");

        g_assert_cmpint(sd_bus_message_append(m, "a{sv}", 0), >=, 0);
        sd_bus_message_unref(call_run(scene, m));
}

static void test_register(BusScene *scene, const void *data)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const char *path;

        bus_scene_save(scene, "app.yaml", "a: 1\n", 0644);
        reply = call_run(scene, registration(scene, ":1.7", "app", "app.yaml"));
        g_assert_cmpint(sd_bus_message_read(reply, "o", &path), >, 0);
        g_assert_cmpstr(path, ==, APP);
        g_assert_cmpstr(sd_bus_message_get_destination(reply), ==, ":1.7");
        /* Signals come before the reply of the call that caused them. */
        assert_heard(scene, "InterfacesAdded ConfigChanged = ");
        g_assert_cmpuint(scene->n_identified, ==, 1);

        /* The same again is the same, and nothing is told. */
        assert_returned(call_run(scene, registration(scene, ":1.8", "app", "app.yaml")));
        assert_heard(scene, "= ");
        bus_scene_save(scene, "other.yaml", "a: 1\n", 0644);
        assert_error(call_run(scene, registration(scene, ":1.7", "app", "other.yaml")), "AlreadyRegistered");
}

static void test_register_bad(BusScene *scene, const void *data)
{
        assert_error(call_run(scene, registration(scene, ":1.7", "app", "none.yaml")), "FileNotFound");
        assert_error(call_run(scene, registration(scene, ":1.7", "a/b", "none.yaml")), "InvalidName");
        bus_scene_save(scene, "app.yaml", "a: [\n", 0644);
        assert_error(call_run(scene, registration(scene, ":1.7", "app", "app.yaml")), "ParseFailed");
        /* One that was refused was never there. */
        assert_heard(scene, "= = = ");
}

static void test_register_at_once(BusScene *scene, const void *data)
{
        g_autoptr(GString) large = g_string_new(NULL);
        BusCall *calls[3];

        for (unsigned i = 0; i < 8000; i++)
                g_string_append_printf(large, "k%u: a value\n", i);
        bus_scene_save(scene, "app.yaml", large->str, 0644);
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
                calls[i] = call_send(scene,
                                     registration(scene, i == 0 ? ":1.7" : ":1.8", "app", "app.yaml"));
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
                assert_returned(call_await(calls[i]));
        assert_heard(scene, "InterfacesAdded ConfigChanged = = = ");

        g_string_append(large, "[\n");
        bus_scene_save(scene, "bad.yaml", large->str, 0644);
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
                calls[i] = call_send(scene, registration(scene, ":1.7", "bad", "bad.yaml"));
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
                assert_error(call_await(calls[i]), "ParseFailed");
        assert_heard(scene, "= = = ");
}

/* Locked while the worker's threads are to do nothing. */
static GMutex worker_lock;

static void wait_for_lock(void *job)
{
        g_mutex_lock(&worker_lock);
        g_mutex_unlock(&worker_lock);
}

static void end_wait(void *job)
{
}

/* More than there are threads. */
static int method_hold_worker(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const Bus *bus = userdata;

        for (unsigned i = 0; i < 16; i++)
                worker_submit(manager_worker(bus->manager), NULL, wait_for_lock, end_wait);
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable holding[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("HoldWorker", NULL, NULL, method_hold_worker, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void test_unregister_at_once(BusScene *scene, const void *data)
{
        g_autoptr(GString) large = g_string_new(NULL);
        BusCall *calls[3];
        sd_bus_message *m;

        for (unsigned i = 0; i < 8000; i++)
                g_string_append_printf(large, "k%u: a value\n", i);
        register_app(scene, large->str, 0644);
        g_mutex_lock(&worker_lock);
        m = call_new(scene, ":1.7", BUS_SCENE_TEST_PATH, BUS_SCENE_TEST_INTERFACE, "HoldWorker");
        assert_returned(call_run(scene, m));
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
                m = config_call(scene, ":1.7", "Reload");
                g_assert_cmpint(sd_bus_message_append(m, "a{sv}", 0), >=, 0);
                calls[i] = call_send(scene, m);
        }
        m = manager_call(scene, "UnregisterConfig");
        g_assert_cmpint(sd_bus_message_append(m, "s", "app"), >=, 0);
        assert_returned(call_run(scene, m));
        g_mutex_unlock(&worker_lock);
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
                assert_error(call_await(calls[i]), "NoSuchConfig");
        m = config_call(scene, ":1.7", "GetAll");
        assert_error(call_run(scene, m), SD_BUS_ERROR_UNKNOWN_OBJECT);
}

/* Each wrong option of RegisterConfig, as sd_bus_message_append() takes it. */
static void test_options(BusScene *scene, const void *data)
{
        static const char *const types[] = { "as", "ay", "x", "v", "a{sv}", "d", "g", "o" };
        g_autofree char *path = bus_scene_path(scene, "app.yaml");

        bus_scene_save(scene, "app.yaml", "a: 1\n", 0644);
        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                sd_bus_message *m = manager_call(scene, "RegisterConfig");

                g_assert_cmpint(sd_bus_message_append(m, "sas", "app", 1, path), >=, 0);
                g_assert_cmpint(sd_bus_message_open_container(m, 'a', "{sv}"), >=, 0);
                g_assert_cmpint(sd_bus_message_open_container(m, 'e', "sv"), >=, 0);
                g_assert_cmpint(sd_bus_message_append(m, "s", "priority"), >=, 0);
                g_assert_cmpint(sd_bus_message_open_container(m, 'v', types[i]), >=, 0);
                if (g_str_equal(types[i], "v"))
                        g_assert_cmpint(sd_bus_message_append(m, "v", "i", 1), >=, 0);
                else if (*types[i] == 'a')
                        g_assert_cmpint(sd_bus_message_append(m, types[i], 0), >=, 0);
                else if (*types[i] == 'd')
                        g_assert_cmpint(sd_bus_message_append(m, "d", 1.0), >=, 0);
                else if (*types[i] == 'x')
                        g_assert_cmpint(sd_bus_message_append(m, "x", INT64_C(1)), >=, 0);
                else
                        g_assert_cmpint(sd_bus_message_append(m, types[i], *types[i] == 'o' ? "/" : ""), >=,
                                        0);
                for (unsigned open = 3; open > 0; open--)
                        g_assert_cmpint(sd_bus_message_close_container(m), >=, 0);
                assert_error(call_run(scene, m), "InvalidArgument");
        }
}

static sd_bus_message *with_options(BusScene *scene)
{
        g_autofree char *path = bus_scene_path(scene, "app.yaml");
        sd_bus_message *m = manager_call(scene, "RegisterConfig");

        g_assert_cmpint(sd_bus_message_append(m, "sas", "app", 1, path), >=, 0);
        return m;
}

static void test_option_round_trip(BusScene *scene, const void *data)
{
        static const struct {
                const char *name, *type, *value;
        } expected[] = {
                { "priority", "i", "-5" }, { "merge", "s", "'append'" }, { "debounce-ms", "u", "7" },
                { "max-size", "t", "99" }, { "persist", "b", "false" },
        };
        g_autoptr(GVariant) options = NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        sd_bus_message *m = with_options(scene);

        bus_scene_save(scene, "app.yaml", "a: 1\n", 0644);
        g_assert_cmpint(sd_bus_message_append(m, "a{sv}", 2, "priority", "i", 1, "priority", "i", 2), >=, 0);
        assert_error(call_run(scene, m), "InvalidArgument");
        m = with_options(scene);
        g_assert_cmpint(sd_bus_message_append(m, "a{sv}", 5, "priority", "i", -5, "merge", "s", "append",
                                              "debounce-ms", "u", UINT32_C(7), "max-size", "t", UINT64_C(99),
                                              "persist", "b", 0),
                        >=, 0);
        assert_returned(call_run(scene, m));

        m = call_new(scene, ":1.9", APP, "org.freedesktop.DBus.Properties", "Get");
        g_assert_cmpint(sd_bus_message_append(m, "ss", RECONF_CONFIG_INTERFACE, "Options"), >=, 0);
        reply = call_run(scene, m);
        g_assert_cmpint(sd_bus_message_enter_container(reply, 'v', "a{sv}"), >, 0);
        g_assert_null(options_bus_read(reply, &options));
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
                g_autoptr(GVariant) value = g_variant_lookup_value(options, expected[i].name,
                                                                   G_VARIANT_TYPE(expected[i].type));
                g_autofree char *text = value ? g_variant_print(value, FALSE) : NULL;

                g_assert_cmpstr(text, ==, expected[i].value);
        }
}

static void test_read(BusScene *scene, const void *data)
{
        static const struct {
                const char *path, *error;
        } cases[] = { { "a.", "InvalidPath" }, { "b", "NoSuchPath" }, { "a.l.2", "NoSuchPath" } };
        g_autoptr(sd_bus_message) value = NULL, all = NULL;
        sd_bus_message *m;
        int64_t number;
        uint64_t version;

        register_app(scene, "a: {l: [1, 7]}\n", 0644);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                m = config_call(scene, ":1.9", "Get");
                g_assert_cmpint(sd_bus_message_append(m, "s", cases[i].path), >=, 0);
                assert_error(call_run(scene, m), cases[i].error);
        }
        m = config_call(scene, ":1.9", "Get");
        g_assert_cmpint(sd_bus_message_append(m, "s", "a.l.1"), >=, 0);
        value = call_run(scene, m);
        g_assert_cmpint(sd_bus_message_read(value, "v", "x", &number), >, 0);
        g_assert_cmpint(number, ==, 7);

        all = call_run(scene, config_call(scene, ":1.9", "GetAll"));
        g_assert_cmpint(sd_bus_message_read(all, "t", &version), >, 0);
        g_assert_cmpuint(version, ==, 1);
        g_assert_cmpint(sd_bus_message_skip(all, "a{sv}"), >, 0);
        /* Who only reads is not asked about. */
        g_assert_cmpuint(scene->n_identified, ==, 1);
}

static void test_errors_by_name(BusScene *scene, const void *data)
{
        static const char *const by_name[] = { "GetConfig", "UnregisterConfig", "Reload",
                                               "GetVersionHistory", "ListInstances" };
        sd_bus_message *m;

        for (size_t i = 0; i < G_N_ELEMENTS(by_name); i++) {
                m = manager_call(scene, by_name[i]);
                g_assert_cmpint(sd_bus_message_append(m, "s", "none"), >=, 0);
                assert_error(call_run(scene, m), "NoSuchConfig");
        }
        m = manager_call(scene, "Rollback");
        g_assert_cmpint(sd_bus_message_append(m, "st", "none", UINT64_C(1)), >=, 0);
        assert_error(call_run(scene, m), "NoSuchConfig");
        m = manager_call(scene, "GetConfigByFile");
        g_assert_cmpint(sd_bus_message_append(m, "s", "relative"), >=, 0);
        assert_error(call_run(scene, m), "InvalidPath");
        assert_error(call_run(scene, config_call(scene, ":1.7", "GetAll")), SD_BUS_ERROR_UNKNOWN_OBJECT);
}

static void test_rollback_options(BusScene *scene, const void *data)
{
        g_autofree char *longest = g_strnfill(4096, 'x'), *longer = g_strnfill(4097, 'x');
        sd_bus_message *m;

        register_app(scene, "a: 1\n", 0644);
        m = config_call(scene, ":1.7", "Rollback");
        g_assert_cmpint(sd_bus_message_append(m, "ta{sv}", UINT64_C(9), 1, "message", "s", longest), >=, 0);
        assert_error(call_run(scene, m), "NoSuchVersion");
        m = config_call(scene, ":1.7", "Rollback");
        g_assert_cmpint(sd_bus_message_append(m, "ta{sv}", UINT64_C(9), 1, "message", "s", longer), >=, 0);
        assert_error(call_run(scene, m), "InvalidArgument");
        m = config_call(scene, ":1.7", "Rollback");
        g_assert_cmpint(sd_bus_message_append(m, "ta{sv}", UINT64_C(9), 1, "why", "s", "x"), >=, 0);
        assert_error(call_run(scene, m), "InvalidArgument");
        m = config_call(scene, ":1.7", "Reload");
        g_assert_cmpint(sd_bus_message_append(m, "a{sv}", 1, "message", "s", "x"), >=, 0);
        assert_error(call_run(scene, m), "InvalidArgument");
}

static void test_public(BusScene *scene, const void *data)
{
        register_app(scene, "a: 1\n", 0644);
        subscribe(scene, ":1.8", NULL);
        bus_scene_save(scene, "app.yaml", "a: 2\n", 0644);
        assert_heard(scene, "ConfigChanged ");
}

/* Nobody but subscribers is sent anything of a config that is not public. */
static void test_private(BusScene *scene, const void *data)
{
        register_app(scene, "a: 1\nb: 1\n", 0600);
        bus_scene_save(scene, "app.yaml", "a: 2\nb: 1\n", 0600);
        reload(scene);
        assert_heard(scene, "= ");
        subscribe(scene, ":1.8", NULL);
        subscribe(scene, ":1.9", "b");
        bus_scene_save(scene, "app.yaml", "a: 3\nb: 1\n", 0600);
        assert_heard(scene, "ConfigChanged>:1.8 ");
        bus_scene_save(scene, "app.yaml", "a: [\n", 0600);
        reload(scene);
        assert_heard(scene, "ReloadFailed>:1.8 ReloadFailed>:1.9 PropertiesChanged = ");

        /* Public from now on, but what it was is not. */
        bus_scene_save(scene, "app.yaml", "a: 3\nb: 2\n", 0644);
        assert_heard(scene, "PropertiesChanged ConfigChanged>:1.8 ConfigChanged>:1.9 ");
        bus_scene_save(scene, "app.yaml", "a: 3\nb: 3\n", 0644);
        assert_heard(scene, "ConfigChanged ");
}

static uint64_t count_subscribers(BusScene *scene)
{
        g_autoptr(sd_bus_message) reply = call_run(scene, config_call(scene, ":1.7", "GetStatistics"));
        const char *name;
        uint64_t count = UINT64_MAX;

        g_assert_cmpint(sd_bus_message_enter_container(reply, 'a', "{sv}"), >, 0);
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                g_assert_cmpint(sd_bus_message_read(reply, "s", &name), >, 0);
                if (g_str_equal(name, "subscribers"))
                        g_assert_cmpint(sd_bus_message_read(reply, "v", "t", &count), >, 0);
                else
                        g_assert_cmpint(sd_bus_message_skip(reply, "v"), >, 0);
                g_assert_cmpint(sd_bus_message_exit_container(reply), >, 0);
        }
        return count;
}

static void test_subscriptions(BusScene *scene, const void *data)
{
        register_app(scene, "a: 1\n", 0600);
        g_assert_cmpuint(count_subscribers(scene), ==, 0);
        subscribe(scene, ":1.8", NULL);
        /* Once more takes the place of the first. */
        subscribe(scene, ":1.8", "a");
        subscribe(scene, ":1.9", NULL);
        g_assert_cmpuint(count_subscribers(scene), ==, 2);
        assert_returned(call_run(scene, config_call(scene, ":1.9", "Unsubscribe")));
        assert_returned(call_run(scene, config_call(scene, ":1.9", "Unsubscribe")));
        g_assert_cmpuint(count_subscribers(scene), ==, 1);
        bus_scene_leave(scene, ":1.8");
        g_assert_cmpuint(count_subscribers(scene), ==, 0);

        /* Who left before he was noted keeps no place. */
        bus_scene_leave(scene, ":1.10");
        subscribe(scene, ":1.10", NULL);
        g_assert_cmpuint(count_subscribers(scene), ==, 0);
}

static void test_subscription_limit(BusScene *scene, const void *data)
{
        sd_bus_message *m;

        register_app(scene, "a: 1\n", 0600);
        for (unsigned i = 0; i < SUBSCRIPTION_MAX_PER_USER; i++) {
                g_autofree char *client = g_strdup_printf(":1.%u", 100 + i);

                subscribe(scene, client, NULL);
        }
        m = config_call(scene, ":1.9", "Subscribe");
        g_assert_cmpint(sd_bus_message_append(m, "ta{sv}", UINT64_C(0), 0), >=, 0);
        assert_error(call_run(scene, m), "LimitExceeded");
        bus_scene_leave(scene, ":1.100");
        subscribe(scene, ":1.9", NULL);
}

static void test_missed(BusScene *scene, const void *data)
{
        g_autoptr(sd_bus_message) reply = NULL, unknown = NULL;
        const char *path, *kind;
        sd_bus_message *m;
        int64_t before, after;
        uint64_t version;
        int complete;

        register_app(scene, "a: 1\n", 0644);
        bus_scene_save(scene, "app.yaml", "a: 2\n", 0644);
        assert_heard(scene, "ConfigChanged ");
        m = config_call(scene, ":1.8", "Subscribe");
        g_assert_cmpint(sd_bus_message_append(m, "ta{sv}", UINT64_C(1), 0), >=, 0);
        reply = call_run(scene, m);
        g_assert_cmpint(sd_bus_message_read(reply, "ta(ssvv)a{sv}", &version, 1, &path, &kind, "x", &before,
                                            "x", &after, 1, NULL, "b", &complete),
                        >, 0);
        g_assert_cmpuint(version, ==, 2);
        g_assert_cmpstr(path, ==, "a");
        g_assert_cmpstr(kind, ==, "modified");
        g_assert_cmpint(before, ==, 1);
        g_assert_cmpint(after, ==, 2);
        g_assert_true(complete);

        m = config_call(scene, ":1.8", "Subscribe");
        g_assert_cmpint(sd_bus_message_append(m, "ta{sv}", UINT64_C(77), 0), >=, 0);
        unknown = call_run(scene, m);
        g_assert_cmpint(sd_bus_message_read(unknown, "ta(ssvv)a{sv}", &version, 0, 1, NULL, "b", &complete),
                        >, 0);
        g_assert_false(complete);
}

static void test_snapshot(BusScene *scene, const void *data)
{
        g_autoptr(sd_bus_message) first = NULL, second = NULL;
        struct stat first_status, second_status;
        uint64_t version;
        int fd;

        register_app(scene, "a: 1\n", 0644);
        first = call_run(scene, config_call(scene, ":1.8", "GetSnapshot"));
        second = call_run(scene, config_call(scene, ":1.9", "GetSnapshot"));
        g_assert_cmpint(sd_bus_message_read(first, "th", &version, &fd), >, 0);
        g_assert_cmpuint(version, ==, 1);
        g_assert_cmpint(fstat(fd, &first_status), ==, 0);
        g_assert_cmpint(sd_bus_message_read(second, "th", &version, &fd), >, 0);
        g_assert_cmpint(fstat(fd, &second_status), ==, 0);
        g_assert_cmpuint(first_status.st_ino, ==, second_status.st_ino);
}

/* A call that cannot be told from whom it comes is answered all the same. */
static void test_nobody(BusScene *scene, const void *data)
{
        bus_scene_save(scene, "app.yaml", "a: 1\n", 0644);
        scene->names_nobody = true;
        assert_error(call_run(scene, registration(scene, ":1.7", "app", "app.yaml")),
                     SD_BUS_ERROR_ACCESS_DENIED);
        assert_heard(scene, "= ");
}

static void test_author(BusScene *scene, const void *data)
{
        g_autoptr(sd_bus_message) reply = NULL;
        uint32_t uid;

        register_app(scene, "a: 1\n", 0644);
        reply = call_run(scene, config_call(scene, ":1.7", "GetVersionHistory"));
        g_assert_cmpint(sd_bus_message_enter_container(reply, 'a', "(ttsssa{sv})"), >, 0);
        g_assert_cmpint(sd_bus_message_enter_container(reply, 'r', "ttsssa{sv}"), >, 0);
        g_assert_cmpint(sd_bus_message_skip(reply, "ttsss"), >, 0);
        g_assert_cmpint(sd_bus_message_enter_container(reply, 'a', "{sv}"), >, 0);
        g_assert_cmpint(sd_bus_message_skip(reply, "{sv}{sv}"), >, 0);
        g_assert_cmpint(sd_bus_message_read(reply, "{sv}", NULL, "u", &uid), >, 0);
        g_assert_cmpuint(uid, ==, 4711);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        /* What the daemon warns of is part of some tests. */
        g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);

        bus_scene_add("/bus/register", test_register);
        bus_scene_add("/bus/register-bad", test_register_bad);
        bus_scene_add("/bus/register-at-once", test_register_at_once);
        bus_scene_add_with("/bus/unregister-at-once", test_unregister_at_once, holding);
        bus_scene_add("/bus/options", test_options);
        bus_scene_add("/bus/option-round-trip", test_option_round_trip);
        bus_scene_add("/bus/read", test_read);
        bus_scene_add("/bus/errors-by-name", test_errors_by_name);
        bus_scene_add("/bus/rollback-options", test_rollback_options);
        bus_scene_add("/bus/public", test_public);
        bus_scene_add("/bus/private", test_private);
        bus_scene_add("/bus/subscriptions", test_subscriptions);
        bus_scene_add("/bus/subscription-limit", test_subscription_limit);
        bus_scene_add("/bus/missed", test_missed);
        bus_scene_add("/bus/snapshot", test_snapshot);
        bus_scene_add("/bus/nobody", test_nobody);
        bus_scene_add("/bus/author", test_author);
        return g_test_run();
}
