/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/file-scene.h"

#include "daemon/file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static void scene_set_up(FileScene *scene, const void *data)
{
        g_autoptr(GError) error = NULL;

        scene->directory = g_dir_make_tmp("reconf-test-XXXXXX", &error);
        g_assert_no_error(error);
        g_assert_cmpint(chmod(scene->directory, 0755), ==, 0);
        scene->file = scene_path(scene, "config.yaml");
}

/* Directories in it are the tests' own to empty. */
static void scene_tear_down(FileScene *scene, const void *data)
{
        g_autoptr(GDir) directory = g_dir_open(scene->directory, 0, NULL);
        const char *name;

        while ((name = g_dir_read_name(directory))) {
                g_autofree char *path = scene_path(scene, name);

                g_assert_false(g_str_has_prefix(name, FILE_TEMPORARY_PREFIX));
                g_assert_cmpint(g_remove(path), ==, 0);
        }
        g_assert_cmpint(g_rmdir(scene->directory), ==, 0);
        g_free(scene->directory);
        g_free(scene->file);
}

void scene_add_with(const char *path, void (*test)(FileScene *, const void *), const void *data)
{
        g_test_add(path, FileScene, data, scene_set_up, test, scene_tear_down);
}

void scene_add(const char *path, void (*test)(FileScene *, const void *))
{
        scene_add_with(path, test, NULL);
}

char *scene_path(const FileScene *scene, const char *name)
{
        return g_build_filename(scene->directory, name, NULL);
}

unsigned scene_count(const FileScene *scene)
{
        g_autoptr(GDir) directory = g_dir_open(scene->directory, 0, NULL);
        unsigned n = 0;

        while (g_dir_read_name(directory))
                n++;
        return n;
}

void write_file(const char *path, const char *content)
{
        g_autoptr(GError) error = NULL;

        g_file_set_contents_full(path, content, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error);
        g_assert_no_error(error);
}

void assert_content(const char *path, const char *content)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *found = NULL;

        g_file_get_contents(path, &found, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(found, ==, content);
}

void assert_bytes(GBytes *bytes, const char *content)
{
        g_assert_nonnull(bytes);
        g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), content, strlen(content));
}

void assert_success(const Failure *failure)
{
        g_autofree char *message = failure ? failure_format(failure) : NULL;

        g_assert_cmpstr(message, ==, NULL);
}

void assert_failure(const Failure *failure, FailureCode code, const char *file, const char *text)
{
        g_autofree char *message = NULL;

        g_assert_nonnull(failure);
        message = failure_format(failure);
        g_assert_cmpstr(failure_code_to_string(failure->code), ==, failure_code_to_string(code));
        g_assert_true(g_str_has_prefix(message, file));
        if (!strstr(message, text))
                g_error("Expected '%s' in '%s'", text, message);
}
