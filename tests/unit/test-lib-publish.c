/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publishing: `changing`, and versions that come while its handlers run
 *
 * Several threads at once are in test-lib-threads.
 */
#include "client/lib/config-private.h"

static ReconfSnapshot *make_snapshot(guint64 version, const char *text)
{
        g_autoptr(ReconfConfig) config = reconf_config_new_for_data(text, -1, "yaml", NULL);
        g_autoptr(ReconfSnapshot) snapshot = reconf_config_dup_snapshot(config);

        return reconf_snapshot_new_from_bytes(version, snapshot->bytes, NULL);
}

/* What is published by the first handler that is called, and what was heard until now. */
typedef struct Scene {
        ReconfConfig *config;
        ReconfSnapshot *more[2];
        PublishHow how;
        GString *notes;
} Scene;

static void on_changing(ReconfConfig *config, ReconfChange *change, void *data)
{
        Scene *scene = data;

        g_string_append_printf(scene->notes, "%" G_GUINT64_FORMAT ">%" G_GUINT64_FORMAT " ",
                               reconf_change_get_previous(change), reconf_change_get_version(change));
        /* Reads still see what was before. */
        g_assert_cmpuint(reconf_config_get_version(config), ==, reconf_change_get_previous(change));
        for (size_t i = 0; i < G_N_ELEMENTS(scene->more); i++) {
                g_autoptr(ReconfSnapshot) snapshot = g_steal_pointer(&scene->more[i]);

                if (snapshot)
                        config_publish(config, snapshot, NULL, scene->how);
        }
        g_assert_cmpuint(reconf_config_get_version(config), ==, reconf_change_get_previous(change));
}

static void set_up(Scene *scene, const void *unused)
{
        scene->config = reconf_config_new_for_data("{a: 1}", -1, "yaml", NULL);
        scene->notes = g_string_new(NULL);
        g_signal_connect(scene->config, "changing", G_CALLBACK(on_changing), scene);
}

static void tear_down(Scene *scene, const void *unused)
{
        g_object_unref(scene->config);
        g_string_free(scene->notes, TRUE);
}

/* As when a reply and a signal bring the same version. */
static void test_same(Scene *scene, const void *unused)
{
        g_autoptr(ReconfSnapshot) second = make_snapshot(2, "{a: 2}");

        scene->how = PUBLISH_NEWER;
        scene->more[0] = make_snapshot(2, "{a: 2}");
        config_publish(scene->config, second, NULL, PUBLISH_NEWER);
        config_publish(scene->config, second, NULL, PUBLISH_NEWER);
        config_publish(scene->config, second, NULL, PUBLISH_OTHER);
        g_assert_cmpstr(scene->notes->str, ==, "1>2 ");
}

static void test_newer(Scene *scene, const void *unused)
{
        g_autoptr(ReconfSnapshot) second = make_snapshot(2, "{a: 2}");

        scene->how = PUBLISH_NEWER;
        scene->more[0] = make_snapshot(5, "{a: 5}");
        scene->more[1] = make_snapshot(4, "{a: 4}");
        config_publish(scene->config, second, NULL, PUBLISH_NEWER);
        g_assert_cmpstr(scene->notes->str, ==, "1>2 2>5 ");
        g_assert_cmpint(reconf_config_get_int(scene->config, "a", 0), ==, 5);
}

/* The service's state was lost: lower numbers, or the same for something else. */
static void test_other(Scene *scene, const void *unused)
{
        g_autoptr(ReconfSnapshot) fifth = make_snapshot(5, "{a: 5}");

        scene->how = PUBLISH_OTHER;
        scene->more[0] = make_snapshot(3, "{a: 3}");
        scene->more[1] = make_snapshot(3, "{a: 33}");
        config_publish(scene->config, fifth, NULL, PUBLISH_OTHER);
        g_assert_cmpstr(scene->notes->str, ==, "1>5 5>3 3>3 ");
        g_assert_cmpint(reconf_config_get_int(scene->config, "a", 0), ==, 33);
}

/* What has no number of its own gets the next one, also from a handler. */
static void test_next(Scene *scene, const void *unused)
{
        scene->how = PUBLISH_NEXT;
        scene->more[0] = make_snapshot(1, "{a: 3}");
        scene->more[1] = make_snapshot(1, "{a: 3}");
        g_assert_true(reconf_config_set_data(scene->config, "{a: 2}", -1, "yaml", NULL));
        g_assert_cmpstr(scene->notes->str, ==, "1>2 2>3 ");
        g_assert_cmpint(reconf_config_get_int(scene->config, "a", 0), ==, 3);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add("/lib-publish/same", Scene, NULL, set_up, test_same, tear_down);
        g_test_add("/lib-publish/newer", Scene, NULL, set_up, test_newer, tear_down);
        g_test_add("/lib-publish/other", Scene, NULL, set_up, test_other, tear_down);
        g_test_add("/lib-publish/next", Scene, NULL, set_up, test_next, tear_down);
        return g_test_run();
}
