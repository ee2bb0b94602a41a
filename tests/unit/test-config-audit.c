/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what configs tell about who did what
 */
#include "tests/support/config-scene.h"

#define SOMEBODY 4711

static ConfigRequest somebodys(ConfigScene *scene, Origin origin)
{
        ConfigRequest request = request_of(scene, origin);

        request.author = (Author){ .uid = SOMEBODY, .pid = 42 };
        return request;
}

static void reload(ConfigScene *scene, Config *config, const uint32_t *confirm_ms)
{
        ConfigRequest request = somebodys(scene, ORIGIN_RELOAD);

        request.confirm_ms = confirm_ms;
        config_reload(config, &request);
        config_scene_drain(scene);
}

static void rollback(ConfigScene *scene, Config *config, uint64_t version)
{
        ConfigRequest request = somebodys(scene, ORIGIN_ROLLBACK);

        config_rollback(config, version, &request);
        config_scene_drain(scene);
}

/* What the store has, newest first, as "rollback 3, change 2"; entries of one moment keep their order. */
static void assert_stored(ConfigScene *scene, const char *expected)
{
        g_autoptr(GPtrArray) entries = NULL;
        g_autoptr(GString) text = g_string_new(NULL);

        g_assert_null(store_list_audit(scene->context.store, "app", 0, 100, &entries));
        for (guint i = 0; i < entries->len; i++) {
                const AuditEntry *entry = g_ptr_array_index(entries, i);

                g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT, i > 0 ? ", " : "",
                                       audit_action_to_string(entry->action), entry->version);
        }
        g_assert_cmpstr(text->str, ==, expected);
}

static Config *register_app(ConfigScene *scene, const char *options)
{
        Config *config;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, options, "app.yaml", NULL);
        assert_audited(scene, "register ok 1 (recorded)");
        return config;
}

static void test_versions(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = register_app(scene, NULL);

        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "2<1 file public");
        assert_audited(scene, "change ok 2 (recorded)");
        rollback(scene, config, 1);
        assert_audited(scene, "rollback ok 3 by 4711 (recorded)");
        /* Each is in the transaction of its version, and nowhere else. */
        assert_stored(scene, "rollback 3, change 2, register 1");
}

static void test_reload(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = register_app(scene, "{'hot-reload': <false>}");

        /* Nothing was done. */
        reload(scene, config, NULL);
        assert_audited(scene, "");
        config_scene_save(scene, "app.yaml", "a: 2\n");
        reload(scene, config, NULL);
        assert_audited(scene, "reload ok 2 by 4711 (recorded)");
        config_scene_save(scene, "app.yaml", "a: [\n");
        reload(scene, config, NULL);
        assert_audited(scene, "reload failed ParseFailed by 4711");
        /* Nobody asked. */
        ask_reload(scene, config);
        assert_audited(scene, "");
}

static void test_rollback_without_version(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = register_app(scene, "{'hot-reload': <false>}");

        config_scene_save(scene, "app.yaml", "a: 2\n");
        rollback(scene, config, 1);
        assert_audited(scene, "rollback ok 1 by 4711");
        rollback(scene, config, 99);
        assert_audited(scene, "rollback failed NoSuchVersion by 4711");
}

static void test_files(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = register_app(scene, NULL);
        ConfigRequest request = somebodys(scene, ORIGIN_RELOAD);
        g_autofree char *path = config_scene_path(scene, "other.yaml");
        char *files[] = { path, NULL };

        config_scene_save(scene, "other.yaml", "a: 2\n");
        config_set_files(config, files, NULL, false, &request);
        config_scene_drain(scene);
        assert_audited(scene, "set-files ok 2 by 4711 (recorded)");
        /* A drop-in does so as well. */
        config_scene_save(scene, "other.yaml", "a: 3\n");
        config_scene_drain(scene);
        scene->audited = g_string_truncate(scene->audited, 0);
        ask_files(scene, config, "app.yaml", true);
        config_scene_drain(scene);
        g_assert_nonnull(strstr(scene->audited->str, "reload ok"));
}

static void test_revert(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config =
                        register_app(scene, "{'on-invalid': <'revert'>, 'debounce-ms': <uint32 0>}");

        config_scene_save(scene, "app.yaml", "a: [\n");
        reload(scene, config, NULL);
        assert_audited(scene, "revert ok 2 by 4711 (recorded)");
        assert_stored(scene, "revert 2, register 1");
}

static void test_confirm(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = register_app(scene, "{'hot-reload': <false>}");
        ConfigRequest request = somebodys(scene, ORIGIN_RELOAD);
        const uint32_t hour = 3600 * 1000;

        config_scene_save(scene, "app.yaml", "a: 2\n");
        reload(scene, config, &hour);
        assert_audited(scene, "reload ok 2 by 4711 (recorded)");
        config_extend_confirm(config, 2, hour, &request);
        assert_audited(scene, "extend ok 2 by 4711");
        config_confirm(config, 1, &request);
        assert_audited(scene, "confirm failed NotUnconfirmed by 4711");
        config_confirm(config, 2, &request);
        assert_audited(scene, "confirm ok 2 by 4711");
}

static void test_instances_confirm(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config =
                        register_app(scene, "{'hot-reload': <false>, 'confirm-by': <'instances'>}");
        const uint32_t hour = 3600 * 1000;

        config_scene_save(scene, "app.yaml", "a: 2\n");
        reload(scene, config, &hour);
        g_string_truncate(scene->audited, 0);
        config_accept(config, 2);
        assert_audited(scene, "confirm ok 2");
        config_accept(config, 2);
        assert_audited(scene, "");
}

static void test_return(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config =
                        register_app(scene, "{'hot-reload': <false>, 'on-failure': <'rollback'>}");

        config_scene_save(scene, "app.yaml", "a: 2\n");
        reload(scene, config, NULL);
        g_string_truncate(scene->audited, 0);
        config_reject(config, 2, "it cannot");
        config_scene_drain(scene);
        assert_audited(scene, "return ok 3 (recorded)");
        config_scene_assert_file(scene, "app.yaml", "a: 1\n");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        config_scene_add("/config-audit/versions", test_versions);
        config_scene_add("/config-audit/reload", test_reload);
        config_scene_add("/config-audit/rollback-without-version", test_rollback_without_version);
        config_scene_add("/config-audit/files", test_files);
        config_scene_add("/config-audit/revert", test_revert);
        config_scene_add("/config-audit/confirm", test_confirm);
        config_scene_add("/config-audit/instances-confirm", test_instances_confirm);
        config_scene_add("/config-audit/return", test_return);
        return g_test_run();
}
