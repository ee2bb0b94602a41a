/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configs of files, without the service
 */
#include "client/lib/config-private.h"
#include "client/lib/reconf/error.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <unistd.h>

typedef struct Scene {
        char *directory;
        char *file;
        ReconfConfig *config;
        unsigned n_changed;
        unsigned n_failed;
        char *stage;
} Scene;

static char *path_of(const Scene *scene, const char *name)
{
        return g_build_filename(scene->directory, name, NULL);
}

/* In place, as a shell does. */
static void put(const char *file, const char *text)
{
        FILE *stream = fopen(file, "w");

        g_assert_nonnull(stream);
        g_assert_cmpint(fputs(text, stream), >=, 0);
        g_assert_cmpint(fclose(stream), ==, 0);
}

/* By rename, as editors do. */
static void save(const char *file, const char *text)
{
        g_autofree char *temporary = g_strconcat(file, ".new", NULL);

        put(temporary, text);
        g_assert_cmpint(rename(temporary, file), ==, 0);
}

static void on_changed(ReconfConfig *config, ReconfChange *change, void *data)
{
        ((Scene *) data)->n_changed++;
}

static void on_failed(ReconfConfig *config, const char *stage, GVariant *problems, void *data)
{
        Scene *scene = data;

        scene->n_failed++;
        g_free(scene->stage);
        scene->stage = g_strdup(stage);
        g_assert_cmpuint(g_variant_n_children(problems), >, 0);
}

static void open_config(Scene *scene, const char *const *files, GVariant *options)
{
        g_autoptr(GError) error = NULL;

        scene->config = reconf_config_new_for_files(files, options, &error);
        g_assert_no_error(error);
        g_signal_connect(scene->config, "changed", G_CALLBACK(on_changed), scene);
        g_signal_connect(scene->config, "reload-failed", G_CALLBACK(on_failed), scene);
}

static void set_up(Scene *scene, const void *text)
{
        g_autoptr(GError) error = NULL;

        *scene = (Scene){ 0 };
        scene->directory = g_dir_make_tmp("reconf-XXXXXX", &error);
        g_assert_no_error(error);
        scene->file = path_of(scene, "config.yaml");
        if (text) {
                const char *files[] = { scene->file, NULL };

                put(scene->file, text);
                open_config(scene, files, NULL);
        }
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
        return remove(path);
}

static void tear_down(Scene *scene, const void *unused)
{
        g_clear_object(&scene->config);
        g_assert_cmpint(nftw(scene->directory, remove_one, 10, FTW_DEPTH | FTW_PHYS), ==, 0);
        g_free(scene->directory);
        g_free(scene->file);
        g_free(scene->stage);
}

static void wait_number(Scene *scene, gint64 number)
{
        while (reconf_config_get_int(scene->config, "a", -1) != number)
                g_main_context_iteration(NULL, TRUE);
}

static void wait_failed(Scene *scene, unsigned n_failed)
{
        while (scene->n_failed < n_failed)
                g_main_context_iteration(NULL, TRUE);
        g_assert_cmpuint(scene->n_failed, ==, n_failed);
}

static void test_saves(Scene *scene, const void *text)
{
        g_assert_cmpstr(reconf_config_get_name(scene->config), ==, scene->file);
        g_assert_cmpint(reconf_config_get_int(scene->config, "a", -1), ==, 1);
        save(scene->file, "a: 2\n");
        wait_number(scene, 2);
        put(scene->file, "a: 3\n");
        wait_number(scene, 3);
        while (scene->n_changed < 2)
                g_main_context_iteration(NULL, TRUE);
        g_assert_cmpuint(reconf_config_get_version(scene->config), ==, 3);
        g_assert_cmpuint(scene->n_failed, ==, 0);
}

static void test_bad_save(Scene *scene, const void *text)
{
        save(scene->file, "a: [\n");
        wait_failed(scene, 1);
        g_assert_cmpstr(scene->stage, ==, "parse");
        g_assert_cmpint(reconf_config_get_int(scene->config, "a", -1), ==, 1);
        save(scene->file, "a: 2\n");
        wait_number(scene, 2);
}

static void test_goes_and_comes(Scene *scene, const void *text)
{
        g_assert_cmpint(unlink(scene->file), ==, 0);
        wait_failed(scene, 1);
        g_assert_cmpstr(scene->stage, ==, "read");
        g_assert_cmpint(reconf_config_get_int(scene->config, "a", -1), ==, 1);
        put(scene->file, "a: 5\n");
        wait_number(scene, 5);
}

static void test_emptied(Scene *scene, const void *text)
{
        put(scene->file, "");
        wait_number(scene, -1);
        g_assert_cmpuint(reconf_config_n_children(scene->config, ""), ==, 0);
        g_assert_cmpuint(scene->n_failed, ==, 0);
}

/* As Kubernetes mounts configs: config.yaml -> data/config.yaml, data -> one. */
static void test_links(Scene *scene, const void *unused)
{
        g_autofree char *one = path_of(scene, "one");
        g_autofree char *two = path_of(scene, "two");
        g_autofree char *first = path_of(scene, "one/config.yaml");
        g_autofree char *second = path_of(scene, "two/config.yaml");
        g_autofree char *data = path_of(scene, "data");
        g_autofree char *new = path_of(scene, "data.new");
        const char *files[] = { scene->file, NULL };

        g_assert_cmpint(g_mkdir(one, 0755), ==, 0);
        g_assert_cmpint(g_mkdir(two, 0755), ==, 0);
        put(first, "a: 1\n");
        put(second, "a: 2\n");
        g_assert_cmpint(symlink("one", data), ==, 0);
        g_assert_cmpint(symlink("data/config.yaml", scene->file), ==, 0);
        open_config(scene, files, NULL);

        g_assert_cmpint(symlink("two", new), ==, 0);
        g_assert_cmpint(rename(new, data), ==, 0);
        wait_number(scene, 2);
        save(second, "a: 3\n");
        wait_number(scene, 3);
}

static void test_layers(Scene *scene, const void *unused)
{
        g_autofree char *layer = path_of(scene, "layer.yaml");
        const char *files[] = { scene->file, layer, NULL };

        put(scene->file, "{a: 1, b: 1}");
        open_config(scene, files, NULL);
        g_assert_cmpint(reconf_config_get_int(scene->config, "a", -1), ==, 1);
        save(layer, "a: 2\n");
        wait_number(scene, 2);
        g_assert_cmpint(reconf_config_get_int(scene->config, "b", -1), ==, 1);
        g_assert_cmpint(unlink(layer), ==, 0);
        wait_number(scene, 1);
}

/* What ENV has as strings, a schema makes numbers of; and what it forbids is refused. */
static void test_schema(Scene *scene, const void *unused)
{
        g_autofree char *schema = path_of(scene, "schema.json");
        g_autofree char *file = path_of(scene, "config.env");
        const char *files[] = { file, NULL };
        GVariantDict options;

        put(schema, "{\"properties\": {\"a\": {\"type\": \"integer\", \"maximum\": 9}}}");
        put(file, "a=7\n");
        g_variant_dict_init(&options, NULL);
        g_variant_dict_insert(&options, "schema", "s", schema);
        open_config(scene, files, g_variant_dict_end(&options));
        g_assert_cmpint(reconf_config_get_int(scene->config, "a", -1), ==, 7);
        save(file, "a=10\n");
        wait_failed(scene, 1);
        g_assert_cmpstr(scene->stage, ==, "schema");
        save(schema, "{\"properties\": {\"a\": {\"type\": \"integer\", \"maximum\": 10}}}");
        wait_number(scene, 10);
}

static void assert_refused(const char *file, const char *option, int code)
{
        const char *files[] = { file, NULL };
        g_autoptr(GError) error = NULL;
        GVariantDict options;

        g_variant_dict_init(&options, NULL);
        if (option)
                g_variant_dict_insert(&options, option, "b", TRUE);
        g_assert_null(reconf_config_new_for_files(files, g_variant_dict_end(&options), &error));
        g_assert_error(error, RECONF_ERROR, code);
}

static void test_refused(Scene *scene, const void *unused)
{
        g_autofree char *nameless = path_of(scene, "config");

        assert_refused(scene->file, NULL, RECONF_ERROR_FILE_NOT_FOUND);
        put(scene->file, "a: [");
        put(nameless, "a: 1");
        assert_refused(scene->file, NULL, RECONF_ERROR_PARSE_FAILED);
        assert_refused(scene->file, "no-such-option", RECONF_ERROR_INVALID_ARGUMENT);
        assert_refused(nameless, NULL, RECONF_ERROR_INVALID_ARGUMENT);
}

/* Its last reference may go where its loop does not run. */
static void *drop(void *config)
{
        g_object_unref(config);
        return NULL;
}

static void test_dropped_elsewhere(Scene *scene, const void *text)
{
        save(scene->file, "a: 2\n");
        g_thread_join(g_thread_new("drop", drop, g_steal_pointer(&scene->config)));
        while (g_main_context_iteration(NULL, FALSE))
                ;
}

static void reload_again(ReconfConfig *config, ReconfChange *change, void *data)
{
        Scene *scene = data;

        g_signal_handlers_disconnect_by_func(config, reload_again, data);
        put(scene->file, "a: 3\n");
        g_assert_true(reconf_config_reload_sync(config, NULL, NULL, NULL));
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 1);
}

/* A handler of `changing` may ask for what its file holds by now. */
static void test_reload_in_handler(Scene *scene, const void *text)
{
        guint64 version;

        g_signal_connect(scene->config, "changing", G_CALLBACK(reload_again), scene);
        put(scene->file, "a: 2\n");
        g_assert_true(reconf_config_reload_sync(scene->config, &version, NULL, NULL));
        g_assert_cmpint(reconf_config_get_int(scene->config, "a", 0), ==, 3);
        g_assert_cmpuint(version, ==, 3);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add("/lib-files/saves", Scene, "a: 1\n", set_up, test_saves, tear_down);
        g_test_add("/lib-files/bad-save", Scene, "a: 1\n", set_up, test_bad_save, tear_down);
        g_test_add("/lib-files/goes-and-comes", Scene, "a: 1\n", set_up, test_goes_and_comes, tear_down);
        g_test_add("/lib-files/emptied", Scene, "a: 1\n", set_up, test_emptied, tear_down);
        g_test_add("/lib-files/links", Scene, NULL, set_up, test_links, tear_down);
        g_test_add("/lib-files/layers", Scene, NULL, set_up, test_layers, tear_down);
        g_test_add("/lib-files/schema", Scene, NULL, set_up, test_schema, tear_down);
        g_test_add("/lib-files/refused", Scene, NULL, set_up, test_refused, tear_down);
        g_test_add("/lib-files/reload-in-handler", Scene, "a: 1\n", set_up, test_reload_in_handler,
                   tear_down);
        g_test_add("/lib-files/dropped-elsewhere", Scene, "a: 1\n", set_up, test_dropped_elsewhere,
                   tear_down);
        return g_test_run();
}
