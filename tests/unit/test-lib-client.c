/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients: a service that is there, goes, comes back and goes for good, and nothing left over
 *
 * On a bus of the test's own, which starts the daemon that was built. That objects go with their last
 * reference is said here; that nothing else stays, by the sanitizers.
 */
#include "tests/support/service-scene.h"

#include <signal.h>

static void drop_config(ReconfConfig *config)
{
        g_object_add_weak_pointer(G_OBJECT(config), (void **) &config);
        g_object_unref(config);
        service_scene_wait_until(!config);
}

static void save(ServiceScene *scene, const char *text)
{
        service_scene_save(scene, "a.yaml", text);
}

static ReconfConfig *open_config(ServiceScene *scene)
{
        g_autofree char *path = service_scene_path(scene, "a.yaml");
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

static void test_changes(ServiceScene *scene, const void *unused)
{
        g_autoptr(GString) notes = g_string_new(NULL);
        ReconfConfig *config = open_config(scene);

        g_signal_connect(config, "changed::a", G_CALLBACK(note_change), notes);
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 1);
        save(scene, "a: 2\n");
        service_scene_wait_until(notes->len > 0);
        g_assert_cmpstr(notes->str, ==, "a:1>2 ");
        drop_config(config);
}

static void take_result(GObject *source, GAsyncResult *result, void *data)
{
        *(GAsyncResult **) data = g_object_ref(result);
}

static void test_calls(ServiceScene *scene, const void *unused)
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
        service_scene_wait_until(result);
        problems = reconf_config_validate_finish(config, result, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(g_variant_n_children(problems), ==, 1);
        g_clear_object(&result);
        reconf_client_list_configs(scene->client, NULL, take_result, &result);
        service_scene_wait_until(result);
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

static void test_instance(ServiceScene *scene, const void *unused)
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
        service_scene_wait_until(failures > 0);
        save(scene, "a: 4\n");
        service_scene_wait_until(reconf_config_get_int(config, "a", 0) == 4);
        g_assert_true(reconf_instance_report_sync(instance, 2, RECONF_REPORT_PARTIAL, "half", NULL, &error));
        g_object_add_weak_pointer(G_OBJECT(instance), (void **) &instance);
        g_object_unref(instance);
        service_scene_wait_until(!instance);
        drop_config(config);
}

static void test_return(ServiceScene *scene, const void *unused)
{
        g_autoptr(GString) notes = g_string_new(NULL);
        ReconfConfig *config = open_config(scene);

        g_signal_connect(config, "changed", G_CALLBACK(note_change), notes);
        for (int i = 0; i < 3; i++) {
                g_autofree char *text = g_strdup_printf("a: %d\n", i + 2);

                service_scene_signal(scene, i % 2 ? SIGTERM : SIGKILL);
                service_scene_wait_until(reconf_config_get_status(config) != RECONF_STATUS_CONNECTED);
                save(scene, text);
                service_scene_wait_until(reconf_config_get_status(config) == RECONF_STATUS_CONNECTED &&
                                         reconf_config_get_int(config, "a", 0) == i + 2);
        }
        service_scene_wait_until(g_str_has_suffix(notes->str, "a:3>4 "));
        g_assert_cmpstr(notes->str, ==, "a:1>2 a:2>3 a:3>4 ");
        drop_config(config);
}

static void test_unregistered(ServiceScene *scene, const void *unused)
{
        g_autoptr(GError) error = NULL;
        ReconfConfig *config = open_config(scene);

        g_assert_true(reconf_client_unregister_sync(scene->client, "a", NULL, &error));
        service_scene_wait_until(reconf_config_get_status(config) == RECONF_STATUS_ERROR);
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
static void test_cancelled(ServiceScene *scene, const void *unused)
{
        ReconfConfig *config = open_config(scene);

        for (int turns = 0; turns < 4; turns++) {
                g_autoptr(GCancellable) cancellable = g_cancellable_new();
                int n_ended = 0;

                reconf_client_get_config(scene->client, "a", NULL, cancellable, expect_cancelled, &n_ended);
                for (int i = 0; i < turns && n_ended == 0; i++)
                        g_main_context_iteration(NULL, FALSE);
                g_cancellable_cancel(cancellable);
                service_scene_wait_until(n_ended == 1);
        }
        drop_config(config);
}

/* The bus itself goes: tried in vain, until nobody wants it any more. */
static void test_no_bus(ServiceScene *scene, const void *unused)
{
        ReconfConfig *config = open_config(scene);

        g_test_dbus_stop(scene->bus);
        service_scene_wait_until(reconf_client_get_reconnect_attempts(scene->client) >= 2);
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 1);
        g_object_unref(config);
        service_scene_drop_client(scene);
        g_object_unref(scene->bus);
        service_scene_start_bus(scene);
}

static ReconfConfig *open_anyhow(ServiceScene *scene)
{
        g_autofree char *path = service_scene_path(scene, "a.yaml");
        g_autoptr(GError) error = NULL;
        ReconfConfig *config = reconf_config_open_sync(G_BUS_TYPE_SESSION, path, NULL, &error);

        g_assert_no_error(error);
        return config;
}

/* A config that goes over to the service, and ones that go before they have, or while they do. */
static void test_open(ServiceScene *scene, const void *unused)
{
        g_autoptr(GString) notes = g_string_new(NULL);
        ReconfConfig *config, *hasty;

        save(scene, "a: 1\n");
        service_scene_drop_client(scene);
        g_test_dbus_stop(scene->bus);
        g_object_unref(scene->bus);
        drop_config(open_anyhow(scene));
        hasty = open_anyhow(scene);
        config = open_anyhow(scene);
        g_signal_connect(config, "changed", G_CALLBACK(note_change), notes);
        save(scene, "a: 2\n");
        service_scene_wait_until(notes->len > 0);
        g_assert_null(reconf_config_get_object_path(config));

        service_scene_start_bus(scene);
        reconf_client_reconnect(reconf_config_get_client(hasty));
        service_scene_wait_until(reconf_client_get_status(reconf_config_get_client(hasty)) ==
                                 RECONF_STATUS_CONNECTED);
        drop_config(hasty);
        reconf_client_reconnect(reconf_config_get_client(config));
        service_scene_wait_until(reconf_config_get_object_path(config));
        g_assert_cmpuint(reconf_config_get_version(config), ==, 1);
        save(scene, "a: 3\n");
        service_scene_wait_until(g_str_has_suffix(notes->str, "a:2>3 "));
        g_assert_cmpstr(notes->str, ==, "a:1>2 a:2>3 ");
        drop_config(config);
}

int main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
        service_scene_add("/lib/client/changes", test_changes);
        service_scene_add("/lib/client/calls", test_calls);
        service_scene_add("/lib/client/instance", test_instance);
        service_scene_add("/lib/client/return", test_return);
        service_scene_add("/lib/client/unregistered", test_unregistered);
        service_scene_add("/lib/client/cancelled", test_cancelled);
        service_scene_add("/lib/client/no-bus", test_no_bus);
        service_scene_add("/lib/client/open", test_open);
        return g_test_run();
}
