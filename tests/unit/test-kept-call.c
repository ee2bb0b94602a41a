/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that are kept: how many, and how much they bring, by user
 */
#include "daemon/kept-call.h"
#include "tests/support/message-scene.h"

#include <string.h>

#define MIB (1024U * 1024)
#define MAX_CALLS 1000U
#define USER 4711

typedef struct Scene {
        MessageScene message; /* first: it is set up and torn down as one */
        KeptCalls *calls;
        GPtrArray *kept;
} Scene;

static void release(void *call)
{
        kept_call_free(call);
}

static void set_up(Scene *scene, const void *unused)
{
        message_scene_set_up(&scene->message, unused);
        scene->calls = kept_calls_new(MAX_CALLS);
        scene->kept = g_ptr_array_new_with_free_func(release);
}

static void tear_down(Scene *scene, const void *unused)
{
        g_ptr_array_unref(scene->kept);
        kept_calls_free(scene->calls);
        message_scene_tear_down(&scene->message, unused);
}

/* With so many bytes in a string that is deep inside. */
static void fill(Scene *scene, size_t size)
{
        g_autofree char *text = g_strnfill(size, 'x');

        g_assert_cmpint(sd_bus_message_append(scene->message.m, "sa{sv}", "first", 1, "key", "(as)", 1,
                                              text),
                        >=, 0);
}

static bool keep(Scene *scene, uid_t uid)
{
        KeptCall *call = NULL;
        g_autoptr(Failure) failure = kept_call_new(scene->calls, uid, scene->message.m, &call);

        if (failure) {
                g_assert_cmpint(failure->code, ==, FAILURE_LIMIT_EXCEEDED);
                return false;
        }
        g_assert_true(call->message == scene->message.m);
        g_ptr_array_add(scene->kept, call);
        return true;
}

static unsigned keep_all(Scene *scene)
{
        unsigned count = 0;

        message_scene_seal(&scene->message);
        while (keep(scene, USER))
                count++;
        return count;
}

static void test_number(Scene *scene, const void *unused)
{
        fill(scene, 1);
        message_scene_seal(&scene->message);
        for (unsigned i = 0; i < MAX_CALLS; i++)
                g_assert_true(keep(scene, USER));
        g_assert_false(keep(scene, USER));
        /* That is nobody else's loss. */
        g_assert_true(keep(scene, USER + 1));
        g_assert_true(keep(scene, (uid_t) -1));
        g_ptr_array_remove_index_fast(scene->kept, 0);
        g_assert_true(keep(scene, USER));
        g_assert_false(keep(scene, USER));
}

static void test_bytes(Scene *scene, const void *unused)
{
        fill(scene, 10 * MIB);
        g_assert_cmpuint(keep_all(scene), ==, KEPT_CALLS_MAX_BYTES_PER_USER / (10 * MIB));
        g_assert_true(keep(scene, USER + 1));
        g_ptr_array_remove_index_fast(scene->kept, 0);
        g_assert_true(keep(scene, USER));
}

/* Whatever the bus lets through can be served by itself. */
static void test_one_is_never_too_large(Scene *scene, const void *unused)
{
        /* No array may be larger than that. */
        fill(scene, KEPT_CALLS_MAX_BYTES_PER_USER / 2);
        fill(scene, KEPT_CALLS_MAX_BYTES_PER_USER / 2);
        message_scene_seal(&scene->message);
        g_assert_true(keep(scene, USER));
        g_assert_false(keep(scene, USER));
        g_ptr_array_set_size(scene->kept, 0);
        g_assert_true(keep(scene, USER));
}

/* Numbers are counted without looking at each. */
static void test_numbers(Scene *scene, const void *unused)
{
        void *values;

        g_assert_cmpint(sd_bus_message_append_array_space(scene->message.m, 'u', 5 * MIB, &values), >=, 0);
        memset(values, 0, 5 * MIB);
        g_assert_cmpuint(keep_all(scene), ==, KEPT_CALLS_MAX_BYTES_PER_USER / (5 * MIB));
}

/* Many small texts are taken for one of the largest messages, as they may be in memory. */
static void test_small_values(Scene *scene, const void *unused)
{
        sd_bus_message *m = scene->message.m;

        g_assert_cmpint(sd_bus_message_open_container(m, 'a', "s"), >=, 0);
        for (unsigned i = 0; i < 20000; i++)
                g_assert_cmpint(sd_bus_message_append(m, "s", ""), >=, 0);
        g_assert_cmpint(sd_bus_message_close_container(m), >=, 0);
        g_assert_cmpuint(keep_all(scene), ==, 2);
}

/* It is read from its beginning, wherever it stood. */
static void test_position(Scene *scene, const void *unused)
{
        const char *first;

        fill(scene, 1);
        message_scene_seal(&scene->message);
        g_assert_cmpint(sd_bus_message_read(scene->message.m, "s", &first), >, 0);
        g_assert_true(keep(scene, USER));
        g_assert_cmpint(sd_bus_message_read(scene->message.m, "s", &first), >, 0);
        g_assert_cmpstr(first, ==, "first");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add("/kept-call/number", Scene, NULL, set_up, test_number, tear_down);
        g_test_add("/kept-call/bytes", Scene, NULL, set_up, test_bytes, tear_down);
        g_test_add("/kept-call/one-is-never-too-large", Scene, NULL, set_up, test_one_is_never_too_large,
                   tear_down);
        g_test_add("/kept-call/numbers", Scene, NULL, set_up, test_numbers, tear_down);
        g_test_add("/kept-call/small-values", Scene, NULL, set_up, test_small_values, tear_down);
        g_test_add("/kept-call/position", Scene, NULL, set_up, test_position, tear_down);
        return g_test_run();
}
