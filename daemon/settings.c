/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/settings.h"

#include "daemon/file.h"
#include "introspection/names.h"

#include <string.h>

#define GROUP "Reconf"
#define IDLE_SECONDS 30U
#define MAX_SIZE (1024U * 1024)
#define SUSPEND_AFTER 3U
#define SUSPEND_SECONDS 600U
#define MAX_SECONDS (24U * 60 * 60)
#define MAX_SUSPEND_AFTER 1000U

static char **find_directories(Scope scope)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

        if (scope == SCOPE_SYSTEM) {
                g_strv_builder_add_many(builder, RECONF_SYSCONFDIR "/reconf", "/run/reconf",
                                        RECONF_PREFIX "/lib/reconf", NULL);
        } else {
                g_autofree char *own = g_build_filename(g_get_user_config_dir(), "reconf", NULL);

                g_strv_builder_add_many(builder, own, RECONF_SYSCONFDIR "/xdg/reconf", NULL);
        }
        return g_strv_builder_end(builder);
}

static char *find_state_directory(Scope scope)
{
        const char *given = g_getenv(
                        "STATE_DIRECTORY"); /* from systemd, see StateDirectory= in systemd.exec(5) */

        if (scope == SCOPE_USER)
                return g_build_filename(g_get_user_state_dir(), "reconf", NULL);
        return g_strdup(given && *given == '/' && !strchr(given, ':') ? given
                                                                      : RECONF_LOCALSTATEDIR "/lib/reconf");
}

static Failure *bad_setting(const char *path, const char *message)
{
        return failure_new_at(FAILURE_INVALID_ARGUMENT, FAILURE_STAGE_NONE, path, 0, 0, NULL, "%s", message);
}

static Failure *check_keys(GKeyFile *file, const char *path)
{
        static const char *const known[] = { "Environment",  "HotReload",        "IdleExitSec",
                                             "SuspendAfter", "SuspendWithinSec", NULL };
        g_auto(GStrv) keys = g_key_file_get_keys(file, GROUP, NULL, NULL);

        for (char **key = keys; key && *key; key++)
                if (!g_strv_contains(known, *key))
                        return failure_new_at(FAILURE_INVALID_ARGUMENT, FAILURE_STAGE_NONE, path, 0, 0, NULL,
                                              "there is no setting %s= in [" GROUP "]", *key);
        return NULL;
}

/* Leaves *number as it is where nothing is said. */
static Failure *read_number(GKeyFile *file, const char *path, const char *key, uint64_t minimum,
                            uint64_t maximum, uint64_t *number)
{
        g_autoptr(GError) error = NULL;
        uint64_t found;

        if (!g_key_file_has_key(file, GROUP, key, NULL))
                return NULL;
        found = g_key_file_get_uint64(file, GROUP, key, &error);
        if (error || found < minimum || found > maximum)
                return failure_new_at(FAILURE_INVALID_ARGUMENT, FAILURE_STAGE_NONE, path, 0, 0, NULL,
                                      "%s= must be a number from %" G_GUINT64_FORMAT
                                      " to %" G_GUINT64_FORMAT,
                                      key, minimum, maximum);
        *number = found;
        return NULL;
}

static Failure *read_settings(Settings *settings, const char *path, GBytes *bytes, bool *ret_has_hot_reload)
{
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *environment = NULL;
        uint64_t idle_seconds = settings->idle_usec / G_USEC_PER_SEC;
        uint64_t suspend_after = settings->suspend_after;
        uint64_t suspend_seconds = settings->suspend_within_usec / G_USEC_PER_SEC;
        Failure *failure;

        if (!g_key_file_load_from_bytes(file, bytes, G_KEY_FILE_KEEP_TRANSLATIONS, &error))
                return bad_setting(path, error->message);
        failure = check_keys(file, path);
        if (failure)
                return failure;

        environment = g_key_file_get_string(file, GROUP, "Environment", NULL);
        if (environment) {
                g_free(settings->environment);
                settings->environment = g_steal_pointer(&environment);
        }
        if (g_key_file_has_key(file, GROUP, "HotReload", NULL)) {
                settings->hot_reload = g_key_file_get_boolean(file, GROUP, "HotReload", &error);
                if (error)
                        return bad_setting(path, "HotReload= must be true or false");
                *ret_has_hot_reload = true;
        }
        failure = read_number(file, path, "IdleExitSec", 0, MAX_SECONDS, &idle_seconds);
        if (!failure)
                failure = read_number(file, path, "SuspendAfter", 1, MAX_SUSPEND_AFTER, &suspend_after);
        if (!failure)
                failure = read_number(file, path, "SuspendWithinSec", 1, MAX_SECONDS, &suspend_seconds);
        if (failure)
                return failure;
        settings->idle_usec = idle_seconds * G_USEC_PER_SEC;
        settings->suspend_after = (unsigned) suspend_after;
        settings->suspend_within_usec = suspend_seconds * G_USEC_PER_SEC;
        return NULL;
}

/* It becomes part of paths and of a property. */
static bool is_good_environment(const char *environment)
{
        for (const char *p = environment; *p; p++)
                if (!g_ascii_isalnum(*p) && *p != '_' && *p != '-')
                        return false;
        return strlen(environment) <= 64;
}

Failure *settings_load(Scope scope, Settings **ret)
{
        g_autoptr(Settings) settings = g_new(Settings, 1);
        const char *environment = g_getenv(RECONF_ENV_ENVIRONMENT);
        bool has_hot_reload = false;

        *settings = (Settings){
                .scope = scope,
                .state_directory = find_state_directory(scope),
                .directories = find_directories(scope),
                .environment = g_strdup(""),
                .suspend_after = SUSPEND_AFTER,
                .suspend_within_usec = SUSPEND_SECONDS * G_USEC_PER_SEC,
                .idle_usec = IDLE_SECONDS * G_USEC_PER_SEC,
        };

        for (char **directory = settings->directories; *directory; directory++) {
                g_autofree char *path = g_build_filename(*directory, "reconf.conf", NULL);
                g_autoptr(GBytes) bytes = NULL;
                g_autoptr(Failure) failure = file_read(path, MAX_SIZE, &bytes);

                if (failure && failure->code == FAILURE_FILE_NOT_FOUND)
                        continue;
                if (!failure)
                        failure = read_settings(settings, path, bytes, &has_hot_reload);
                if (failure)
                        return g_steal_pointer(&failure);
                break;
        }

        if (environment) {
                g_free(settings->environment);
                settings->environment = g_strdup(environment);
        }
        if (!is_good_environment(settings->environment))
                return failure_new(FAILURE_INVALID_ARGUMENT, "the environment's name is made of letters, "
                                                             "digits, '_' and '-', 64 at most");
        if (!has_hot_reload)
                settings->hot_reload = !g_str_equal(settings->environment, "production");

        *ret = g_steal_pointer(&settings);
        return NULL;
}

Settings *settings_free(Settings *settings)
{
        if (!settings)
                return NULL;

        g_free(settings->state_directory);
        g_strfreev(settings->directories);
        g_free(settings->environment);
        g_free(settings);
        return NULL;
}

Failure *settings_expand(const Settings *settings, const char *text, char **ret)
{
        g_autoptr(GString) expanded = g_string_new(NULL);

        for (; *text; text++) {
                if (*text != '%') {
                        g_string_append_c(expanded, *text);
                        continue;
                }
                text++;
                if (*text == '%')
                        g_string_append_c(expanded, '%');
                else if (*text == 'e' && *settings->environment)
                        g_string_append(expanded, settings->environment);
                else if (*text == 'e')
                        return failure_new(
                                        FAILURE_INVALID_PATH,
                                        "%%e stands for the environment, and none is set (Environment= in "
                                        "reconf.conf, or " RECONF_ENV_ENVIRONMENT ")");
                else
                        return failure_new(FAILURE_INVALID_PATH,
                                           "only %%e and %%%% may follow a percent sign");
        }
        *ret = g_string_free(g_steal_pointer(&expanded), FALSE);
        return NULL;
}
