/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the audit on the bus: what was denied, and who may know what was said
 */
#include "daemon/audit-bus.h"
#include "daemon/audit-fold.h"
#include "daemon/caller.h"
#include "introspection/names.h"
#include "tests/support/bus-scene.h"

#include <unistd.h>

#define APP RECONF_CONFIG_PATH_PREFIX "/app"

/* Refuses whoever calls, as methods do that are not for all. */
static int refuse(sd_bus_message *m, const Caller *caller, void *bus, sd_bus_error *error)
{
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0)
                return r;
        return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "not for you");
}

static int method_refused(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return caller_identify(m, refuse, userdata, error);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Rollback", "s", "", method_refused, 0),
        SD_BUS_METHOD("GetAll", "s", "", method_refused, 0),
        SD_BUS_VTABLE_END,
};

static void call_refused(BusScene *scene, const char *member, const char *name)
{
        sd_bus_message *m = call_new(scene, ":1.7", BUS_SCENE_TEST_PATH, BUS_SCENE_TEST_INTERFACE, member);

        g_assert_cmpint(sd_bus_message_append(m, "s", name), >=, 0);
        assert_error(call_run(scene, m), SD_BUS_ERROR_ACCESS_DENIED);
}

static sd_bus_message *audit_call(BusScene *scene, const char *name)
{
        sd_bus_message *m =
                        call_new(scene, ":1.7", RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE, "GetAudit");

        g_assert_cmpint(sd_bus_message_append(m, "s", name), >=, 0);
        return m;
}

static sd_bus_message *run_audit(BusScene *scene, const char *name)
{
        sd_bus_message *m = audit_call(scene, name);

        g_assert_cmpint(sd_bus_message_append(m, "a{sv}", 0), >=, 0);
        return call_run(scene, m);
}

static void append_details(sd_bus_message *reply, GString *text)
{
        g_assert_cmpint(sd_bus_message_enter_container(reply, 'a', "{sv}"), >, 0);
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                const char *name, *value;

                g_assert_cmpint(sd_bus_message_read(reply, "s", &name), >, 0);
                g_assert_cmpint(sd_bus_message_read(reply, "v", "s", &value), >, 0);
                /* The test may run in any unit, or in none. */
                if (!g_str_equal(name, "unit"))
                        g_string_append_printf(text, " %s=%s", name, value);
                g_assert_cmpint(sd_bus_message_exit_container(reply), >=, 0);
        }
        g_assert_cmpint(sd_bus_message_exit_container(reply), >=, 0);
}

/* "read app 0 4711 denied; …". Takes the reply. */
static void assert_entries(sd_bus_message *answer, const char *expected)
{
        g_autoptr(sd_bus_message) reply = answer;
        g_autoptr(GString) text = g_string_new(NULL);

        g_assert_cmpint(sd_bus_message_enter_container(reply, 'a', "(tsstuusa{sv})"), >, 0);
        while (sd_bus_message_enter_container(reply, 'r', "tsstuusa{sv}") > 0) {
                const char *action, *config, *outcome;
                uint64_t time, version;
                uint32_t uid, pid;

                g_assert_cmpint(sd_bus_message_read(reply, "tsstuus", &time, &action, &config, &version,
                                                    &uid, &pid, &outcome),
                                >, 0);
                g_assert_cmpuint(time, >, 0);
                g_assert_cmpuint(pid, ==, uid == UINT32_MAX ? 0 : getpid());
                g_string_append_printf(text, "%s%s '%s' %" G_GUINT64_FORMAT " %d %s",
                                       text->len > 0 ? "; " : "", action, config, version, (int) uid,
                                       outcome);
                append_details(reply, text);
                g_assert_cmpint(sd_bus_message_exit_container(reply), >=, 0);
        }
        g_assert_cmpstr(text->str, ==, expected);
}

static void test_denied(BusScene *scene, const void *data)
{
        g_autofree char *long_name = g_strnfill(1000, 'a');

        call_refused(scene, "Rollback", "app");
        assert_entries(run_audit(scene, ""), "rollback 'app' 0 4711 denied");
        /* Nothing that could not be a name. */
        call_refused(scene, "GetAll", "/etc/shadow");
        call_refused(scene, "GetAll", long_name);
        assert_entries(run_audit(scene, ""),
                       "read '' 0 4711 denied; read '' 0 4711 denied; rollback 'app' 0 4711 denied");
        assert_entries(run_audit(scene, "app"), "rollback 'app' 0 4711 denied");
}

static unsigned count_entries(BusScene *scene)
{
        g_autoptr(sd_bus_message) reply = run_audit(scene, "");
        unsigned count = 0;

        g_assert_cmpint(sd_bus_message_enter_container(reply, 'a', "(tsstuusa{sv})"), >, 0);
        while (sd_bus_message_skip(reply, "(tsstuusa{sv})") > 0)
                count++;
        return count;
}

/* Of the whole daemon. */
static uint64_t count_denials(BusScene *scene)
{
        g_autoptr(sd_bus_message) reply =
                        call_run(scene, call_new(scene, ":1.7", RECONF_MANAGER_PATH,
                                                 RECONF_MANAGER_INTERFACE, "GetStatistics"));
        uint64_t denials = 0;

        g_assert_cmpint(sd_bus_message_enter_container(reply, 'a', "{sv}"), >, 0);
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                const char *name;

                g_assert_cmpint(sd_bus_message_read(reply, "s", &name), >, 0);
                if (g_str_equal(name, "denials"))
                        g_assert_cmpint(sd_bus_message_read(reply, "v", "t", &denials), >, 0);
                else
                        g_assert_cmpint(sd_bus_message_skip(reply, "v"), >, 0);
                g_assert_cmpint(sd_bus_message_exit_container(reply), >=, 0);
        }
        return denials;
}

static void test_many_denied(BusScene *scene, const void *data)
{
        for (unsigned i = 0; i < AUDIT_FOLD_MAX_CONFIG + 5; i++)
                call_refused(scene, "Rollback", "app");
        g_assert_cmpuint(count_entries(scene), ==, AUDIT_FOLD_MAX_CONFIG);
        g_assert_cmpuint(count_denials(scene), ==, AUDIT_FOLD_MAX_CONFIG + 5);
        /* That is nobody else's fault. */
        scene->uid = 4712;
        call_refused(scene, "Rollback", "app");
        g_assert_cmpuint(count_entries(scene), ==, AUDIT_FOLD_MAX_CONFIG + 1);
}

static void register_app(BusScene *scene)
{
        g_autofree char *path = bus_scene_path(scene, "app.yaml");
        sd_bus_message *m = call_new(scene, ":1.7", RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE,
                                     "RegisterConfig");

        bus_scene_save(scene, "app.yaml", "a: 1\n", 0644);
        g_assert_cmpint(sd_bus_message_append(m, "sasa{sv}", "app", 1, path, 0), >=, 0);
        assert_returned(call_run(scene, m));
}

static void label_app(BusScene *scene)
{
        sd_bus_message *m = call_new(scene, ":1.7", APP, RECONF_CONFIG_INTERFACE, "Label");

        g_assert_cmpint(sd_bus_message_append(m, "ts", UINT64_C(1), "works"), >=, 0);
        assert_returned(call_run(scene, m));
}

static void test_done(BusScene *scene, const void *data)
{
        sd_bus_message *m;

        register_app(scene);
        label_app(scene);
        m = call_new(scene, ":1.7", APP, RECONF_CONFIG_INTERFACE, "SetHotReload");
        g_assert_cmpint(sd_bus_message_append(m, "b", 0), >=, 0);
        assert_returned(call_run(scene, m));
        m = call_new(scene, ":1.7", RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE, "SetHotReload");
        g_assert_cmpint(sd_bus_message_append(m, "b", 0), >=, 0);
        assert_returned(call_run(scene, m));
        assert_entries(run_audit(scene, "app"), "hot-reload 'app' 0 4711 ok message=off; "
                                                "label 'app' 1 4711 ok message=works; "
                                                "register 'app' 1 4711 ok");
        assert_entries(run_audit(scene, ""), "hot-reload '' 0 4711 ok message=off; "
                                             "hot-reload 'app' 0 4711 ok message=off; "
                                             "label 'app' 1 4711 ok message=works; "
                                             "register 'app' 1 4711 ok");

        m = call_new(scene, ":1.7", RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE, "UnregisterConfig");
        g_assert_cmpint(sd_bus_message_append(m, "s", "app"), >=, 0);
        assert_returned(call_run(scene, m));
        m = audit_call(scene, "app");
        g_assert_cmpint(sd_bus_message_append(m, "a{sv}", 1, "limit", "u", 1U), >=, 0);
        assert_entries(call_run(scene, m), "unregister 'app' 0 4711 ok");
        /* Who may read it, nobody knows any longer. */
        assert_entries(run_audit(scene, "app"), "unregister 'app' 0 4711 ok; hot-reload 'app' 0 4711 ok; "
                                                "label 'app' 1 4711 ok; register 'app' 1 4711 ok");
}

static void assert_refused(BusScene *scene, const char *name, const char *option, const char *type,
                           uint64_t value, const char *expected)
{
        sd_bus_message *m = audit_call(scene, name);

        if (g_str_equal(type, "u"))
                g_assert_cmpint(sd_bus_message_append(m, "a{sv}", 1, option, "u", (uint32_t) value), >=, 0);
        else
                g_assert_cmpint(sd_bus_message_append(m, "a{sv}", 1, option, "t", value), >=, 0);
        assert_error(call_run(scene, m), expected);
}

static void test_bad_arguments(BusScene *scene, const void *data)
{
        assert_refused(scene, "-", "limit", "u", 1, "InvalidName");
        assert_refused(scene, "", "limit", "u", 0, "InvalidArgument");
        assert_refused(scene, "", "limit", "u", 10001, "InvalidArgument");
        assert_refused(scene, "", "limit", "t", 1, "InvalidArgument");
        assert_refused(scene, "", "until", "t", 1, "InvalidArgument");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        bus_scene_add_with("/audit-bus/denied", test_denied, vtable);
        bus_scene_add_with("/audit-bus/many-denied", test_many_denied, vtable);
        bus_scene_add("/audit-bus/done", test_done);
        bus_scene_add("/audit-bus/bad-arguments", test_bad_arguments);
        return g_test_run();
}
