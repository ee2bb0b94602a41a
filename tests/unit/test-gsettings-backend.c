/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The GSettings backend inside a program: its thread and others, a service that comes and goes, and an end
 *
 * That nothing is left over is said by the sanitizers, and that no two threads are in each other's way by
 * ThreadSanitizer, with which this is built a second time.
 */
#include "client/gsettings/backend.h"
#include "introspection/names.h"
#include "tests/support/service-scene.h"

#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gsettingsbackend.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#define N_READERS 4U
#define N_VERSIONS 20
#define PAUSE_USEC 100
#define SCHEMA "org.reconf.test"

static const char schemas[] = "<schemalist><schema id='" SCHEMA "' path='/org/reconf/test/'>"
                              "<key name='number' type='i'><default>7</default></key>"
                              "<key name='names' type='as'><default>[]</default></key>"
                              "</schema></schemalist>";

static GSettingsSchema *schema;

/* What a module is to GIO. */
struct _Module {
        GTypeModule parent;
};

G_DECLARE_FINAL_TYPE(Module, module, TEST, MODULE, GTypeModule)
G_DEFINE_FINAL_TYPE(Module, module, G_TYPE_TYPE_MODULE)

static gboolean load_module(GTypeModule *module)
{
        return TRUE;
}

static void unload_module(GTypeModule *module)
{
}

static void module_class_init(ModuleClass *class)
{
        G_TYPE_MODULE_CLASS(class)->load = load_module;
        G_TYPE_MODULE_CLASS(class)->unload = unload_module;
}

static void module_init(Module *module)
{
}

static void register_backend(void)
{
        GTypeModule *module = g_object_new(module_get_type(), NULL);

        /* GIO has no such extension point until somebody asks for a backend. */
        g_object_unref(g_settings_backend_get_default());
        g_assert_true(g_type_module_use(module));
        settings_backend_register(module);
}

static void compile_schema(void)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *directory = g_dir_make_tmp("reconf-schemas-XXXXXX", &error);
        g_autofree char *source = g_build_filename(directory, "test.gschema.xml", NULL);
        g_autofree char *compiled = g_build_filename(directory, "gschemas.compiled", NULL);
        const char *command[] = { "glib-compile-schemas", "--strict", directory, NULL };
        g_autoptr(GSettingsSchemaSource) schema_source = NULL;
        int status = -1;

        g_assert_no_error(error);
        g_file_set_contents(source, schemas, -1, &error);
        g_assert_no_error(error);
        g_spawn_sync(NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                     &error);
        g_assert_no_error(error);
        g_assert_cmpint(status, ==, 0);
        schema_source = g_settings_schema_source_new_from_directory(directory, NULL, FALSE, &error);
        g_assert_no_error(error);
        schema = g_settings_schema_source_lookup(schema_source, SCHEMA, FALSE);
        g_assert_nonnull(schema);
        g_assert_cmpint(g_remove(source) | g_remove(compiled) | g_rmdir(directory), ==, 0);
}

static void save_number(ServiceScene *scene, int number)
{
        g_autofree char *text = g_strdup_printf("{number: %d, names: [a, b]}\n", number);

        service_scene_save(scene, "gsettings.yaml", text);
}

/* The config stays registered. */
static void register_file(ServiceScene *scene)
{
        g_autofree char *path = service_scene_path(scene, "gsettings.yaml");
        g_autoptr(GError) error = NULL;
        g_autoptr(ReconfConfig) config = reconf_client_watch_file_sync(scene->client, path, NULL, &error);

        g_assert_no_error(error);
        g_assert_nonnull(config);
}

static GSettingsBackend *make_backend(void)
{
        return g_object_new(reconf_settings_backend_get_type(), NULL);
}

/* A backend, for a config that is there before it. */
static GSettingsBackend *register_config(ServiceScene *scene)
{
        save_number(scene, 1);
        register_file(scene);
        return make_backend();
}

static GSettings *open_settings(GSettingsBackend *backend)
{
        return g_settings_new_full(schema, backend, NULL);
}

static bool is_feeding(void)
{
        g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
        const char *task;

        while ((task = g_dir_read_name(tasks))) {
                g_autofree char *path = g_build_filename("/proc/self/task", task, "comm", NULL);
                g_autofree char *name = NULL;

                if (g_file_get_contents(path, &name, NULL, NULL) && g_str_equal(name, "reconf-settings\n"))
                        return true;
        }
        return false;
}

/* The backend's thread ends by itself. */
static void end_backend(GSettingsBackend *backend)
{
        g_object_unref(backend);
        while (is_feeding()) {
                g_main_context_iteration(NULL, FALSE);
                g_usleep(1000);
        }
}

static void note_number(GSettings *settings, const char *key, GString *notes)
{
        g_string_append_printf(notes, "%d ", g_settings_get_int(settings, key));
}

static void test_follow(ServiceScene *scene, const void *unused)
{
        g_autoptr(GString) notes = g_string_new(NULL);
        GSettingsBackend *backend = register_config(scene);
        GSettings *settings = open_settings(backend);
        g_auto(GStrv) names = NULL;

        g_signal_connect(settings, "changed::number", G_CALLBACK(note_number), notes);
        g_assert_cmpint(g_settings_get_int(settings, "number"), ==, 1);
        names = g_settings_get_strv(settings, "names");
        g_assert_cmpstr(names[1], ==, "b");
        for (int i = 2; i < 5; i++) {
                g_autofree char *heard = g_strdup_printf("%d ", i);

                if (i > 2)
                        service_scene_signal(scene, i % 2 ? SIGKILL : SIGTERM);
                save_number(scene, i);
                service_scene_wait_until(g_str_has_suffix(notes->str, heard));
        }
        g_assert_cmpstr(notes->str, ==, "2 3 4 ");
        g_assert_false(g_settings_set_int(settings, "number", 5));
        g_object_unref(settings);
        end_backend(backend);
}

typedef struct Reading {
        GSettingsBackend *backend;
        atomic_bool ended;
        atomic_uint n_reads;
} Reading;

/* With settings of its own, as GSettings wants it. */
static void *read_all_the_time(void *data)
{
        Reading *reading = data;
        g_autoptr(GSettings) settings = open_settings(reading->backend);
        int last = 0;

        while (!atomic_load(&reading->ended)) {
                int number = g_settings_get_int(settings, "number");

                g_assert_cmpint(number, >=, last);
                last = number;
                atomic_fetch_add(&reading->n_reads, 1);
                /* Those who have something to read for them need a turn, too. */
                g_usleep(PAUSE_USEC);
        }
        return NULL;
}

static void start_readers(Reading *reading, GThread **threads)
{
        for (unsigned i = 0; i < N_READERS; i++)
                threads[i] = g_thread_new("reader", read_all_the_time, reading);
}

/* Until something is read after now. */
static void wait_for_a_read(Reading *reading)
{
        unsigned before = atomic_load(&reading->n_reads);

        while (atomic_load(&reading->n_reads) == before)
                g_thread_yield();
}

static void end_readers(Reading *reading, GThread **threads)
{
        atomic_store(&reading->ended, true);
        for (unsigned i = 0; i < N_READERS; i++)
                g_thread_join(threads[i]);
}

static void test_readers(ServiceScene *scene, const void *unused)
{
        Reading reading = { .backend = register_config(scene) };
        GSettings *settings = open_settings(reading.backend);
        GThread *threads[N_READERS];

        start_readers(&reading, threads);
        for (int i = 2; i < N_VERSIONS; i++) {
                save_number(scene, i);
                service_scene_wait_until(g_settings_get_int(settings, "number") == i);
                wait_for_a_read(&reading);
        }
        end_readers(&reading, threads);
        g_object_unref(settings);
        end_backend(reading.backend);
}

static void count_warning(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
        atomic_fetch_add((atomic_uint *) data, 1);
}

static gboolean is_fatal(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
        return FALSE;
}

/* A config that comes when many have read in vain. */
static void test_late(ServiceScene *scene, const void *unused)
{
        Reading reading = { .backend = make_backend() };
        GSettings *settings = open_settings(reading.backend);
        g_autoptr(GString) notes = g_string_new(NULL);
        GThread *threads[N_READERS];
        atomic_uint n_warnings = 0;
        guint handler = g_log_set_handler(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL,
                                          count_warning, &n_warnings);

        g_test_log_set_fatal_handler(is_fatal, NULL);
        g_signal_connect(settings, "changed::number", G_CALLBACK(note_number), notes);
        g_assert_cmpint(g_settings_get_int(settings, "number"), ==, 7);
        start_readers(&reading, threads);
        wait_for_a_read(&reading);
        save_number(scene, 8);
        register_file(scene);
        service_scene_wait_until(notes->len > 0);
        g_assert_cmpstr(notes->str, ==, "8 ");
        wait_for_a_read(&reading);
        end_readers(&reading, threads);
        g_object_unref(settings);
        end_backend(reading.backend);
        g_log_remove_handler(G_LOG_DOMAIN, handler);
        g_assert_cmpuint(atomic_load(&n_warnings), ==, 1);
}

/* Before it is connected, while it is, and when it has read something. */
static void test_end(ServiceScene *scene, const void *unused)
{
        for (int i = 0; i < 12; i++) {
                GSettingsBackend *backend = register_config(scene);
                GSettings *settings = open_settings(backend);

                if (i % 3 == 1)
                        g_usleep((gulong) i * 500);
                if (i % 3 == 2)
                        g_assert_cmpint(g_settings_get_int(settings, "number"), ==, 1);
                g_object_unref(settings);
                end_backend(backend);
        }
}

/* What was read last stays, until there is another. */
static void test_unregistered(ServiceScene *scene, const void *unused)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) notes = g_string_new(NULL);
        GSettingsBackend *backend = register_config(scene);
        GSettings *settings = open_settings(backend);

        g_signal_connect(settings, "changed::number", G_CALLBACK(note_number), notes);
        g_assert_cmpint(g_settings_get_int(settings, "number"), ==, 1);
        g_assert_true(reconf_client_unregister_sync(scene->client, "gsettings", NULL, &error));
        g_assert_cmpint(g_settings_get_int(settings, "number"), ==, 1);
        save_number(scene, 2);
        register_file(scene);
        service_scene_wait_until(notes->len > 0);
        g_assert_cmpstr(notes->str, ==, "2 ");
        g_object_unref(settings);
        end_backend(backend);
}

int main(int argc, char **argv)
{
        int status;

        g_setenv("GSETTINGS_BACKEND", "memory", TRUE);
        g_setenv(RECONF_ENV_GSETTINGS, "gsettings=/org/reconf/test/", TRUE);
        g_test_init(&argc, &argv, NULL);
        compile_schema();
        register_backend();
        service_scene_add("/gsettings-backend/follow", test_follow);
        service_scene_add("/gsettings-backend/readers", test_readers);
        service_scene_add("/gsettings-backend/late", test_late);
        service_scene_add("/gsettings-backend/end", test_end);
        service_scene_add("/gsettings-backend/unregistered", test_unregistered);
        status = g_test_run();
        g_settings_schema_unref(schema);
        return status;
}
