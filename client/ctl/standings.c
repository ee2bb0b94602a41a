/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/standings.h"

#include "client/ctl/config-list.h"
#include "client/ctl/history.h"
#include "client/ctl/value.h"

typedef struct Standing {
        uint64_t active;
        bool asked;         /* for the history, with this version active */
        GPtrArray *history; /* NULL where it was not asked for, or may not be read */
} Standing;

struct Standings {
        Context *context;
        GHashTable *configs; /* name to Standing */
};

static void destroy_standing(void *data)
{
        Standing *standing = data;

        g_clear_pointer(&standing->history, g_ptr_array_unref);
        g_free(standing);
}

static GHashTable *new_configs(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, destroy_standing);
}

Standings *standings_new(Context *context)
{
        Standings *standings = g_new0(Standings, 1);

        standings->context = context;
        standings->configs = new_configs();
        return standings;
}

Standings *standings_free(Standings *standings)
{
        if (!standings)
                return NULL;

        g_hash_table_unref(standings->configs);
        g_free(standings);
        return NULL;
}

static void note(Standings *standings, GHashTable *before, const char *config, uint64_t active)
{
        const Standing *old = g_hash_table_lookup(before, config);
        Standing *standing = g_new0(Standing, 1);

        standing->active = active;
        if (old && old->active == active) {
                standing->asked = old->asked;
                standing->history = old->history ? g_ptr_array_ref(old->history) : NULL;
        }
        g_hash_table_insert(standings->configs, g_strdup(config), standing);
}

bool standings_look(Standings *standings, const char *config, GError **error)
{
        g_autoptr(GHashTable) before = NULL;
        g_autoptr(Document) properties = NULL;
        g_autoptr(GPtrArray) listed = NULL;

        if (config)
                properties = context_get_properties(standings->context, config, error);
        else
                listed = config_list_get(standings->context, error);
        if (!properties && !listed)
                return false;

        before = g_steal_pointer(&standings->configs);
        standings->configs = new_configs();
        if (properties)
                note(standings, before, config, value_get_unsigned(properties, "Version"));
        for (guint i = 0; listed && i < listed->len; i++) {
                const ListedConfig *one = listed->pdata[i];

                note(standings, before, one->name, one->version);
        }
        return true;
}

const char **standings_configs(const Standings *standings)
{
        return (const char **) g_hash_table_get_keys_as_array(standings->configs, NULL);
}

void standings_set(Standings *standings, const char *config, uint64_t active, GPtrArray *history)
{
        Standing *standing = g_new0(Standing, 1);

        standing->active = active;
        standing->asked = true;
        standing->history = history ? g_ptr_array_ref(history) : NULL;
        g_hash_table_replace(standings->configs, g_strdup(config), standing);
}

static const GPtrArray *get_history(Standings *standings, Standing *standing, const char *config)
{
        if (!standing->asked)
                standing->history = history_get(standings->context, config, NULL);
        standing->asked = true;
        return standing->history;
}

bool standings_count_behind(Standings *standings, const ListedInstance *instance, uint64_t *ret)
{
        Standing *standing = g_hash_table_lookup(standings->configs, instance->config);
        const GPtrArray *history;

        if (!standing || instance->version == 0)
                return false;
        *ret = standing->active > instance->version ? standing->active - instance->version : 0;
        if (*ret == 0)
                return true;
        history = get_history(standings, standing, instance->config);
        if (history)
                history_count_behind(history, instance->version, standing->active, ret);
        return true;
}
