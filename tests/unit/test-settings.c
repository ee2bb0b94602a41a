/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of settings: where they come from and what they may be
 */
#include "daemon/settings.h"
#include "introspection/names.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

static char *own_file(void)
{
        g_autofree char *directory = g_build_filename(g_get_user_config_dir(), "reconf", NULL);

        g_assert_cmpint(g_mkdir_with_parents(directory, 0755), ==, 0);
        return g_build_filename(directory, "reconf.conf", NULL);
}

static Failure *load(const char *content, const char *environment, Settings **ret)
{
        g_autofree char *path = own_file();
        Failure *failure;

        if (content)
                g_assert_true(g_file_set_contents(path, content, -1, NULL));
        if (environment)
                g_setenv(RECONF_ENV_ENVIRONMENT, environment, TRUE);
        else
                g_unsetenv(RECONF_ENV_ENVIRONMENT);
        failure = settings_load(SCOPE_USER, ret);
        (void) g_unlink(path);
        return failure;
}

static void assert_loaded(const char *content, const char *environment, const char *expected_environment,
                          bool hot_reload, uint64_t idle_seconds)
{
        g_autoptr(Settings) settings = NULL;

        g_assert_null(load(content, environment, &settings));
        g_assert_cmpstr(settings->environment, ==, expected_environment);
        g_assert_cmpint(settings->hot_reload, ==, hot_reload);
        g_assert_cmpuint(settings->idle_usec, ==, idle_seconds * G_USEC_PER_SEC);
}

static void assert_refused(const char *content, const char *environment, const char *text)
{
        g_autoptr(Settings) settings = NULL;
        g_autoptr(Failure) failure = load(content, environment, &settings);
        g_autofree char *message = NULL;

        g_assert_nonnull(failure);
        g_assert_null(settings);
        message = failure_format(failure);
        g_assert_nonnull(g_strstr_len(message, -1, text));
}

static void test_defaults(void)
{
        g_autofree char *own = g_build_filename(g_get_user_config_dir(), "reconf", NULL);
        g_autoptr(Settings) settings = NULL;

        g_assert_null(load(NULL, NULL, &settings));
        g_assert_cmpint(settings->scope, ==, SCOPE_USER);
        g_assert_cmpstr(settings->state_directory, ==, "/state/of/mine/reconf");
        g_assert_cmpstr(settings->directories[0], ==, own);
        g_assert_true(g_str_has_suffix(settings->directories[1], "/xdg/reconf"));
        g_assert_null(settings->directories[2]);
        g_assert_cmpstr(settings->environment, ==, "");
        g_assert_true(settings->hot_reload);
        g_assert_cmpuint(settings->idle_usec, ==, 30 * G_USEC_PER_SEC);
        g_assert_null(settings_free(NULL));
}

static void test_system(void)
{
        g_autoptr(Settings) given = NULL, relative = NULL, several = NULL, none = NULL;

        g_unsetenv(RECONF_ENV_ENVIRONMENT);
        g_setenv("STATE_DIRECTORY", "/state/of/ours", TRUE);
        g_assert_null(settings_load(SCOPE_SYSTEM, &given));
        g_assert_cmpstr(given->state_directory, ==, "/state/of/ours");
        g_assert_cmpuint(g_strv_length(given->directories), ==, 3);
        g_assert_cmpstr(given->directories[1], ==, "/run/reconf");

        g_unsetenv("STATE_DIRECTORY");
        g_assert_null(settings_load(SCOPE_SYSTEM, &none));
        g_setenv("STATE_DIRECTORY", "state", TRUE);
        g_assert_null(settings_load(SCOPE_SYSTEM, &relative));
        g_assert_cmpstr(relative->state_directory, ==, none->state_directory);
        g_setenv("STATE_DIRECTORY", "/one:/two", TRUE);
        g_assert_null(settings_load(SCOPE_SYSTEM, &several));
        g_assert_cmpstr(several->state_directory, ==, none->state_directory);
        g_unsetenv("STATE_DIRECTORY");
}

static void test_file(void)
{
        assert_loaded("[Reconf]\nEnvironment=staging\nHotReload=false\nIdleExitSec=5\n", NULL, "staging",
                      false, 5);
        assert_loaded("# nothing\n", NULL, "", true, 30);
        assert_loaded("[Reconf]\nIdleExitSec=0\n", NULL, "", true, 0);
        assert_loaded("[Reconf]\nIdleExitSec=86400\n", NULL, "", true, 86400);
}

static void test_production(void)
{
        assert_loaded("[Reconf]\nEnvironment=production\n", NULL, "production", false, 30);
        assert_loaded("[Reconf]\nEnvironment=production\nHotReload=true\n", NULL, "production", true, 30);
        /* The variable is over the file. */
        assert_loaded("[Reconf]\nEnvironment=staging\n", "production", "production", false, 30);
        assert_loaded("[Reconf]\nEnvironment=production\n", "test", "test", true, 30);
        assert_loaded("[Reconf]\nEnvironment=production\n", "", "", true, 30);
}

static void test_bad(void)
{
        g_autofree char *path = own_file();
        g_autofree char *longest = g_strnfill(64, 'x'), *longer = g_strnfill(65, 'x');

        assert_refused("[Reconf]\nNope=1\n", NULL, "Nope");
        assert_refused("[Reconf]\nHotReload[de]=true\n", NULL, "HotReload[de]");
        assert_refused("[Reconf]\nHotReload=maybe\n", NULL, "HotReload");
        assert_refused("[Reconf]\nIdleExitSec=-1\n", NULL, "IdleExitSec");
        assert_refused("[Reconf]\nIdleExitSec=86401\n", NULL, "IdleExitSec");
        assert_refused("[Reconf]\nEnvironment=a/b\n", NULL, "environment");
        assert_refused("[Reconf]\n", "..", "environment");
        assert_refused("[Reconf]\n", longer, "environment");
        assert_loaded("[Reconf]\n", longest, longest, true, 30);
        assert_refused("no group\n", NULL, path);

        /* What hangs who opens it must not hang the daemon. */
        g_assert_cmpint(mkfifo(path, 0600), ==, 0);
        assert_refused(NULL, NULL, "FIFO");
}

static void assert_expanded(const char *environment, const char *text, const char *expected)
{
        Settings settings = { .environment = (char *) environment };
        g_autofree char *expanded = NULL;
        g_autoptr(Failure) failure = settings_expand(&settings, text, &expanded);

        g_assert_cmpstr(expanded, ==, expected);
        g_assert_cmpint(failure != NULL, ==, expected == NULL);
        if (failure)
                g_assert_cmpint(failure->code, ==, FAILURE_INVALID_PATH);
}

static void test_expand(void)
{
        assert_expanded("test", "/etc/app.yaml", "/etc/app.yaml");
        assert_expanded("test", "/etc/%e/%e.yaml", "/etc/test/test.yaml");
        assert_expanded("test", "100%%", "100%");
        assert_expanded("test", "%%e", "%e");
        assert_expanded("test", "", "");
        assert_expanded("test", "/%", NULL);
        assert_expanded("test", "/%i", NULL);
        assert_expanded("", "/%e", NULL);
        assert_expanded("", "/%%", "/%");
}

int main(int argc, char **argv)
{
        g_autofree char *root = g_dir_make_tmp("reconf-settings-XXXXXX", NULL);
        g_autofree char *directory = g_build_filename(root, "reconf", NULL);
        int r;

        /* GLib keeps what these say at first. */
        g_setenv("XDG_CONFIG_HOME", root, TRUE);
        g_setenv("XDG_STATE_HOME", "/state/of/mine", TRUE);
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/settings/defaults", test_defaults);
        g_test_add_func("/settings/system", test_system);
        g_test_add_func("/settings/file", test_file);
        g_test_add_func("/settings/production", test_production);
        g_test_add_func("/settings/bad", test_bad);
        g_test_add_func("/settings/expand", test_expand);
        r = g_test_run();
        (void) g_rmdir(directory);
        g_assert_cmpint(g_rmdir(root), ==, 0);
        return r;
}
