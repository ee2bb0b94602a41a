/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/config-list.h"

static void listed_config_free(void *data)
{
        ListedConfig *config = data;

        g_free(config->name);
        g_free(config->object);
        g_free(config->file);
        g_free(config->state);
        g_free(config);
}

static int read_config(sd_bus_message *m, GPtrArray *configs)
{
        const char *name, *object, *file, *state;
        ListedConfig *config;
        uint64_t version;
        int r;

        r = sd_bus_message_enter_container(m, 'r', "sossta{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_read(m, "sosst", &name, &object, &file, &state, &version);
        if (r < 0)
                return r;
        config = g_new(ListedConfig, 1);
        *config = (ListedConfig){ g_strdup(name), g_strdup(object), g_strdup(file), g_strdup(state),
                                  version };
        g_ptr_array_add(configs, config);
        r = sd_bus_message_skip(m, "a{sv}");
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

static int read_configs(sd_bus_message *m, GPtrArray *configs)
{
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(sossta{sv})");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                r = read_config(m, configs);
                if (r < 0)
                        return r;
        }
        return r;
}

GPtrArray *config_list_get(Context *context, GError **error)
{
        g_autoptr(GPtrArray) configs = g_ptr_array_new_with_free_func(listed_config_free);
        sd_bus_message *reply = NULL;
        int r;

        if (!context_call(context, NULL, "ListConfigs", &reply, error, NULL))
                return NULL;
        r = read_configs(reply, configs);
        sd_bus_message_unref(reply);
        return ctl_error_check_answer(r, error) ? g_steal_pointer(&configs) : NULL;
}

Accent config_state_accent(const char *state)
{
        if (g_str_equal(state, "active"))
                return ACCENT_GOOD;
        if (g_str_equal(state, "unconfirmed") || g_str_equal(state, "missing"))
                return ACCENT_WARNING;
        return ACCENT_BAD;
}
