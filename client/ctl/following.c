/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/following.h"

#include "client/ctl/instance-changes.h"
#include "client/ctl/instance-table.h"
#include "client/ctl/listener.h"
#include "client/ctl/screen.h"
#include "client/ctl/text.h"
#include "introspection/names.h"

#include <signal.h>
#include <stdio.h>

typedef struct Following {
        Context *context;
        const char *config; /* or NULL */
        Listener *listener;
        Standings *standings;
        GHashTable *subscribed; /* configs */
        GPtrArray *instances;   /* as they were when asked for last; NULL before */
        InstanceChanges *changes;
        sd_event_source *update;
        bool draws;
        bool anew; /* the terminal's size changed */
        Screen screen;
        bool away;    /* the service, which is called again by the listener */
        char *remark; /* why there is no table; or NULL */
} Following;

static void put(Following *following, char *text)
{
        if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
                listener_end(following->listener, CTL_EXIT_FAILURE);
        g_free(text);
}

static char *format_table(const Following *following)
{
        g_autoptr(Table) table = instance_table_new(!following->config);

        if (following->instances->len == 0)
                return g_strdup("no instances\n");
        instance_table_add_all(table, following->instances, following->standings);
        return table_format(table, &following->context->style);
}

static void draw(Following *following)
{
        Style *style = &following->context->style;
        g_autofree char *text = NULL;

        if (following->anew)
                *style = style_detect(false, style->legend);
        text = following->remark ? g_strconcat(following->remark, "\n", NULL) : format_table(following);
        put(following, following->anew ? screen_format_anew(&following->screen, text, style->rows)
                                       : screen_format(&following->screen, text, style->rows));
        following->anew = false;
}

/* The first table, for who is told of changes by lines. */
static void print_table(Following *following)
{
        JsonMode mode = following->context->arguments->json;
        g_autoptr(Table) table = NULL;
        g_autofree char *text = NULL;
        Json *json;

        if (mode == JSON_OFF) {
                put(following, format_table(following));
                return;
        }
        table = instance_table_new(true);
        instance_table_add_all(table, following->instances, following->standings);
        json = json_new(mode);
        table_append_json(table, json);
        text = json_end(json);
        put(following, g_strconcat(text, "\n", NULL));
}

static void print(const InstanceReport *report, void *userdata)
{
        Following *following = userdata;
        JsonMode mode = following->context->arguments->json;

        put(following, mode != JSON_OFF ? instance_report_format_json(report, mode)
                                        : instance_report_format(report, &following->context->style));
}

static void show(Following *following, const GPtrArray *before)
{
        if (following->draws)
                draw(following);
        else if (before)
                instance_changes_tell(following->changes, before, following->instances, following->standings,
                                      print, following);
        else
                print_table(following);
}

static int on_update(sd_event_source *source, void *userdata);

static void update_soon(Following *following)
{
        if (following->update)
                (void) sd_event_source_set_enabled(following->update, SD_EVENT_ONESHOT);
        else if (sd_event_add_defer(listener_event(following->listener), &following->update, on_update,
                                    following) < 0 ||
                 sd_event_source_set_priority(following->update, SD_EVENT_PRIORITY_IDLE) < 0)
                listener_end(following->listener, CTL_EXIT_FAILURE);
}

/* Broadcasts come to everybody; what is not public, only to those who subscribed, and who may not do so sees
 * but who comes and goes. */
static void subscribe(Following *following)
{
        g_autofree const char **configs = standings_configs(following->standings);
        guint before = g_hash_table_size(following->subscribed);

        for (const char **config = configs; *config; config++) {
                g_autofree char *path = NULL;

                if (!g_hash_table_add(following->subscribed, g_strdup(*config)))
                        continue;
                path = context_config_path(*config);
                (void) sd_bus_call_method_async(following->context->bus, NULL, RECONF_BUS_NAME, path,
                                                RECONF_CONFIG_INTERFACE, "Subscribe", NULL, NULL, "ta{sv}",
                                                UINT64_C(0), 0);
        }
        /* What changed before the subscription was not told. */
        if (g_hash_table_size(following->subscribed) > before)
                update_soon(following);
}

/* The config may come back; then there is more to follow. */
static bool list(Following *following, GPtrArray **ret, GError **error)
{
        GError *own = NULL;

        if (standings_look(following->standings, following->config, &own)) {
                subscribe(following);
                *ret = instance_list_get(following->context, following->config, &own);
        }
        if (own && following->instances && own->code == CTL_EXIT_NOT_FOUND) {
                g_clear_error(&own);
                g_hash_table_remove_all(following->subscribed);
                *ret = g_ptr_array_new();
        }
        if (!own)
                return true;
        g_propagate_error(error, own);
        return false;
}

static bool refresh(Following *following, GError **error)
{
        g_autoptr(GPtrArray) before = NULL;
        GPtrArray *instances = NULL;

        if (!list(following, &instances, error))
                return false;
        before = following->instances;
        following->instances = instances;
        g_clear_pointer(&following->remark, g_free);
        show(following, before);
        return true;
}

static bool look(void *userdata, GError **error)
{
        Following *following = userdata;

        g_hash_table_remove_all(following->subscribed);
        following->away = !refresh(following, error);
        return !following->away;
}

static void tell(Following *following, const char *why)
{
        g_free(following->remark);
        following->remark = text_escape(why);
        if (following->draws)
                draw(following);
        else
                context_note(following->context, NULL, why);
}

static void lost(const char *why, void *userdata)
{
        Following *following = userdata;

        following->away = true;
        tell(following, why);
}

/* Of lower priority than the bus: when this runs, nothing is waiting there. */
static int on_update(sd_event_source *source, void *userdata)
{
        Following *following = userdata;
        g_autoptr(GError) error = NULL;

        if (!following->away && !refresh(following, &error))
                tell(following, error->message);
        else if (following->away && following->draws)
                draw(following);
        return 0;
}

static void hear_config(Following *following, sd_bus_message *m)
{
        g_autofree char *config = context_config_name(sd_bus_message_get_path(m));
        const char *object, *state, *root;
        uint64_t version;

        if (!config || (following->config && !g_str_equal(config, following->config)))
                return;
        if (sd_bus_message_is_signal(m, NULL, "InstanceStateChanged") > 0) {
                if (!following->draws && sd_bus_message_read(m, "ost", &object, &state, &version) > 0)
                        instance_changes_hear(following->changes, config, object, state, version);
        } else if (sd_bus_message_is_signal(m, NULL, "ConfigChanged") > 0) {
                if (!following->draws && sd_bus_message_read(m, "st", &root, &version) > 0)
                        instance_changes_hear(following->changes, config, NULL, NULL, version);
        } else
                return;
        update_soon(following);
}

static void hear(sd_bus_message *m, void *userdata)
{
        Following *following = userdata;

        if (sd_bus_message_is_signal(m, RECONF_CONFIG_INTERFACE, NULL) > 0)
                hear_config(following, m);
        else
                update_soon(following);
}

static int on_resize(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Following *following = userdata;

        following->anew = true;
        update_soon(following);
        return 0;
}

/* Before anything is drawn: while it is blocked the signal waits for whoever is to hear it. */
static void measure(Following *following)
{
        Style *style = &following->context->style;
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGWINCH);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
        *style = style_detect(false, style->legend);
}

static int watch_size(Following *following)
{
        return following->draws ? sd_event_add_signal(listener_event(following->listener), NULL, SIGWINCH,
                                                      on_resize, following)
                                : 0;
}

static void following_clear(Following *following)
{
        sd_event_source_disable_unref(following->update);
        listener_free(following->listener);
        standings_free(following->standings);
        g_hash_table_unref(following->subscribed);
        g_clear_pointer(&following->instances, g_ptr_array_unref);
        instance_changes_free(following->changes);
        g_free(following->remark);
}

int following_run(Context *context, const char *config)
{
        static const char *const rules[] = {
                "interface='" RECONF_CONFIG_INTERFACE "'",
                "path='" RECONF_MANAGER_PATH "',interface='org.freedesktop.DBus.ObjectManager'",
                NULL,
        };
        static const ListenerHooks hooks = { look, hear, lost, rules };
        Following following = { .context = context, .config = config };
        int status = CTL_EXIT_SUCCESS;
        GError *error = NULL;

        following.draws = screen_is_possible() && context->arguments->json == JSON_OFF;
        if (following.draws)
                measure(&following);
        following.standings = standings_new(context);
        following.subscribed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        following.changes = instance_changes_new();
        following.listener = listener_new(context, &hooks, &following);
        if (listener_start(following.listener, &error) &&
            ctl_error_check_request(watch_size(&following), &error))
                listener_run(following.listener, &status, &error);

        following_clear(&following);
        return error ? ctl_error_report(error) : status;
}
