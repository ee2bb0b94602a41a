/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/gsettings/feed.h"

#include "introspection/names.h"

#include <stdbool.h>

#define OBJECT_MANAGER_INTERFACE "org.freedesktop.DBus.ObjectManager"

#define FIRST_READ_USEC (5 * G_TIME_SPAN_SECOND)
#define FIRST_DELAY_SEC 1U
#define MAX_DELAY_SEC 30U

/* One config. */
typedef struct Entry {
        Feed *feed;
        char *name;

        /* Guarded by the feed's lock. */
        ReconfConfig *config; /* NULL: not there yet */
        bool asked_in_vain;

        /* What follows is of the thread. */
        bool opening;
        bool open_again;
        bool warned;
} Entry;

struct Feed {
        gatomicrefcount references;
        FeedFunc func;
        void *data;
        GDestroyNotify destroy;
        GMainContext *context;
        GMainLoop *loop;
        GCancellable *cancellable;
        Entry *entries;
        size_t length;

        GMutex lock; /* guards what follows */
        GCond settling;
        gint64 started; /* 0: not yet */
        bool settled;   /* it is known whether there is anything; nobody waits any longer */

        /* What follows is of the thread. */
        ReconfClient *client; /* NULL until the service was reached once */
        GDBusConnection *connection;
        guint subscription; /* to what the service announces on that */
        GSource *timer;
        guint delay_sec;
        bool warned;
};

static void connect_service(Feed *feed);
static void open_entry(Entry *entry);

Feed *feed_new(const char *const *names, FeedFunc func, void *data, GDestroyNotify destroy)
{
        Feed *feed = g_new0(Feed, 1);

        g_atomic_ref_count_init(&feed->references);
        feed->func = func;
        feed->data = data;
        feed->destroy = destroy;
        feed->context = g_main_context_new();
        feed->loop = g_main_loop_new(feed->context, FALSE);
        feed->cancellable = g_cancellable_new();
        feed->length = g_strv_length((char **) names);
        feed->entries = g_new0(Entry, feed->length);
        feed->settled = feed->length == 0;
        feed->delay_sec = FIRST_DELAY_SEC;
        g_mutex_init(&feed->lock);
        g_cond_init(&feed->settling);
        for (size_t i = 0; i < feed->length; i++)
                feed->entries[i] = (Entry){
                        .feed = feed,
                        .name = g_strdup(names[i]),
                };
        return feed;
}

static Feed *feed_ref(Feed *feed)
{
        g_atomic_ref_count_inc(&feed->references);
        return feed;
}

static void feed_unref(void *data)
{
        Feed *feed = data;

        if (!g_atomic_ref_count_dec(&feed->references))
                return;
        if (feed->destroy)
                feed->destroy(feed->data);
        for (size_t i = 0; i < feed->length; i++)
                g_free(feed->entries[i].name);
        g_free(feed->entries);
        g_object_unref(feed->cancellable);
        g_main_loop_unref(feed->loop);
        g_main_context_unref(feed->context);
        g_cond_clear(&feed->settling);
        g_mutex_clear(&feed->lock);
        g_free(feed);
}

static void settle(Feed *feed)
{
        g_mutex_lock(&feed->lock);
        feed->settled = true;
        g_cond_broadcast(&feed->settling);
        g_mutex_unlock(&feed->lock);
}

static void settle_if_all_are_known(Feed *feed)
{
        for (size_t i = 0; i < feed->length; i++)
                if (feed->entries[i].opening)
                        return;
        settle(feed);
}

static void open_missing(Feed *feed)
{
        for (size_t i = 0; i < feed->length; i++)
                if (!feed->entries[i].config)
                        open_entry(&feed->entries[i]);
}

static void clear_timer(Feed *feed)
{
        if (feed->timer) {
                g_source_destroy(feed->timer);
                g_clear_pointer(&feed->timer, g_source_unref);
        }
}

static gboolean on_timer(void *data)
{
        Feed *feed = data;

        clear_timer(feed);
        if (feed->client)
                open_missing(feed);
        else
                connect_service(feed);
        return G_SOURCE_REMOVE;
}

static void try_later(Feed *feed)
{
        if (feed->timer)
                return;
        feed->timer = g_timeout_source_new_seconds(feed->delay_sec);
        g_source_set_static_name(feed->timer, "[reconf] try again");
        g_source_set_callback(feed->timer, on_timer, feed, NULL);
        g_source_attach(feed->timer, feed->context);
        feed->delay_sec = MIN(feed->delay_sec * 2, MAX_DELAY_SEC);
}

static void on_changed(ReconfConfig *config, ReconfChange *change, Entry *entry)
{
        Feed *feed = entry->feed;

        feed->func((size_t) (entry - feed->entries), change, feed->data);
}

/* Who asked in vain is told of all that there is. */
static void tell_all(Entry *entry, ReconfConfig *config)
{
        g_autoptr(GBytes) no_bytes = g_bytes_new_static(NULL, 0);
        g_autoptr(ReconfSnapshot) nothing = reconf_snapshot_new_from_bytes(0, no_bytes, NULL);
        g_autoptr(ReconfSnapshot) snapshot = reconf_config_dup_snapshot(config);
        g_autoptr(ReconfChange) change = reconf_change_new(nothing, snapshot);

        if (reconf_change_get_n_items(change) > 0)
                on_changed(config, change, entry);
}

static void adopt(Entry *entry, ReconfConfig *config)
{
        bool news;

        g_mutex_lock(&entry->feed->lock);
        news = entry->asked_in_vain;
        entry->config = g_object_ref(config);
        g_mutex_unlock(&entry->feed->lock);

        g_signal_connect(config, "changed", G_CALLBACK(on_changed), entry);
        if (news)
                tell_all(entry, config);
}

/* One that is not there is waited for; all else may be mended by trying again. */
static void report_failure(Entry *entry, const GError *error)
{
        bool absent = g_error_matches(error, RECONF_ERROR, RECONF_ERROR_NO_SUCH_CONFIG);

        if (!entry->warned)
                g_warning("Settings have their defaults where the config %s is to hold them: %s",
                          entry->name, error->message);
        entry->warned = true;
        if (!absent)
                try_later(entry->feed);
}

static void on_opened(GObject *source, GAsyncResult *result, void *data)
{
        Entry *entry = data;
        Feed *feed = entry->feed;
        g_autoptr(GError) error = NULL;
        g_autoptr(ReconfConfig) config =
                        reconf_client_get_config_finish(RECONF_CLIENT(source), result, &error);

        if (g_cancellable_is_cancelled(feed->cancellable))
                return;
        entry->opening = false;
        if (config)
                adopt(entry, config);
        else if (entry->open_again)
                open_entry(entry);
        else
                report_failure(entry, error);
        settle_if_all_are_known(feed);
}

static void open_entry(Entry *entry)
{
        Feed *feed = entry->feed;

        entry->open_again = entry->opening;
        if (entry->opening)
                return;
        entry->opening = true;
        reconf_client_get_config(feed->client, entry->name, NULL, feed->cancellable, on_opened, entry);
}

/* One that is there already hears by itself that it was registered anew. */
static void on_added(GDBusConnection *connection, const char *sender, const char *object,
                     const char *interface, const char *signal, GVariant *arguments, void *data)
{
        Feed *feed = data;
        g_autoptr(GVariant) interfaces = NULL;
        g_autoptr(GVariant) properties = NULL;
        const char *name;

        if (!g_variant_is_of_type(arguments, G_VARIANT_TYPE("(oa{sa{sv}})")))
                return;
        interfaces = g_variant_get_child_value(arguments, 1);
        properties = g_variant_lookup_value(interfaces, RECONF_CONFIG_INTERFACE, G_VARIANT_TYPE_VARDICT);
        if (!properties || !g_variant_lookup(properties, "Name", "&s", &name))
                return;
        for (size_t i = 0; i < feed->length; i++)
                if (!feed->entries[i].config && g_str_equal(feed->entries[i].name, name))
                        open_entry(&feed->entries[i]);
}

static void stop_hearing(Feed *feed)
{
        if (feed->subscription != 0)
                g_dbus_connection_signal_unsubscribe(feed->connection, feed->subscription);
        feed->subscription = 0;
        g_clear_object(&feed->connection);
}

/* First it is heard what is added, then looked at what is there: nothing is missed in between. */
static void on_status(ReconfClient *client, GParamSpec *property, Feed *feed)
{
        if (reconf_client_get_status(client) != RECONF_STATUS_CONNECTED)
                return;
        feed->delay_sec = FIRST_DELAY_SEC;
        stop_hearing(feed);
        feed->connection = reconf_client_dup_connection(client);
        if (feed->connection)
                feed->subscription = g_dbus_connection_signal_subscribe(
                                feed->connection, RECONF_BUS_NAME, OBJECT_MANAGER_INTERFACE,
                                "InterfacesAdded", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_added, feed,
                                NULL);
        open_missing(feed);
}

static void on_connected(GObject *source, GAsyncResult *result, void *data)
{
        Feed *feed = data;
        g_autoptr(GError) error = NULL;
        ReconfClient *client = reconf_client_new_finish(result, &error);

        if (g_cancellable_is_cancelled(feed->cancellable)) {
                g_clear_object(&client);
                return;
        }
        if (client) {
                feed->client = client;
                g_signal_connect(client, "notify::status", G_CALLBACK(on_status), feed);
                on_status(client, NULL, feed);
                return;
        }
        if (!feed->warned)
                g_warning("Settings have their defaults until the service can be reached: %s",
                          error->message);
        feed->warned = true;
        settle(feed);
        try_later(feed);
}

static void connect_service(Feed *feed)
{
        reconf_client_new(G_BUS_TYPE_SESSION, feed->cancellable, on_connected, feed);
}

static void release(Feed *feed)
{
        clear_timer(feed);
        stop_hearing(feed);
        for (size_t i = 0; i < feed->length; i++) {
                Entry *entry = &feed->entries[i];
                g_autoptr(ReconfConfig) config = NULL;

                g_mutex_lock(&feed->lock);
                config = g_steal_pointer(&entry->config);
                g_mutex_unlock(&feed->lock);
                if (config)
                        g_signal_handlers_disconnect_by_data(config, entry);
        }
        if (feed->client)
                g_signal_handlers_disconnect_by_data(feed->client, feed);
        g_clear_object(&feed->client);
        /* Calls that are under way have been cancelled and end now. */
        while (g_main_context_iteration(feed->context, FALSE))
                ;
}

static void *run(void *data)
{
        Feed *feed = data;

        g_main_context_push_thread_default(feed->context);
        connect_service(feed);
        g_main_loop_run(feed->loop);
        release(feed);
        g_main_context_pop_thread_default(feed->context);
        settle(feed);
        feed_unref(feed);
        return NULL;
}

void feed_start(Feed *feed)
{
        g_mutex_lock(&feed->lock);
        if (feed->started == 0 && feed->length > 0) {
                feed->started = g_get_monotonic_time();
                g_thread_unref(g_thread_new("reconf-settings", run, feed_ref(feed)));
        }
        g_mutex_unlock(&feed->lock);
}

static gboolean quit(void *data)
{
        Feed *feed = data;

        g_cancellable_cancel(feed->cancellable);
        g_main_loop_quit(feed->loop);
        return G_SOURCE_REMOVE;
}

Feed *feed_end(Feed *feed)
{
        bool started;

        if (!feed)
                return NULL;
        g_mutex_lock(&feed->lock);
        started = feed->started != 0;
        g_mutex_unlock(&feed->lock);
        if (started) {
                g_autoptr(GSource) source = g_idle_source_new();

                g_source_set_priority(source, G_PRIORITY_HIGH);
                g_source_set_callback(source, quit, feed_ref(feed), feed_unref);
                g_source_attach(source, feed->context);
        }
        feed_unref(feed);
        return NULL;
}

/* The config's reference is the caller's. Waits until it is known whether there is any, but not for long. */
static ReconfConfig *take_config(Feed *feed, Entry *entry)
{
        ReconfConfig *config = NULL;

        g_mutex_lock(&feed->lock);
        while (!feed->settled)
                if (!g_cond_wait_until(&feed->settling, &feed->lock, feed->started + FIRST_READ_USEC))
                        feed->settled = true;
        if (entry->config)
                config = g_object_ref(entry->config);
        else
                entry->asked_in_vain = true;
        g_mutex_unlock(&feed->lock);
        return config;
}

GVariant *feed_read(Feed *feed, size_t index, const char *path)
{
        g_autoptr(ReconfConfig) config = NULL;

        feed_start(feed);
        config = take_config(feed, &feed->entries[index]);
        return config ? reconf_config_get_variant(config, path) : NULL;
}
