/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/settings.h"

#include "client/ctl/ctl-error.h"

#include <errno.h>
#include <string.h>

typedef struct Setting {
        const char *name;
        char type; /* on the bus */
} Setting;

typedef union SettingValue {
        const char *text;
        int boolean;
        gint64 integer;
        guint64 natural;
        int32_t i;
        uint32_t u;
} SettingValue;

static const Setting table[] = {
        { "ack-ms", 'u' },     { "confirm-by", 's' },    { "confirm-ms", 'u' }, { "debounce-ms", 'u' },
        { "defaults", 'b' },   { "env-separator", 's' }, { "format", 's' },     { "hot-reload", 'b' },
        { "max-size", 't' },   { "max-versions", 'u' },  { "merge", 's' },      { "on-failure", 's' },
        { "on-invalid", 's' }, { "persist", 'b' },       { "poll-ms", 'u' },    { "priority", 'i' },
        { "schema", 's' },     { "voters", 's' },
};

const char *settings_name(size_t index)
{
        return index < G_N_ELEMENTS(table) ? table[index].name : NULL;
}

bool settings_parse_boolean(const char *text, bool *ret)
{
        *ret = g_strv_contains((const char *[]){ "on", "yes", "true", "1", NULL }, text);
        return *ret || g_strv_contains((const char *[]){ "off", "no", "false", "0", NULL }, text);
}

static const Setting *find(const char *text, size_t length)
{
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                if (strlen(table[i].name) == length && strncmp(table[i].name, text, length) == 0)
                        return &table[i];
        return NULL;
}

static bool parse_value(char type, const char *text, SettingValue *ret)
{
        bool boolean;

        switch (type) {
        case 's':
                ret->text = text;
                return true;
        case 'b':
                if (!settings_parse_boolean(text, &boolean))
                        return false;
                ret->boolean = boolean;
                return true;
        case 'i':
                if (!g_ascii_string_to_signed(text, 10, INT32_MIN, INT32_MAX, &ret->integer, NULL))
                        return false;
                ret->i = (int32_t) ret->integer;
                return true;
        case 'u':
                if (!g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &ret->natural, NULL))
                        return false;
                ret->u = (uint32_t) ret->natural;
                return true;
        default:
                return g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, &ret->natural, NULL);
        }
}

static const char *describe(char type)
{
        switch (type) {
        case 'b':
                return "on or off";
        case 'i':
                return "a number";
        default:
                return "a number, not negative";
        }
}

bool settings_check(const char *setting, GError **error)
{
        size_t length = strcspn(setting, "=");
        const Setting *found = find(setting, length);
        SettingValue value;

        if (setting[length] != '=') {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "an option is KEY=VALUE, not '%s'", setting);
                return false;
        }
        if (!found) {
                g_autoptr(GString) names = g_string_new(NULL);

                for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", table[i].name);
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "there is no option '%.*s'\nThere are: %s.",
                            (int) length, setting, names->str);
                return false;
        }
        if (!parse_value(found->type, setting + length + 1, &value)) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "%s takes %s, not '%s'", found->name,
                            describe(found->type), setting + length + 1);
                return false;
        }
        return true;
}

static int append_setting(sd_bus_message *m, const Setting *setting, const char *text)
{
        const char type[2] = { setting->type, '\0' };
        SettingValue value;
        int r;

        if (!parse_value(setting->type, text, &value))
                return -EINVAL;
        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 's', setting->name);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'v', type);
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, setting->type,
                                        setting->type == 's' ? (const void *) value.text : &value);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

int settings_append(sd_bus_message *m, const GPtrArray *settings)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
                for (guint j = settings->len; j > 0; j--) {
                        const char *text = settings->pdata[j - 1];
                        size_t length = strcspn(text, "=");

                        if (find(text, length) != &table[i])
                                continue;
                        r = append_setting(m, &table[i], text + length + 1);
                        if (r < 0)
                                return r;
                        break;
                }
        return sd_bus_message_close_container(m);
}
