/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl watch
 *
 * Subscribes to each config, so that it hears of those, too, that are not public. What changed while the
 * service was away comes as one diff.
 */
#include "client/ctl/config-list.h"
#include "client/ctl/verbs.h"
#include "client/ctl/watching.h"
#include "introspection/names.h"

static bool is_wanted(const Watching *watching, const char *name)
{
        return !*watching->names || g_strv_contains((const char *const *) watching->names, name);
}

/* The config that an object stands for; NULL where it is none, or not wanted. */
static char *wanted_name(const Watching *watching, const char *object)
{
        g_autofree char *name = context_config_name(object);

        return name && is_wanted(watching, name) ? g_steal_pointer(&name) : NULL;
}

static Watched *get_watched(Watching *watching, const char *name)
{
        Watched *watched = g_hash_table_lookup(watching->configs, name);

        if (!watched) {
                watched = watched_new(watching, name);
                g_hash_table_insert(watching->configs, watched->name, watched);
        }
        return watched;
}

/* Subscribes to all configs that are there now. */
static bool look(void *userdata, GError **error)
{
        Watching *watching = userdata;
        g_autoptr(GPtrArray) configs = config_list_get(watching->context, error);

        if (!configs)
                return false;
        for (guint i = 0; i < configs->len; i++) {
                const ListedConfig *config = configs->pdata[i];

                if (is_wanted(watching, config->name))
                        watched_subscribe(get_watched(watching, config->name));
        }
        return true;
}

static void print_coming(Watching *watching, WatchReportKind kind, const char *name)
{
        watching_print(watching,
                       &(WatchReport){ .kind = kind, .name = name, .time = (uint64_t) g_get_real_time() });
}

/* InterfacesAdded and InterfacesRemoved: configs that come and go. */
static void hear_objects(Watching *watching, sd_bus_message *m)
{
        g_autofree char *name = NULL;
        const char *object;

        if (sd_bus_message_read(m, "o", &object) < 0)
                return;
        name = wanted_name(watching, object);
        if (!name)
                return;
        if (sd_bus_message_is_signal(m, NULL, "InterfacesAdded") > 0) {
                /* A service that starts again announces all that it has. */
                if (!g_hash_table_contains(watching->configs, name))
                        print_coming(watching, WATCH_REPORT_ADDED, name);
                watched_subscribe(get_watched(watching, name));
        } else if (sd_bus_message_is_signal(m, NULL, "InterfacesRemoved") > 0) {
                print_coming(watching, WATCH_REPORT_REMOVED, name);
                g_hash_table_remove(watching->configs, name);
        }
}

static void hear(sd_bus_message *m, void *userdata)
{
        Watching *watching = userdata;
        g_autofree char *name = NULL;

        if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.ObjectManager", NULL) > 0) {
                hear_objects(watching, m);
                return;
        }
        name = wanted_name(watching, sd_bus_message_get_path(m));
        if (!name)
                return;
        if (sd_bus_message_is_signal(m, NULL, "ConfigChanged") > 0)
                watched_hear_changed(get_watched(watching, name), m);
        else if (sd_bus_message_is_signal(m, NULL, "ReloadFailed") > 0)
                watched_hear_failed(get_watched(watching, name), m);
}

static void lost(const char *why, void *userdata)
{
        watching_note(userdata, NULL, why);
}

/* A name that is mistyped would be waited for in vain. */
static bool check_names(const Watching *watching, GError **error)
{
        for (char **name = watching->names; *name; name++)
                if (!g_hash_table_contains(watching->configs, *name)) {
                        g_set_error(error, CTL_ERROR, CTL_EXIT_NOT_FOUND,
                                    "%s: there is no config of that name\n"
                                    "'reconfctl list' shows the configs there are.",
                                    *name);
                        return false;
                }
        return true;
}

static bool run(Watching *watching, int *ret_status, GError **error)
{
        return listener_start(watching->listener, error) && check_names(watching, error) &&
               listener_run(watching->listener, ret_status, error);
}

static void destroy_watched(void *watched)
{
        watched_free(watched);
}

int verb_watch(Context *context, char **words)
{
        static const char *const rules[] = {
                "interface='" RECONF_CONFIG_INTERFACE "'",
                "path='" RECONF_MANAGER_PATH "',interface='org.freedesktop.DBus.ObjectManager'",
                NULL,
        };
        static const ListenerHooks hooks = { look, hear, lost, rules };
        Watching watching = { .context = context, .names = words };
        int status = CTL_EXIT_SUCCESS;
        GError *error = NULL;

        /* Of all configs those are watched that one may read, without many questions. */
        if (*words)
                context->prompts = CONTEXT_PROMPTS_ALL;
        watching.listener = listener_new(context, &hooks, &watching);
        watching.configs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, destroy_watched);
        run(&watching, &status, &error);

        g_hash_table_unref(watching.configs);
        listener_free(watching.listener);
        return error ? ctl_error_report(error) : status;
}
