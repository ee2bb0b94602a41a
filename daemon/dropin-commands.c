/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/dropin-commands.h"

#include <string.h>

#define DEFAULT_SEC 5U

#define UNIT_SUFFIX ".service"
#define MAX_UNIT_LENGTH 255U

/* A text in which %e is put in for good, %% and one more may stay until it is used. */
typedef struct Template {
        const char *where;
        const char *allowed; /* all of them, for people */
        char own;            /* that one; or 0 */
} Template;

static Failure *prepare(const Settings *settings, const Template *template, const char *given, char **ret)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (; *given; given++) {
                g_autofree char *environment = NULL;
                Failure *failure;

                if (*given != '%') {
                        g_string_append_c(text, *given);
                        continue;
                }
                given++;
                if (*given != '\0' && (*given == '%' || *given == template->own)) {
                        g_string_append_c(text, '%');
                        g_string_append_c(text, *given);
                        continue;
                }
                if (*given != 'e')
                        return failure_new(FAILURE_INVALID_ARGUMENT,
                                           "only %s may follow a percent sign in %s", template->allowed,
                                           template->where);
                failure = settings_expand(settings, "%e", &environment);
                if (failure)
                        return failure;
                g_string_append(text, environment);
        }
        *ret = g_string_free(g_steal_pointer(&text), FALSE);
        return NULL;
}

static Failure *read_words(GKeyFile *file, const char *group, const Settings *settings, char ***ret)
{
        /* As it stands: a backslash is the shell's, not the key file's. */
        g_autofree char *line = g_key_file_get_value(file, group, "Command", NULL);
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        bool has_file = g_str_equal(group, DROPIN_VALIDATE_GROUP);
        g_autofree char *where = g_strdup_printf("Command= of [%s]", group);
        Template template = {
                .where = where,
                .allowed = has_file ? "%e, %% and %f" : "%e and %%",
                .own = has_file ? 'f' : '\0',
        };
        g_auto(GStrv) given = NULL;
        g_autoptr(GError) error = NULL;

        if (!line || *g_strstrip(line) == '\0')
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "[%s] needs a Command=, a program and its arguments", group);
        if (!g_shell_parse_argv(line, NULL, &given, &error))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "Command= of [%s] cannot be split into words: %s", group, error->message);
        if (*given[0] != '/' || strstr(given[0], "%f"))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "Command= of [%s] begins with a program's absolute path", group);

        for (char **word = given; *word; word++) {
                g_autofree char *prepared = NULL;
                Failure *failure = prepare(settings, &template, *word, &prepared);

                if (failure)
                        return failure;
                g_strv_builder_add(builder, prepared);
        }
        *ret = g_strv_builder_end(builder);
        return NULL;
}

static Failure *read_timeout(GKeyFile *file, const char *group, unsigned *ret)
{
        g_autofree char *text = g_key_file_get_string(file, group, "TimeoutSec", NULL);
        uint64_t seconds;

        *ret = DEFAULT_SEC;
        if (!text)
                return NULL;
        if (!g_ascii_string_to_unsigned(g_strstrip(text), 10, 1, CONFIG_COMMANDS_MAX_SEC, &seconds, NULL))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "TimeoutSec= of [%s] is a whole number from 1 to %u", group,
                                   CONFIG_COMMANDS_MAX_SEC);
        *ret = (unsigned) seconds;
        return NULL;
}

static Failure *bad_setting(const char *group, const char *key, const char *message)
{
        g_autofree char *path = g_strconcat(group, ".", key, NULL);

        return failure_new_at(FAILURE_INVALID_ARGUMENT, FAILURE_STAGE_NONE, NULL, 0, 0, path, "%s", message);
}

static Failure *check_keys(GKeyFile *file, const char *group, const char *const *known)
{
        g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

        for (char **key = keys; key && *key; key++) {
                g_autofree char *message = g_strdup_printf("there is no setting %s= in [%s]", *key, group);

                if (!g_strv_contains(known, *key))
                        return bad_setting(group, *key, message);
        }
        return NULL;
}

static Failure *read_group(GKeyFile *file, const char *group, const Settings *settings, char ***ret_words,
                           unsigned *ret_sec)
{
        static const char *const known[] = { "Command", "TimeoutSec", NULL };
        Failure *failure;

        if (!g_key_file_has_group(file, group))
                return NULL;
        failure = check_keys(file, group, known);
        if (!failure)
                failure = read_words(file, group, settings, ret_words);
        return failure ?: read_timeout(file, group, ret_sec);
}

/* As systemd has it. A percent sign stands for a part that is fit for a name in any case. */
static bool is_service_name(const char *name)
{
        static const char allowed[] =
                        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@%";
        const char *suffix = strrchr(name, '.'), *at = strchr(name, '@');

        return suffix && g_str_equal(suffix, UNIT_SUFFIX) && suffix > name && *name != '@' &&
               (!at || suffix > at + 1) && name[strspn(name, allowed)] == '\0' &&
               strlen(name) <= MAX_UNIT_LENGTH;
}

static Failure *read_unit(GKeyFile *file, const Settings *settings, bool is_directory, char **ret)
{
        static const char key[] = "ReloadUnit";
        Template template = {
                .where = "ReloadUnit=",
                .allowed = is_directory ? "%e, and %i for a member's part of its name," : "%e",
                .own = is_directory ? 'i' : '\0',
        };
        g_autofree char *given = g_key_file_get_string(file, DROPIN_APPLY_GROUP, key, NULL);
        g_autofree char *unit = NULL;
        Failure *failure;

        if (!given || *g_strstrip(given) == '\0')
                return bad_setting(DROPIN_APPLY_GROUP, key,
                                   "[" DROPIN_APPLY_GROUP "] needs a ReloadUnit=, the name of a service");
        failure = prepare(settings, &template, given, &unit);
        if (failure) {
                g_autoptr(Failure) unplaced = failure;
                const Problem *problem = g_ptr_array_index(unplaced->problems, 0);

                return bad_setting(DROPIN_APPLY_GROUP, key, problem->message);
        }
        if (strstr(unit, "%%") || !is_service_name(unit))
                return bad_setting(DROPIN_APPLY_GROUP, key,
                                   "ReloadUnit= is the name of one service, such as nginx.service: it ends "
                                   "in " UNIT_SUFFIX ", and has letters, digits and ':-_.\\@' before that");
        *ret = g_steal_pointer(&unit);
        return NULL;
}

static Failure *read_mode(GKeyFile *file, ReloadMode *ret)
{
        static const char *const names[N_RELOAD_MODES] = {
                [RELOAD_MODE_RELOAD] = "reload",
                [RELOAD_MODE_RESTART] = "restart",
                [RELOAD_MODE_RELOAD_OR_RESTART] = "reload-or-restart",
        };
        g_autofree char *given = g_key_file_get_string(file, DROPIN_APPLY_GROUP, "ReloadMode", NULL);

        *ret = RELOAD_MODE_RELOAD;
        if (!given)
                return NULL;
        for (ReloadMode mode = 0; mode < N_RELOAD_MODES; mode++) {
                if (!g_str_equal(g_strstrip(given), names[mode]))
                        continue;
                *ret = mode;
                return NULL;
        }
        return bad_setting(DROPIN_APPLY_GROUP, "ReloadMode",
                           "ReloadMode= is reload, restart or reload-or-restart");
}

static Failure *read_apply(GKeyFile *file, const Settings *settings, bool is_directory,
                           ConfigCommands *commands)
{
        static const char *const known[] = { "ReloadMode", "ReloadUnit", NULL };
        Failure *failure;

        if (!g_key_file_has_group(file, DROPIN_APPLY_GROUP))
                return NULL;
        failure = check_keys(file, DROPIN_APPLY_GROUP, known);
        if (!failure)
                failure = read_unit(file, settings, is_directory, &commands->unit);
        return failure ?: read_mode(file, &commands->reload_mode);
}

Failure *dropin_read_commands(GKeyFile *file, const Settings *settings, bool is_directory,
                              ConfigCommands **ret)
{
        g_autoptr(ConfigCommands) commands = config_commands_new(settings->scope);
        Failure *failure;

        failure = read_group(file, DROPIN_DECODE_GROUP, settings, &commands->decode, &commands->decode_sec);
        if (!failure)
                failure = read_group(file, DROPIN_VALIDATE_GROUP, settings, &commands->validate,
                                     &commands->validate_sec);
        if (!failure)
                failure = read_apply(file, settings, is_directory, commands);
        if (failure)
                return failure;

        /* Whoever waits for a reload gives up after 25 s, and there is more to wait for than commands. */
        if (commands->decode_sec + commands->validate_sec > CONFIG_COMMANDS_MAX_SEC)
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "the TimeoutSec= of [" DROPIN_DECODE_GROUP "] and [" DROPIN_VALIDATE_GROUP
                                   "] (%u where there is none) are at most %u together, not %u",
                                   DEFAULT_SEC, CONFIG_COMMANDS_MAX_SEC,
                                   commands->decode_sec + commands->validate_sec);
        *ret = commands->decode || commands->validate || commands->unit ? g_steal_pointer(&commands) : NULL;
        return NULL;
}
