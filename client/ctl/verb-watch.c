/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl watch
 *
 * Subscribes to each config, so that it hears of those, too, that are not public. Anybody on the bus can
 * send a signal that looks like one of the service, so only what its present owner sends is believed. When
 * the service leaves the bus it is called again after a moment, which starts it where it does not come back
 * by itself; what changed meanwhile comes as one diff.
 */
#include "client/ctl/config-list.h"
#include "client/ctl/verbs.h"
#include "client/ctl/watching.h"
#include "introspection/names.h"

#include <errno.h>

#define SHORTEST_RETRY_USEC (1000 * 1000U)
#define LONGEST_RETRY_USEC (30 * 1000 * 1000U)

static bool is_wanted(const Watching *watching, const char *name)
{
        return !*watching->names || g_strv_contains((const char *const *) watching->names, name);
}

static bool is_from_owner(const Watching *watching, sd_bus_message *m)
{
        return watching->owner && g_strcmp0(sd_bus_message_get_sender(m), watching->owner) == 0;
}

/* The config that an object stands for; NULL where it is none, or not wanted. */
static char *wanted_name(const Watching *watching, const char *object)
{
        g_autofree char *name = NULL;
        char *decoded = NULL;

        if (!object || sd_bus_path_decode(object, RECONF_CONFIG_PATH_PREFIX, &decoded) <= 0)
                return NULL;
        name = g_strdup(decoded);
        free(decoded);
        return is_wanted(watching, name) ? g_steal_pointer(&name) : NULL;
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

/* Subscribes to all configs that are there now, which starts the service where need be. */
static bool look(Watching *watching, GError **error)
{
        g_autoptr(GPtrArray) configs = NULL;
        g_autofree char *owner = NULL;

        configs = config_list_get(watching->context, &owner, error);
        if (!configs)
                return false;

        g_free(watching->owner);
        watching->owner = g_steal_pointer(&owner);
        for (guint i = 0; i < configs->len; i++) {
                const ListedConfig *config = configs->pdata[i];

                if (is_wanted(watching, config->name))
                        watched_subscribe(get_watched(watching, config->name));
        }
        return true;
}

static void come_back(Watching *watching);

static int on_retry(sd_event_source *source, uint64_t time, void *userdata)
{
        Watching *watching = userdata;
        GError *error = NULL;

        watching->retry = sd_event_source_unref(watching->retry);
        if (watching->owner || look(watching, &error))
                return 0;
        watching_note(watching, NULL, error->message);
        g_error_free(error);
        come_back(watching);
        return 0;
}

/* Calls the service after a while, the longer the more often it was in vain. */
static void come_back(Watching *watching)
{
        watching->retry = sd_event_source_unref(watching->retry);
        if (sd_event_add_time_relative(watching->event, &watching->retry, CLOCK_BOOTTIME,
                                       watching->retry_usec, 0, on_retry, watching) < 0)
                (void) sd_event_exit(watching->event, CTL_EXIT_FAILURE);
        watching->retry_usec = MIN(watching->retry_usec * 2, LONGEST_RETRY_USEC);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Watching *watching = userdata;
        const char *name, *old_owner, *new_owner;
        GError *error = NULL;

        if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0 ||
            g_strcmp0(new_owner, watching->owner) == 0)
                return 0;

        g_clear_pointer(&watching->owner, g_free);
        if (!*new_owner) {
                watching_note(watching, NULL, "the service left the bus; it is called again");
                watching->retry_usec = SHORTEST_RETRY_USEC;
                come_back(watching);
                return 0;
        }
        watching->retry = sd_event_source_unref(watching->retry);
        if (look(watching, &error))
                return 0;
        watching_note(watching, NULL, error->message);
        g_error_free(error);
        come_back(watching);
        return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Watching *watching = userdata;
        g_autofree char *name = NULL;

        if (!is_from_owner(watching, m))
                return 0;
        name = wanted_name(watching, sd_bus_message_get_path(m));
        if (!name)
                return 0;
        if (sd_bus_message_is_signal(m, NULL, "ConfigChanged") > 0)
                watched_hear_changed(get_watched(watching, name), m);
        else if (sd_bus_message_is_signal(m, NULL, "ReloadFailed") > 0)
                watched_hear_failed(get_watched(watching, name), m);
        return 0;
}

static void print_coming(Watching *watching, WatchReportKind kind, const char *name)
{
        watching_print(watching,
                       &(WatchReport){ .kind = kind, .name = name, .time = (uint64_t) g_get_real_time() });
}

/* InterfacesAdded and InterfacesRemoved: configs that come and go. */
static int on_objects(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Watching *watching = userdata;
        g_autofree char *name = NULL;
        const char *object;

        if (!is_from_owner(watching, m) || sd_bus_message_read(m, "o", &object) < 0)
                return 0;
        name = wanted_name(watching, object);
        if (!name)
                return 0;
        if (sd_bus_message_is_signal(m, NULL, "InterfacesAdded") > 0) {
                /* A service that starts again announces all that it has. */
                if (!g_hash_table_contains(watching->configs, name))
                        print_coming(watching, WATCH_REPORT_ADDED, name);
                watched_subscribe(get_watched(watching, name));
        } else if (sd_bus_message_is_signal(m, NULL, "InterfacesRemoved") > 0) {
                print_coming(watching, WATCH_REPORT_REMOVED, name);
                g_hash_table_remove(watching->configs, name);
        }
        return 0;
}

static int add_matches(Watching *watching)
{
        static const char owner_rule[] =
                        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                        "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                        "arg0='" RECONF_BUS_NAME "'";
        static const char config_rule[] = "type='signal',sender='" RECONF_BUS_NAME "',"
                                          "interface='" RECONF_CONFIG_INTERFACE "'";
        static const char object_rule[] = "type='signal',sender='" RECONF_BUS_NAME "',"
                                          "path='" RECONF_MANAGER_PATH "',"
                                          "interface='org.freedesktop.DBus.ObjectManager'";
        sd_bus *bus = watching->context->bus;
        int r;

        r = sd_bus_add_match(bus, NULL, owner_rule, on_owner_changed, watching);
        if (r < 0)
                return r;
        r = sd_bus_add_match(bus, NULL, config_rule, on_signal, watching);
        if (r < 0)
                return r;
        return sd_bus_add_match(bus, NULL, object_rule, on_objects, watching);
}

static int prepare(Watching *watching)
{
        sd_bus *bus = watching->context->bus;
        int r;

        r = sd_event_default(&watching->event);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(bus, watching->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        r = sd_bus_set_exit_on_disconnect(bus, true);
        if (r < 0)
                return r;
        return add_matches(watching);
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

static bool run(Watching *watching, GError **error)
{
        int r;

        if (!context_connect(watching->context, error) ||
            !ctl_error_check_request(prepare(watching), error) || !look(watching, error) ||
            !check_names(watching, error))
                return false;

        r = sd_event_loop(watching->event);
        if (sd_bus_is_open(watching->context->bus) <= 0)
                g_set_error(error, CTL_ERROR, CTL_EXIT_UNREACHABLE, "the bus went away");
        else if (r < 0)
                g_set_error(error, CTL_ERROR, CTL_EXIT_FAILURE, "cannot wait for events: %s",
                            g_strerror(-r));
        return !*error;
}

static void destroy_watched(void *watched)
{
        watched_free(watched);
}

int verb_watch(Context *context, char **words)
{
        Watching watching = { .context = context, .names = words, .retry_usec = SHORTEST_RETRY_USEC };
        GError *error = NULL;

        watching.configs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, destroy_watched);
        run(&watching, &error);

        g_hash_table_unref(watching.configs);
        g_free(watching.owner);
        sd_event_source_unref(watching.retry);
        if (watching.event)
                sd_bus_detach_event(context->bus);
        sd_event_unref(watching.event);
        return error ? ctl_error_report(error) : CTL_EXIT_SUCCESS;
}
