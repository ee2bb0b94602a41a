/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of versions' names and life cycle
 */
#include "daemon/store/version.h"

static void test_origins(void)
{
        static const char *const names[N_ORIGINS] = { "register", "file",    "reload",  "apply",  "rollback",
                                                      "revert",   "timeout", "failure", "startup" };

        for (Origin origin = 0; origin < N_ORIGINS; origin++) {
                Origin back = N_ORIGINS;

                g_assert_cmpstr(origin_to_string(origin), ==, names[origin]);
                g_assert_true(origin_from_string(names[origin], &back));
                g_assert_cmpint(back, ==, origin);
        }
}

static void test_states(void)
{
        static const char *const names[N_VERSION_STATES] = { "active", "superseded", "rolled-back",
                                                             "rejected" };

        for (VersionState state = 0; state < N_VERSION_STATES; state++) {
                VersionState back = N_VERSION_STATES;

                g_assert_cmpstr(version_state_to_string(state), ==, names[state]);
                g_assert_true(version_state_from_string(names[state], &back));
                g_assert_cmpint(back, ==, state);
        }
}

static void test_other_names(void)
{
        VersionState state;
        Origin origin;

        g_assert_false(origin_from_string("", &origin));
        g_assert_false(origin_from_string("File", &origin));
        g_assert_false(version_state_from_string("", &state));
        g_assert_false(version_state_from_string("gone", &state));
}

static void test_life_cycle(void)
{
        g_autoptr(GBytes) bytes = g_bytes_new_static("a: 1\n", 5);
        g_autoptr(Layer) present = layer_new("/etc/app.yaml", FORMAT_YAML, bytes);
        g_autoptr(Layer) absent = layer_new("/etc/other.yaml", FORMAT_YAML, NULL);
        g_autoptr(Version) version = version_new();

        g_assert_true(present->bytes == bytes);
        g_assert_null(absent->bytes);
        g_assert_cmpuint(version->author.uid, ==, (uid_t) -1);
        g_assert_cmpint(version->author.pid, ==, 0);
        g_assert_null(version->author.unit);
        g_assert_null(version->layers);
        g_assert_null(layer_free(NULL));
        g_assert_null(version_free(NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/version/origins", test_origins);
        g_test_add_func("/version/states", test_states);
        g_test_add_func("/version/other-names", test_other_names);
        g_test_add_func("/version/life-cycle", test_life_cycle);
        return g_test_run();
}
