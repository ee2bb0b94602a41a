/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what a config hands out: snapshots of the active version, documents of all
 */
#include "tests/support/config-scene.h"

#include <sys/stat.h>

typedef struct Asked {
        uint64_t version;
        ino_t inode;
        size_t size;
} Asked;

static void take_snapshot(Config *config, uint64_t version, int fd, void *userdata)
{
        Asked *asked = userdata;
        struct stat status;

        g_assert_cmpint(fstat(fd, &status), ==, 0);
        *asked = (Asked){ .version = version, .inode = status.st_ino, .size = (size_t) status.st_size };
}

static void test_snapshot(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        Asked first = { 0 }, second = { 0 };

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        config_get_snapshot(config, take_snapshot, &first);
        config_get_snapshot(config, take_snapshot, &second);
        g_assert_cmpuint(first.version, ==, 1);
        g_assert_cmpuint(first.size, >, 0);
        g_assert_cmpuint(first.inode, ==, second.inode);

        config_scene_save(scene, "app.yaml", "a: 1\nb: some more\n");
        ask_reload(scene, config);
        config_get_snapshot(config, take_snapshot, &second);
        g_assert_cmpuint(second.version, ==, 2);
        g_assert_cmpuint(second.size, >, first.size);
}

static void test_snapshot_large(ConfigScene *scene, const void *data)
{
        g_autoptr(GString) content = g_string_new(NULL);
        g_autoptr(Config) config = NULL;
        Asked first = { 0 }, second = { 0 };

        while (content->len < 2 * 1024 * 1024)
                g_string_append_printf(content, "k%zu: '%0128d'\n", content->len, 0);
        config_scene_save(scene, "app.yaml", content->str);
        config = config_scene_register(scene, "{'hot-reload': <false>}", "app.yaml", NULL);
        config_get_snapshot(config, take_snapshot, &first);
        g_assert_cmpuint(worker_pending(scene->context.worker), ==, 1);
        config_get_snapshot(config, take_snapshot, &second);
        config_scene_drain(scene);
        g_assert_cmpuint(first.version, ==, 1);
        g_assert_cmpuint(first.inode, ==, second.inode);

        /* A new version while the old one is written: the answer is of one or the other, not of both. */
        config_get_snapshot(config, take_snapshot, &second);
        config_scene_save(scene, "app.yaml", "a: 1\n");
        ask_reload(scene, config);
        config_scene_drain(scene);
        g_assert_cmpuint(second.version, ==, 1);
        g_assert_cmpuint(second.size, ==, first.size);
        config_get_snapshot(config, take_snapshot, &second);
        g_assert_cmpuint(second.version, ==, 2);
        g_assert_cmpuint(second.size, <, first.size);
}

static void take_document(Config *config, Document *document, const Failure *failure, void *userdata)
{
        g_assert_null(failure);
        *(int *) userdata = document ? (int) document_root(document)->map->members[0].value.integer : -1;
}

static void test_earlier_documents(ConfigScene *scene, const void *data)
{
        g_autoptr(Config) config = NULL;
        int value = 0;

        config_scene_save(scene, "app.yaml", "a: 1\n");
        config = config_scene_register(scene, NULL, "app.yaml", NULL);
        config_scene_save(scene, "app.yaml", "a: 2\n");
        await_told(scene, "2<1 file public");
        config_get_document(config, 0, take_document, &value);
        g_assert_cmpint(value, ==, 2);
        config_get_document(config, 1, take_document, &value);
        g_assert_cmpint(value, ==, 1);
        config_get_document(config, 3, take_document, &value);
        g_assert_cmpint(value, ==, -1);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        config_scene_add("/config-snapshot/snapshot", test_snapshot);
        config_scene_add("/config-snapshot/snapshot-large", test_snapshot_large);
        config_scene_add("/config-snapshot/earlier-documents", test_earlier_documents);
        return g_test_run();
}
