/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of instances: who is let in when, what is told before what, and units, which have no connection
 *
 * Connections are those of a bus that the test plays; units are put in by hand, with a manager and no bus.
 */
#include "daemon/instance.h"
#include "introspection/names.h"
#include "tests/support/bus-scene.h"
#include "tests/support/tree.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define APP RECONF_CONFIG_PATH_PREFIX "/app"

/* Connections */

static void register_app(BusScene *scene)
{
        g_autofree char *path = bus_scene_path(scene, "app.yaml");
        sd_bus_message *m = call_new(scene, ":1.7", RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE,
                                     "RegisterConfig");

        bus_scene_save(scene, "app.yaml", "a: 1\n", 0644);
        g_assert_cmpint(sd_bus_message_append(m, "sasa{sv}", "app", 1, path, 0), >=, 0);
        assert_returned(call_run(scene, m));
        g_string_truncate(scene->heard, 0);
}

static sd_bus_message *registration(BusScene *scene, const char *client)
{
        sd_bus_message *m = call_new(scene, client, RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE,
                                     "RegisterInstance");

        g_assert_cmpint(sd_bus_message_append(m, "sa{sv}", "app", 1, "ack", "b", 1), >=, 0);
        return m;
}

/* Its path. */
static char *register_instance(BusScene *scene, const char *client)
{
        g_autoptr(sd_bus_message) reply = call_run(scene, registration(scene, client));
        const char *path;
        uint64_t version;

        g_assert_cmpint(sd_bus_message_read(reply, "ot", &path, &version), >, 0);
        g_assert_cmpuint(version, ==, 1);
        return g_strdup(path);
}

static unsigned count_instances(BusScene *scene)
{
        g_autoptr(sd_bus_message) reply = NULL;
        sd_bus_message *m = call_new(scene, ":1.99", APP, RECONF_CONFIG_INTERFACE, "ListInstances");
        unsigned count = 0;

        reply = call_run(scene, m);
        g_assert_cmpint(sd_bus_message_enter_container(reply, 'a', "(osuststa{sv})"), >, 0);
        while (sd_bus_message_skip(reply, "(osuststa{sv})") > 0)
                count++;
        g_string_truncate(scene->heard, 0);
        return count;
}

static sd_bus_message *report(BusScene *scene, const char *client, const char *path, uint64_t version,
                              const char *status)
{
        sd_bus_message *m = call_new(scene, client, path, RECONF_INSTANCE_INTERFACE, "ReportApplied");

        g_assert_cmpint(sd_bus_message_append(m, "tss", version, status, ""), >=, 0);
        return m;
}

/* What a call causes is told before it is answered. */
static void test_order(BusScene *scene, const void *data)
{
        g_autofree char *path = NULL;

        register_app(scene);
        path = register_instance(scene, ":1.8");
        assert_heard(scene, "InterfacesAdded = ");
        assert_returned(call_run(scene, report(scene, ":1.8", path, 1, "applied")));
        assert_heard(scene, "InstanceStateChanged = ");
        assert_error(call_run(scene, report(scene, ":1.9", path, 1, "failed")), SD_BUS_ERROR_ACCESS_DENIED);
        assert_error(call_run(scene, report(scene, ":1.8", path, 2, "applied")), "NoSuchVersion");
        assert_heard(scene, "= = ");
        bus_scene_save(scene, "app.yaml", "a: 2\n", 0644);
        assert_heard(scene, "ConfigChanged InstanceStateChanged ");
        /* To it alone. */
        assert_returned(call_run(scene,
                                 call_new(scene, ":1.8", path, RECONF_INSTANCE_INTERFACE, "Renotify")));
        assert_heard(scene, "ConfigChanged>:1.8 = ");
        assert_returned(call_run(scene,
                                 call_new(scene, ":1.8", path, RECONF_INSTANCE_INTERFACE, "Unregister")));
        assert_heard(scene, "InterfacesRemoved = ");
}

static void test_leaves(BusScene *scene, const void *data)
{
        register_app(scene);
        g_free(register_instance(scene, ":1.8"));
        g_free(register_instance(scene, ":1.9"));
        g_assert_cmpuint(count_instances(scene), ==, 2);
        /* Only the bus knows. */
        bus_scene_claim_left(scene, ":1.66", ":1.8");
        g_assert_cmpuint(count_instances(scene), ==, 2);
        bus_scene_leave(scene, ":1.8");
        g_assert_cmpuint(count_instances(scene), ==, 1);
}

/* One that left while it was asked about gets no place, nor does one that has become another. */
static void test_left_meanwhile(BusScene *scene, const void *data)
{
        register_app(scene);
        bus_scene_leave(scene, ":1.8");
        assert_error(call_run(scene, registration(scene, ":1.8")), SD_BUS_ERROR_ACCESS_DENIED);
        scene->other_pid = 1;
        assert_error(call_run(scene, registration(scene, ":1.9")), SD_BUS_ERROR_ACCESS_DENIED);
        assert_heard(scene, "= = ");
        g_assert_cmpuint(count_instances(scene), ==, 0);
}

/* The config goes while somebody is let in. */
static void test_config_goes(BusScene *scene, const void *data)
{
        sd_bus_message *m;
        BusCall *call;

        register_app(scene);
        g_free(register_instance(scene, ":1.8"));
        assert_heard(scene, "InterfacesAdded = ");
        call = call_send(scene, registration(scene, ":1.9"));
        m = call_new(scene, ":1.7", RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE, "UnregisterConfig");
        g_assert_cmpint(sd_bus_message_append(m, "s", "app"), >=, 0);
        assert_returned(call_run(scene, m));
        assert_error(call_await(call), "NoSuchConfig");
        assert_heard(scene, "InterfacesRemoved InterfacesRemoved = = ");
}

/* Units */

typedef struct UnitScene {
        char *directory;
        Settings settings;
        sd_event *event;
        Manager *manager;
        Peers *peers;
        Instances *instances;
        Config *config;
        GString *told;
} UnitScene;

static void tell(UnitScene *scene, const char *what, const Instance *instance)
{
        g_string_append_printf(scene->told, "%s %s %" G_GUINT64_FORMAT "; ", what,
                               instance_state_to_string(instance->state), instance->version);
}

static void on_added(const Instance *instance, void *userdata)
{
        tell(userdata, "added", instance);
}

static void on_removed(const Instance *instance, void *userdata)
{
        tell(userdata, "removed", instance);
}

static void on_renamed(const Instance *instance, void *userdata)
{
        tell(userdata, "renamed", instance);
}

static void on_changed(const Instance *instance, void *userdata)
{
        tell(userdata, "changed", instance);
}

static const InstanceObserver instance_observer = {
        .added = on_added, .removed = on_removed, .renamed = on_renamed, .changed = on_changed
};

static void on_config(Config *config, void *userdata)
{
}

static void on_config_removed(Config *config, void *userdata)
{
        UnitScene *scene = userdata;

        instances_remove_config(scene->instances, config);
}

static void on_config_changed(Config *config, const ConfigUpdate *update, void *userdata)
{
        UnitScene *scene = userdata;

        g_string_append_printf(scene->told, "%" G_GUINT64_FORMAT " %s; ", update->version,
                               origin_to_string(update->origin));
        instances_take_update(scene->instances, config, update);
}

static void on_config_failed(Config *config, const Failure *failure, bool is_public, void *userdata)
{
        UnitScene *scene = userdata;

        g_string_append_printf(scene->told, "%s: %s; ", failure_stage_to_string(failure->stage),
                               ((const Problem *) g_ptr_array_index(failure->problems, 0))->message);
}

static void on_properties_changed(Config *config, ConfigProperty properties, void *userdata)
{
}

static bool on_has_validators(Config *config, void *userdata)
{
        return false;
}

static const ManagerObserver manager_observer = {
        .added = on_config,
        .removed = on_config_removed,
        .changed = on_config_changed,
        .failed = on_config_failed,
        .properties_changed = on_properties_changed,
        .has_validators = on_has_validators,
};

static void save(UnitScene *scene, const char *content)
{
        g_autofree char *path = g_build_filename(scene->directory, "app.yaml", NULL);

        g_assert_true(g_file_set_contents(path, content, -1, NULL));
}

static void on_registered(Config *config, const Failure *failure, void *userdata)
{
        UnitScene *scene = userdata;

        g_assert_null(failure);
        scene->config = config_ref(config);
}

static void unit_scene_set_up(UnitScene *scene, const void *data)
{
        static char *no_directories[] = { NULL };
        g_autofree char *path = NULL;
        g_autoptr(GVariant) options = g_variant_ref_sink(
                        g_variant_new_parsed("{'on-failure': <'rollback'>, 'ack-ms': <uint32 60000>}"));
        Author author = { .uid = (uid_t) -1 };

        scene->directory = g_dir_make_tmp("reconf-instance-XXXXXX", NULL);
        path = g_build_filename(scene->directory, "app.yaml", NULL);
        scene->settings = (Settings){
                .scope = SCOPE_USER,
                .state_directory = g_build_filename(scene->directory, "state", NULL),
                .directories = no_directories,
                .environment = (char *) "",
                .hot_reload = true,
                .suspend_after = 99,
                .suspend_within_usec = 1,
        };
        scene->told = g_string_new(NULL);
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        g_assert_null(manager_new(scene->event, &scene->settings, &scene->manager));
        scene->peers = peers_new(NULL);
        scene->instances = instances_new(scene->peers, scene->manager, &instance_observer, scene);
        manager_set_observer(scene->manager, &manager_observer, scene);
        save(scene, "a: 1\n");
        manager_register(scene->manager, "app", (char *[]){ path, NULL }, options, &author, on_registered,
                         scene);
        g_assert_nonnull(scene->config);
        g_string_truncate(scene->told, 0);
}

static void unit_scene_tear_down(UnitScene *scene, const void *data)
{
        config_unref(scene->config);
        manager_free(scene->manager);
        instances_free(scene->instances);
        peers_free(scene->peers);
        sd_event_unref(scene->event);
        g_string_free(scene->told, TRUE);
        g_free(scene->settings.state_directory);
        remove_tree(scene->directory);
        g_free(scene->directory);
}

/* Turns the loop until this is what was told since the last time. */
static void await_told(UnitScene *scene, const char *expected)
{
        int64_t deadline = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

        while (strlen(scene->told->str) < strlen(expected) && g_get_monotonic_time() < deadline)
                g_assert_cmpint(sd_event_run(scene->event, G_USEC_PER_SEC), >=, 0);
        g_assert_cmpstr(scene->told->str, ==, expected);
        g_string_truncate(scene->told, 0);
}

static void test_unit(UnitScene *scene, const void *data)
{
        Instance *instance = instances_add_unit(scene->instances, scene->config, "web.service");

        await_told(scene, "added pending 0; ");
        g_assert_true(instance->is_unit && instance->acks && instance->votes);
        g_assert_cmpint(instance->program->pid, ==, 0);
        g_assert_cmpstr(instance->program->unit, ==, "web.service");
        g_assert_true(instances_find(scene->instances, instance->id) == instance);
        g_assert_null(instance_report(instance, 1, INSTANCE_STATUS_PARTIAL, "some"));
        await_told(scene, "changed partial 1; ");
        g_assert_cmpstr(instance->message, ==, "some");
        instances_remove(scene->instances, instance);
        await_told(scene, "removed partial 1; ");
        g_assert_cmpuint(instances_count(scene->instances), ==, 0);
        g_assert_null(instances_of(scene->instances, scene->config));
}

static void test_unit_fails(UnitScene *scene, const void *data)
{
        Instance *instance = instances_add_unit(scene->instances, scene->config, "web.service");

        save(scene, "a: 2\n");
        await_told(scene, "added pending 0; 2 file; ");
        g_assert_null(instance_report(instance, 2, INSTANCE_STATUS_FAILED, "its job failed"));
        await_told(scene, "changed failed 0; "
                          "instance: the unit web.service could not apply version 2: its job failed; "
                          "3 failure; changed pending 0; ");
        /* Nothing is left to be decided. */
        g_assert_null(instance_report(instance, 3, INSTANCE_STATUS_FAILED, NULL));
        await_told(scene, "changed failed 0; ");
        g_assert_false(config_is_on_trial(scene->config));
}

static void test_unit_applies(UnitScene *scene, const void *data)
{
        Instance *instance = instances_add_unit(scene->instances, scene->config, "web.service");

        save(scene, "a: 2\n");
        await_told(scene, "added pending 0; 2 file; ");
        g_assert_true(config_is_on_trial(scene->config));
        g_assert_null(instance_report(instance, 2, INSTANCE_STATUS_APPLIED, NULL));
        g_assert_false(config_is_on_trial(scene->config));
        await_told(scene, "changed current 2; ");
}

/* Taken away while it is waited for: as if it had failed. */
static void test_unit_removed(UnitScene *scene, const void *data)
{
        Instance *instance = instances_add_unit(scene->instances, scene->config, "web.service");

        save(scene, "a: 2\n");
        await_told(scene, "added pending 0; 2 file; ");
        instances_remove(scene->instances, instance);
        await_told(scene,
                   "removed pending 0; "
                   "instance: the unit web.service left before it reported on version 2; 3 failure; ");
}

static void test_unit_with_config(UnitScene *scene, const void *data)
{
        (void) instances_add_unit(scene->instances, scene->config, "web.service");
        (void) instances_add_unit(scene->instances, scene->config, "mail.service");
        save(scene, "a: 2\n");
        await_told(scene, "added pending 0; added pending 0; 2 file; ");
        g_assert_null(manager_unregister(scene->manager, "app", &(Author){ .uid = (uid_t) -1 }));
        await_told(scene, "removed pending 0; removed pending 0; ");
        g_assert_cmpuint(instances_count(scene->instances), ==, 0);
}

static pid_t start_program(void)
{
        pid_t pid = fork();

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                pause();
                _exit(1);
        }
        return pid;
}

static void test_unit_process(UnitScene *scene, const void *data)
{
        Instance *instance = instances_add_unit(scene->instances, scene->config, "web.service");
        pid_t first = start_program(), second = start_program();

        instance_set_process(instance, first);
        g_assert_cmpint(instance->program->pid, ==, first);
        g_assert_cmpstr(instance->program->facts.name, !=, "");
        instance_set_process(instance, second);
        g_assert_cmpint(instance->program->pid, ==, second);
        g_assert_cmpint(kill(first, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(first, NULL, 0), ==, first);
        g_assert_cmpint(sd_event_run(scene->event, 0), >=, 0);
        g_assert_cmpint(instance->program->pid, ==, second);

        /* A process that is gone is not shown, but the unit is. */
        g_assert_cmpint(kill(second, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(second, NULL, 0), ==, second);
        while (instance->program->pid != 0)
                g_assert_cmpint(sd_event_run(scene->event, 20 * G_USEC_PER_SEC), >, 0);
        g_assert_cmpstr(instance->program->facts.name, ==, "");
        g_assert_cmpstr(instance->program->unit, ==, "web.service");
        g_assert_cmpuint(instances_count(scene->instances), ==, 1);
}

static void unit_scene_add(const char *path, void (*test)(UnitScene *, const void *))
{
        g_test_add(path, UnitScene, NULL, unit_scene_set_up, test, unit_scene_tear_down);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        /* What the daemon warns of is part of some tests. */
        g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);

        bus_scene_add("/instance/order", test_order);
        bus_scene_add("/instance/leaves", test_leaves);
        bus_scene_add("/instance/left-meanwhile", test_left_meanwhile);
        bus_scene_add("/instance/config-goes", test_config_goes);
        unit_scene_add("/instance/unit", test_unit);
        unit_scene_add("/instance/unit-fails", test_unit_fails);
        unit_scene_add("/instance/unit-applies", test_unit_applies);
        unit_scene_add("/instance/unit-removed", test_unit_removed);
        unit_scene_add("/instance/unit-with-config", test_unit_with_config);
        unit_scene_add("/instance/unit-process", test_unit_process);
        return g_test_run();
}
