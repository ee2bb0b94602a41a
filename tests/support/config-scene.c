/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/config-scene.h"

#include "tests/support/tree.h"

#include <sys/stat.h>

#define TIMEOUT_USEC (20 * G_USEC_PER_SEC)

static void tell(ConfigScene *scene, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void tell(ConfigScene *scene, const char *format, ...)
{
        va_list arguments;

        if (scene->told->len > 0)
                g_string_append(scene->told, "; ");
        va_start(arguments, format);
        g_string_append_vprintf(scene->told, format, arguments);
        va_end(arguments);
}

static void on_due(Config *config, void *userdata)
{
        ConfigScene *scene = userdata;

        if (!g_queue_find(&scene->due, config))
                g_queue_push_tail(&scene->due, config_ref(config));
}

static void on_changed(Config *config, const ConfigUpdate *update, void *userdata)
{
        ConfigScene *scene = userdata;

        g_assert_cmpuint(update->version, ==, config_version(config));
        changes_unref(scene->changes);
        scene->changes = changes_ref(update->changes);
        tell(scene, "%" G_GUINT64_FORMAT "<%" G_GUINT64_FORMAT " %s %s", update->version, update->previous,
             origin_to_string(update->origin), update->is_public ? "public" : "private");
        if (scene->hold)
                config_hold(config);
}

static void on_failed(Config *config, const Failure *failure, bool is_public, void *userdata)
{
        ConfigScene *scene = userdata;

        tell(scene, "failed %s %s", failure_stage_to_string(failure->stage),
             is_public ? "public" : "private");
        if (scene->hold)
                config_hold(config);
}

static void on_properties_changed(Config *config, ConfigProperty properties, void *userdata)
{
        static const char *const names[] = { "files",      "format",  "state",  "public",
                                             "hot-reload", "pending", "options" };
        g_autoptr(GPtrArray) changed = g_ptr_array_new();
        g_autofree char *text = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (properties & (1U << i))
                        g_ptr_array_add(changed, (char *) names[i]);
        g_ptr_array_add(changed, NULL);
        text = g_strjoinv(",", (char **) changed->pdata);
        tell(userdata, "%s", text);
}

static bool on_has_validators(Config *config, void *userdata)
{
        return false;
}

static void on_audited(Config *config, const AuditEntry *entry, bool recorded, void *userdata)
{
        ConfigScene *scene = userdata;

        g_assert_cmpstr(entry->config, ==, config_name(config));
        g_string_append_printf(scene->audited, "%s%s %s", scene->audited->len > 0 ? "; " : "",
                               audit_action_to_string(entry->action),
                               audit_outcome_to_string(entry->outcome));
        if (entry->error)
                g_string_append_printf(scene->audited, " %s", entry->error);
        if (entry->version > 0)
                g_string_append_printf(scene->audited, " %" G_GUINT64_FORMAT, entry->version);
        if (entry->author.uid != (uid_t) -1)
                g_string_append_printf(scene->audited, " by %u", (unsigned) entry->author.uid);
        if (recorded)
                g_string_append(scene->audited, " (recorded)");
}

static const ConfigObserver observer = {
        .due = on_due,
        .changed = on_changed,
        .failed = on_failed,
        .properties_changed = on_properties_changed,
        .has_validators = on_has_validators,
        .audited = on_audited,
};

static void on_done(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        ConfigScene *scene = userdata;

        if (failure)
                tell(scene, "done %s", failure_code_to_string(failure->code));
        else
                tell(scene, "done %" G_GUINT64_FORMAT, version);
        if (scene->stop_when_done)
                config_stop(config);
}

ConfigRequest request_of(ConfigScene *scene, Origin origin)
{
        return (ConfigRequest){
                .origin = origin,
                .author = { .uid = (uid_t) -1 },
                .done = on_done,
                .userdata = scene,
        };
}

static void scene_set_up(ConfigScene *scene, const void *data)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(Failure) failure = NULL;
        g_autofree char *state = NULL, *set_aside = NULL;

        scene->directory = g_dir_make_tmp("reconf-config-XXXXXX", &error);
        g_assert_no_error(error);
        g_assert_cmpint(chmod(scene->directory, 0755), ==, 0);
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        g_queue_init(&scene->due);
        scene->told = g_string_new(NULL);
        scene->audited = g_string_new(NULL);
        statistics_init(&scene->statistics, NULL);

        scene->context = (ConfigContext){
                .event = scene->event,
                .statistics = &scene->statistics,
                .hot_reload = true,
                .return_limit = 3,
                .return_period_usec = 600 * G_USEC_PER_SEC,
                .observer = &observer,
                .userdata = scene,
        };
        state = config_scene_path(scene, "state");
        failure = store_open(state, &scene->context.store, &set_aside);
        g_assert_null(failure);
        g_assert_null(set_aside);
        g_assert_cmpint(watcher_new(scene->event, &scene->context.watcher), ==, 0);
        g_assert_cmpint(worker_new(scene->event, &scene->context.worker), ==, 0);
}

static void release_config(void *config)
{
        config_unref(config);
}

static void scene_tear_down(ConfigScene *scene, const void *data)
{
        worker_free(scene->context.worker);
        g_queue_clear_full(&scene->due, release_config);
        watcher_free(scene->context.watcher);
        store_close(scene->context.store);
        changes_unref(scene->changes);
        g_string_free(scene->told, TRUE);
        g_string_free(scene->audited, TRUE);
        statistics_clear(&scene->statistics);
        sd_event_unref(scene->event);
        remove_tree(scene->directory);
        g_free(scene->directory);
}

void config_scene_add(const char *path, void (*test)(ConfigScene *, const void *))
{
        g_test_add(path, ConfigScene, NULL, scene_set_up, test, scene_tear_down);
}

char *config_scene_path(const ConfigScene *scene, const char *name)
{
        return g_build_filename(scene->directory, name, NULL);
}

void config_scene_save(const ConfigScene *scene, const char *name, const char *content)
{
        g_autofree char *path = config_scene_path(scene, name);
        g_autoptr(GError) error = NULL;

        g_file_set_contents_full(path, content, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error);
        g_assert_no_error(error);
}

void config_scene_assert_file(const ConfigScene *scene, const char *name, const char *content)
{
        g_autofree char *path = config_scene_path(scene, name);
        g_autofree char *found = NULL;

        (void) g_file_get_contents(path, &found, NULL, NULL);
        g_assert_cmpstr(found, ==, content);
}

char *large_yaml(const char *last_line)
{
        GString *text = g_string_new(NULL);

        for (unsigned i = 0; i < 6000; i++)
                g_string_append_printf(text, "k%u: a value\n", i);
        g_string_append(text, last_line);
        return g_string_free(text, FALSE);
}

static Config *new_config(ConfigScene *scene, const char *options, const char *file, va_list others)
{
        g_autoptr(GVariant) variant =
                        options ? g_variant_parse(G_VARIANT_TYPE_VARDICT, options, NULL, NULL, NULL) : NULL;
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_autoptr(Failure) failure = NULL;
        g_auto(GStrv) files = NULL;
        Options *parsed = NULL;

        g_assert_true(variant || !options);
        failure = options_from_variant(variant, &parsed);
        g_assert_null(failure);
        for (; file; file = va_arg(others, const char *)) {
                g_autofree char *path = config_scene_path(scene, file);

                g_strv_builder_add(builder, path);
        }
        files = g_strv_builder_end(builder);
        return config_new(&scene->context, "app", files, parsed);
}

Config *config_scene_new(ConfigScene *scene, const char *options, const char *file, ...)
{
        va_list others;
        Config *config;

        va_start(others, file);
        config = new_config(scene, options, file, others);
        va_end(others);
        return config;
}

Config *config_scene_register(ConfigScene *scene, const char *options, const char *file, ...)
{
        ConfigRequest request = request_of(scene, ORIGIN_REGISTER);
        va_list others;
        Config *config;

        va_start(others, file);
        config = new_config(scene, options, file, others);
        va_end(others);
        config_start(config, &request);
        config_scene_drain(scene);
        g_assert_true(g_str_has_suffix(scene->told->str, "done 1"));
        g_string_truncate(scene->told, 0);
        return config;
}

static void run_due(ConfigScene *scene)
{
        g_autoptr(Config) config = g_queue_pop_head(&scene->due);

        if (config)
                config_run_due(config);
}

void config_scene_drain(ConfigScene *scene)
{
        for (;;) {
                uint64_t wait = worker_pending(scene->context.worker) > 0 ? TIMEOUT_USEC : 0;
                int r = sd_event_run(scene->event, g_queue_is_empty(&scene->due) ? wait : 0);

                g_assert_cmpint(r, >=, 0);
                if (r > 0)
                        continue;
                g_assert_cmpuint(wait > 0 && g_queue_is_empty(&scene->due), ==, 0);
                if (g_queue_is_empty(&scene->due))
                        return;
                run_due(scene);
        }
}

void assert_told(ConfigScene *scene, const char *expected)
{
        config_scene_drain(scene);
        g_assert_cmpstr(scene->told->str, ==, expected);
        g_string_truncate(scene->told, 0);
}

void await_told(ConfigScene *scene, const char *expected)
{
        config_scene_drain(scene);
        while (scene->told->len == 0) {
                g_assert_cmpint(sd_event_run(scene->event, TIMEOUT_USEC), >, 0);
                config_scene_drain(scene);
        }
        assert_told(scene, expected);
}

void assert_history(ConfigScene *scene, const char *expected)
{
        g_autoptr(GPtrArray) versions = NULL;
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(Failure) failure = store_list_versions(scene->context.store, "app", &versions);

        g_assert_null(failure);
        for (guint i = 0; i < versions->len; i++) {
                const Version *version = g_ptr_array_index(versions, i);

                g_string_append_printf(text, "%s%" G_GUINT64_FORMAT " %s", i > 0 ? ", " : "",
                                       version->number, version_state_to_string(version->state));
                if (version->from_version > 0)
                        g_string_append_printf(text, " from %" G_GUINT64_FORMAT, version->from_version);
        }
        g_assert_cmpstr(text->str, ==, expected);
}

void ask_rollback(ConfigScene *scene, Config *config, uint64_t version)
{
        ConfigRequest request = request_of(scene, ORIGIN_ROLLBACK);

        config_rollback(config, version, &request);
}

void ask_reload(ConfigScene *scene, Config *config)
{
        ConfigRequest request = request_of(scene, ORIGIN_RELOAD);

        config_reload(config, &request);
}

void assert_audited(ConfigScene *scene, const char *expected)
{
        g_assert_cmpstr(scene->audited->str, ==, expected);
        g_string_truncate(scene->audited, 0);
}

void ask_start(ConfigScene *scene, Config *config, Origin origin)
{
        ConfigRequest request = request_of(scene, origin);

        config_start(config, &request);
}

void end_config(Config *config)
{
        config_stop(config);
        config_unref(config);
}

void ask_files(ConfigScene *scene, Config *config, const char *name, bool insist)
{
        ConfigRequest request = request_of(scene, ORIGIN_RELOAD);
        g_autofree char *path = config_scene_path(scene, name);
        char *files[] = { path, NULL };

        config_set_files(config, files, NULL, insist, &request);
}
