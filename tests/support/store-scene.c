/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store scene: a state directory of its own for each test, and stores in a few words
 */
#include "tests/support/store-scene.h"

#include "daemon/store/database.h"
#include "daemon/store/store-internal.h"
#include "tests/support/namespace.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void set_up(StoreScene *scene, const void *data)
{
        scene->root = g_dir_make_tmp("reconf-store-XXXXXX", NULL);
        g_assert_nonnull(scene->root);
        scene->directory = g_build_filename(scene->root, "state", "reconf", NULL);
        scene->database = g_build_filename(scene->directory, DATABASE_FILE, NULL);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        return remove(path);
}

static void tear_down(StoreScene *scene, const void *data)
{
        g_assert_cmpint(nftw(scene->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS), ==, 0);
        g_free(scene->database);
        g_free(scene->directory);
        g_free(scene->root);
}

void store_scene_add(const char *path, void (*test)(StoreScene *, const void *), const void *data)
{
        g_test_add(path, StoreScene, data, set_up, test, tear_down);
}

#define SKIPPED 77

void store_scene_in_child(void (*function)(const StoreScene *), const StoreScene *scene)
{
        int status;
        pid_t pid;

        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                function(scene);
                _exit(0);
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
                g_test_skip("this is not allowed here");
        else
                g_assert_cmpint(status, ==, 0);
}

void skip_child(void)
{
        _exit(SKIPPED);
}

void enter_or_skip(void)
{
        if (!enter_namespace())
                skip_child();
}

void mount_or_skip(const char *source, const char *target, const char *type, unsigned long flags,
                   const char *options)
{
        if (mount(source, target, type, flags, options) < 0)
                skip_child();
}

void mount_read_only(const char *directory)
{
        mount_or_skip(directory, directory, NULL, MS_BIND, NULL);
        mount_or_skip(NULL, directory, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
}

Store *store_scene_open(const char *directory)
{
        g_autofree char *set_aside = NULL;
        Store *store = NULL;

        assert_no_failure(store_open(directory, &store, &set_aside));
        g_assert_cmpstr(set_aside, ==, NULL);
        return store;
}

Store *store_scene_open_in_boot(const char *directory, uint8_t boot)
{
        g_autofree char *set_aside = NULL;
        sd_id128_t id = { .bytes = { boot } };
        Store *store = NULL;

        assert_no_failure(store_open_in_boot(directory, id, &store, &set_aside));
        g_assert_cmpstr(set_aside, ==, NULL);
        return store;
}

char *store_scene_snapshot(const StoreScene *scene, const char *directory)
{
        g_autofree char *template = g_build_filename(scene->root, "snapshot-XXXXXX", NULL);
        g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
        const char *name;

        g_assert_nonnull(g_mkdtemp(template));
        g_assert_nonnull(entries);
        while ((name = g_dir_read_name(entries))) {
                g_autofree char *from = g_build_filename(directory, name, NULL);
                g_autofree char *to = g_build_filename(template, name, NULL);
                g_autofree char *content = NULL;
                size_t length;

                g_assert_true(g_file_get_contents(from, &content, &length, NULL));
                g_assert_true(g_file_set_contents(to, content, length, NULL));
        }
        return g_steal_pointer(&template);
}

void store_scene_run(const char *database, const char *sql)
{
        sqlite3 *connection = NULL;

        g_assert_cmpint(sqlite3_open(database, &connection), ==, SQLITE_OK);
        if (sqlite3_exec(connection, sql, NULL, NULL, NULL) != SQLITE_OK)
                g_error("%s: %s", sql, sqlite3_errmsg(connection));
        g_assert_cmpint(sqlite3_close(connection), ==, SQLITE_OK);
}

static void free_layer(void *data)
{
        layer_free(data);
}

static GPtrArray *layers_of_list(const char *content, va_list contents)
{
        GPtrArray *layers = g_ptr_array_new_with_free_func(free_layer);

        for (; content; content = va_arg(contents, const char *)) {
                g_autofree char *file = g_strdup_printf("/etc/app/%u.yaml", layers->len);
                g_autoptr(GBytes) bytes = NULL;

                if (!g_str_equal(content, "-"))
                        bytes = g_bytes_new(content, strlen(content));
                g_ptr_array_add(layers, layer_new(file, FORMAT_YAML, bytes));
        }
        return layers;
}

GPtrArray *layers_of(const char *content, ...)
{
        GPtrArray *layers;
        va_list contents;

        va_start(contents, content);
        layers = layers_of_list(content, contents);
        va_end(contents);
        return layers;
}

Version *version_of(const char *content, ...)
{
        Version *version = version_new();
        va_list contents;

        va_start(contents, content);
        version->layers = layers_of_list(content, contents);
        va_end(contents);
        return version;
}

uint64_t add_content(Store *store, const char *config, const char *content)
{
        g_autoptr(Version) version = version_of(content, NULL);

        assert_no_failure(store_add_version(store, config, version, VERSION_SUPERSEDED));
        return version->number;
}

void store_scene_make_history(const StoreScene *scene)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        (void) add_content(store, "app", "a: 1\n");
        (void) add_content(store, "app", "a: 2\n");
}

Failure *store_scene_register(Store *store, const char *name)
{
        g_autoptr(GVariant) settings = g_variant_ref_sink(g_variant_new_parsed("{'merge': <'deep'>}"));
        g_autofree char *file = g_strdup_printf("/etc/%s.yaml", name);
        char *files[] = { file, NULL };
        const Registration registration = {
                .name = (char *) name,
                .files = files,
                .settings = settings,
        };

        return store_save_registration(store, &registration);
}

Failure *store_scene_write_back(Store *store)
{
        if (!store_begin_checkpoint(store))
                return NULL;
        store_run_checkpoint(store);
        return store_end_checkpoint(store);
}

void tidy_up(Store *store, const char *config, unsigned max_versions)
{
        assert_no_failure(store_tidy(store, config, max_versions, 0));
        assert_no_failure(store_scene_write_back(store));
}

char *history_of(Store *store, const char *config)
{
        g_autoptr(GPtrArray) versions = NULL;
        GString *text = g_string_new(NULL);

        assert_no_failure(store_list_versions(store, config, &versions));
        for (unsigned i = 0; i < versions->len; i++) {
                const Version *version = g_ptr_array_index(versions, i);

                g_assert_null(version->layers);
                g_assert_cmpuint(strlen(version->digest), ==, 64);
                g_string_append_printf(text, "%s%" G_GUINT64_FORMAT " %s", i > 0 ? ", " : "",
                                       version->number, version_state_to_string(version->state));
        }
        return g_string_free(text, FALSE);
}

void assert_history(Store *store, const char *config, const char *expected)
{
        g_autofree char *history = history_of(store, config);

        g_assert_cmpstr(history, ==, expected);
}

void assert_layers(Store *store, const char *config, uint64_t number, const char *expected)
{
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(Version) version = NULL;

        assert_no_failure(store_load_version(store, config, number, &version));
        g_assert_nonnull(version);
        for (unsigned i = 0; i < version->layers->len; i++) {
                const Layer *layer = g_ptr_array_index(version->layers, i);
                g_autofree char *file = g_strdup_printf("/etc/app/%u.yaml", i);

                g_assert_cmpstr(layer->file, ==, file);
                g_assert_cmpint(layer->format, ==, FORMAT_YAML);
                if (i > 0)
                        g_string_append_c(text, '|');
                if (layer->bytes)
                        g_string_append_len(text, g_bytes_get_data(layer->bytes, NULL),
                                            g_bytes_get_size(layer->bytes));
                else
                        g_string_append_c(text, '-');
        }
        g_assert_cmpstr(text->str, ==, expected);
}

void assert_no_failure(Failure *failure)
{
        g_autofree char *message = failure ? failure_format(failure) : NULL;

        g_assert_cmpstr(message, ==, NULL);
        failure_free(failure);
}

void assert_failed(Failure *failure, FailureCode code, const char *text)
{
        g_autofree char *message = NULL;

        g_assert_nonnull(failure);
        message = failure_format(failure);
        if (!strstr(message, text))
                g_error("\"%s\" does not say \"%s\"", message, text);
        g_assert_cmpstr(failure_code_to_string(failure->code), ==, failure_code_to_string(code));
        failure_free(failure);
}
