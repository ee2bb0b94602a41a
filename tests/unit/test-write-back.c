/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of writing back: all files or, as far as the disk allows, none
 */
#include "daemon/store/version.h"
#include "daemon/write-back.h"
#include "tests/support/file-scene.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static void release_layer(void *layer)
{
        layer_free(layer);
}

/* Of files one.yaml and two.yaml; NULL: that there be none. */
static WriteBack *write_back_of(const FileScene *scene, const char *one, const char *two)
{
        g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(release_layer);
        const char *const names[] = { "one.yaml", "two.yaml" }, *const contents[] = { one, two };

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = scene_path(scene, names[i]);
                g_autoptr(GBytes) bytes = contents[i] ? g_bytes_new(contents[i], strlen(contents[i])) : NULL;

                g_ptr_array_add(layers, layer_new(path, FORMAT_YAML, bytes));
        }
        return write_back_new(layers, 0600);
}

static void save(const FileScene *scene, const char *name, const char *content)
{
        g_autofree char *path = scene_path(scene, name);

        write_file(path, content);
}

/* content is NULL where there is to be none. */
static void assert_file(const FileScene *scene, const char *name, const char *content)
{
        g_autofree char *path = scene_path(scene, name);

        if (content)
                assert_content(path, content);
        else
                g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void run(WriteBack *write_back)
{
        g_autoptr(Failure) failure = NULL;

        write_back_run(write_back);
        failure = write_back_take_failure(write_back);
        assert_success(failure);
}

static void test_write(FileScene *scene, const void *data)
{
        g_autoptr(WriteBack) write_back = write_back_of(scene, "a: 1\n", "b: 1\n");

        save(scene, "one.yaml", "a: 2\n");
        save(scene, "two.yaml", "b: 2\n");
        run(write_back);
        assert_file(scene, "one.yaml", "a: 1\n");
        assert_file(scene, "two.yaml", "b: 1\n");
        g_assert_true(write_back_is_public(write_back));

        write_back_undo(write_back);
        assert_file(scene, "one.yaml", "a: 2\n");
        assert_file(scene, "two.yaml", "b: 2\n");
        g_assert_null(write_back_free(NULL));
}

static void test_same(FileScene *scene, const void *data)
{
        g_autoptr(WriteBack) write_back = write_back_of(scene, "a: 1\n", NULL);
        g_autofree char *path = scene_path(scene, "one.yaml");
        struct stat before, after;

        save(scene, "one.yaml", "a: 1\n");
        g_assert_cmpint(stat(path, &before), ==, 0);
        run(write_back);
        write_back_undo(write_back);
        /* A file that is right already is not touched. */
        g_assert_cmpint(stat(path, &after), ==, 0);
        g_assert_cmpuint(before.st_ino, ==, after.st_ino);
}

static void test_create_and_remove(FileScene *scene, const void *data)
{
        g_autoptr(WriteBack) write_back = write_back_of(scene, "a: 1\n", NULL);
        g_autofree char *path = scene_path(scene, "one.yaml");
        struct stat status;

        save(scene, "two.yaml", "b: 2\n");
        run(write_back);
        assert_file(scene, "one.yaml", "a: 1\n");
        assert_file(scene, "two.yaml", NULL);
        g_assert_cmpint(stat(path, &status), ==, 0);
        g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
        g_assert_false(write_back_is_public(write_back));

        write_back_undo(write_back);
        assert_file(scene, "one.yaml", NULL);
        assert_file(scene, "two.yaml", "b: 2\n");
}

static void test_second_fails(FileScene *scene, const void *data)
{
        g_autoptr(WriteBack) write_back = write_back_of(scene, "a: 1\n", "b: 1\n");
        g_autofree char *two = scene_path(scene, "two.yaml");
        g_autoptr(Failure) failure = NULL;

        save(scene, "one.yaml", "a: 2\n");
        g_assert_cmpint(g_mkdir(two, 0755), ==, 0);
        write_back_run(write_back);
        failure = write_back_take_failure(write_back);
        assert_failure(failure, FAILURE_WRITE_FAILED, two, "directory");
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_NONE);
        assert_file(scene, "one.yaml", "a: 2\n");
        g_assert_null(write_back_take_failure(write_back));
}

/* What was written since stays: it shows as a change of the file. */
static void test_undo_after_edit(FileScene *scene, const void *data)
{
        g_autoptr(WriteBack) write_back = write_back_of(scene, "a: 1\n", "b: 1\n");

        save(scene, "one.yaml", "a: 2\n");
        save(scene, "two.yaml", "b: 2\n");
        run(write_back);
        save(scene, "two.yaml", "b: 3\n");
        write_back_undo(write_back);
        assert_file(scene, "one.yaml", "a: 2\n");
        assert_file(scene, "two.yaml", "b: 3\n");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        scene_add("/write-back/write", test_write);
        scene_add("/write-back/same", test_same);
        scene_add("/write-back/create-and-remove", test_create_and_remove);
        scene_add("/write-back/second-fails", test_second_fails);
        scene_add("/write-back/undo-after-edit", test_undo_after_edit);
        return g_test_run();
}
