/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/dropin-commands.h"

#include <string.h>

#define DEFAULT_SEC 5U

/* %e is put in for good; %f and %% stay until the command is run. */
static Failure *prepare_word(const Settings *settings, const char *group, const char *word, char **ret)
{
        g_autoptr(GString) text = g_string_new(NULL);
        bool has_file = g_str_equal(group, DROPIN_VALIDATE_GROUP);

        for (; *word; word++) {
                g_autofree char *environment = NULL;
                Failure *failure;

                if (*word != '%') {
                        g_string_append_c(text, *word);
                        continue;
                }
                word++;
                if (*word == '%' || (*word == 'f' && has_file)) {
                        g_string_append_c(text, '%');
                        g_string_append_c(text, *word);
                        continue;
                }
                if (*word != 'e')
                        return failure_new(FAILURE_INVALID_ARGUMENT,
                                           "only %%e, %%%%%s may follow a percent sign in Command= of [%s]",
                                           has_file ? " and %f" : "", group);
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
                Failure *failure = prepare_word(settings, group, *word, &prepared);

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

static Failure *read_group(GKeyFile *file, const char *group, const Settings *settings, char ***ret_words,
                           unsigned *ret_sec)
{
        static const char *const known[] = { "Command", "TimeoutSec", NULL };
        g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);
        Failure *failure;

        if (!keys)
                return NULL;
        for (char **key = keys; *key; key++)
                if (!g_strv_contains(known, *key))
                        return failure_new(FAILURE_INVALID_ARGUMENT, "there is no setting %s= in [%s]", *key,
                                           group);
        failure = read_words(file, group, settings, ret_words);
        return failure ?: read_timeout(file, group, ret_sec);
}

Failure *dropin_read_commands(GKeyFile *file, const Settings *settings, ConfigCommands **ret)
{
        g_autoptr(ConfigCommands) commands = config_commands_new(settings->scope);
        Failure *failure;

        failure = read_group(file, DROPIN_DECODE_GROUP, settings, &commands->decode, &commands->decode_sec);
        if (!failure)
                failure = read_group(file, DROPIN_VALIDATE_GROUP, settings, &commands->validate,
                                     &commands->validate_sec);
        if (failure)
                return failure;

        /* Whoever waits for a reload gives up after 25 s, and there is more to wait for than commands. */
        if (commands->decode_sec + commands->validate_sec > CONFIG_COMMANDS_MAX_SEC)
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "the TimeoutSec= of [" DROPIN_DECODE_GROUP "] and [" DROPIN_VALIDATE_GROUP
                                   "] (%u where there is none) are at most %u together, not %u",
                                   DEFAULT_SEC, CONFIG_COMMANDS_MAX_SEC,
                                   commands->decode_sec + commands->validate_sec);
        *ret = commands->decode || commands->validate ? g_steal_pointer(&commands) : NULL;
        return NULL;
}
