/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config-commands.h"

#include <string.h>

static void clear(void *data)
{
        ConfigCommands *commands = data;

        g_strfreev(commands->decode);
        g_strfreev(commands->validate);
        g_free(commands->unit);
}

ConfigCommands *config_commands_new(Scope scope)
{
        ConfigCommands *commands = g_atomic_rc_box_new0(ConfigCommands);

        commands->scope = scope;
        return commands;
}

ConfigCommands *config_commands_ref(ConfigCommands *commands)
{
        return commands ? g_atomic_rc_box_acquire(commands) : NULL;
}

ConfigCommands *config_commands_unref(ConfigCommands *commands)
{
        if (commands)
                g_atomic_rc_box_release_full(commands, clear);
        return NULL;
}

static bool words_equal(char *const *a, char *const *b)
{
        if (!a || !b)
                return a == b;
        return g_strv_equal((const char *const *) a, (const char *const *) b);
}

bool config_commands_equal(const ConfigCommands *a, const ConfigCommands *b)
{
        if (!a || !b)
                return a == b;
        return a->scope == b->scope && words_equal(a->decode, b->decode) &&
               words_equal(a->validate, b->validate) && a->decode_sec == b->decode_sec &&
               a->validate_sec == b->validate_sec && g_strcmp0(a->unit, b->unit) == 0 &&
               a->reload_mode == b->reload_mode;
}

static char *expand_word(const char *word, const char *path)
{
        GString *text = g_string_new(NULL);

        for (; *word; word++) {
                if (*word != '%')
                        g_string_append_c(text, *word);
                else if (*++word == 'f')
                        g_string_append(text, path);
                else
                        g_string_append_c(text, '%');
        }
        return g_string_free(text, FALSE);
}

char **config_commands_expand(char *const *words, const char *path)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

        for (; *words; words++) {
                g_autofree char *word = expand_word(*words, path);

                g_strv_builder_add(builder, word);
        }
        return g_strv_builder_end(builder);
}

char *config_commands_unit(const ConfigCommands *commands, const char *config)
{
        const char *at = strchr(config, '@');
        GString *unit;

        if (!commands || !commands->unit)
                return NULL;
        unit = g_string_new(commands->unit);
        g_string_replace(unit, "%i", at ? at + 1 : "", 0);
        return g_string_free(unit, FALSE);
}
