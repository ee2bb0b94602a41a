/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/subscription.h"

typedef struct Client {
        Subscriptions *owner;
        char *name;
        uid_t uid;
        sd_bus_track *track;
        GHashTable *subscriptions; /* by config, of Subscription */
} Client;

struct Subscriptions {
        sd_bus *bus;
        Manager *manager;
        GHashTable *clients;   /* by unique name, of Client */
        GHashTable *by_config; /* of GPtrArray of Subscription */
        GHashTable *by_uid;    /* how many, by uid */
        unsigned count;
};

static void client_free(void *data)
{
        Client *client = data;

        sd_bus_track_unref(client->track);
        g_hash_table_unref(client->subscriptions);
        g_free(client->name);
        g_free(client);
}

static void release_subscription(void *data)
{
        Subscription *subscription = data;

        g_clear_pointer(&subscription->paths, g_ptr_array_unref);
        config_unref(subscription->config);
        g_free(subscription);
}

static void release_array(void *array)
{
        g_ptr_array_unref(array);
}

Subscriptions *subscriptions_new(sd_bus *bus, Manager *manager)
{
        Subscriptions *subscriptions = g_new(Subscriptions, 1);

        *subscriptions = (Subscriptions){
                .bus = bus,
                .manager = manager,
                .clients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, client_free),
                .by_config = g_hash_table_new_full(NULL, NULL, NULL, release_array),
                .by_uid = g_hash_table_new(NULL, NULL),
        };
        return subscriptions;
}

Subscriptions *subscriptions_free(Subscriptions *subscriptions)
{
        if (!subscriptions)
                return NULL;

        g_hash_table_unref(subscriptions->by_config);
        g_hash_table_unref(subscriptions->clients);
        g_hash_table_unref(subscriptions->by_uid);
        g_free(subscriptions);
        return NULL;
}

static unsigned count_of(const Subscriptions *subscriptions, uid_t uid)
{
        return GPOINTER_TO_UINT(g_hash_table_lookup(subscriptions->by_uid, GUINT_TO_POINTER(uid)));
}

static void adjust_count(Subscriptions *subscriptions, uid_t uid, int by)
{
        unsigned count = count_of(subscriptions, uid) + (unsigned) by;

        subscriptions->count += (unsigned) by;
        if (count == 0)
                g_hash_table_remove(subscriptions->by_uid, GUINT_TO_POINTER(uid));
        else
                g_hash_table_insert(subscriptions->by_uid, GUINT_TO_POINTER(uid), GUINT_TO_POINTER(count));
}

static void detach(Client *client, Subscription *subscription)
{
        Subscriptions *subscriptions = client->owner;
        g_autoptr(Config) config = config_ref(subscription->config);
        GPtrArray *all = g_hash_table_lookup(subscriptions->by_config, config);

        g_ptr_array_remove_fast(all, subscription);
        if (all->len == 0)
                g_hash_table_remove(subscriptions->by_config, config);
        g_hash_table_remove(client->subscriptions, config);
        adjust_count(subscriptions, client->uid, -1);
        manager_remove_client(subscriptions->manager, config);
}

static void remove_client(Client *client)
{
        GHashTableIter iterator;
        void *subscription;

        while (g_hash_table_iter_init(&iterator, client->subscriptions),
               g_hash_table_iter_next(&iterator, NULL, &subscription))
                detach(client, subscription);
        g_hash_table_remove(client->owner->clients, client->name);
}

static int on_client_left(sd_bus_track *track, void *userdata)
{
        remove_client(userdata);
        return 0;
}

/* A track tells when its last peer leaves, so each client has one of its own. */
static Failure *new_client(Subscriptions *subscriptions, const char *name, uid_t uid, Client **ret)
{
        Client *client = g_new0(Client, 1);
        int r;

        client->owner = subscriptions;
        client->name = g_strdup(name);
        client->uid = uid;
        client->subscriptions = g_hash_table_new_full(NULL, NULL, NULL, release_subscription);
        r = sd_bus_track_new(subscriptions->bus, &client->track, on_client_left, client);
        if (r >= 0)
                r = sd_bus_track_add_name(client->track, name);
        if (r < 0) {
                client_free(client);
                return failure_new(FAILURE_LIMIT_EXCEEDED, "cannot keep track of %s: %s", name,
                                   g_strerror(-r));
        }
        g_hash_table_insert(subscriptions->clients, client->name, client);
        *ret = client;
        return NULL;
}

Failure *subscriptions_add(Subscriptions *subscriptions, const char *name, uid_t uid, Config *config,
                           GPtrArray *given)
{
        g_autoptr(GPtrArray) paths = given;
        Client *client = g_hash_table_lookup(subscriptions->clients, name);
        Subscription *subscription = client ? g_hash_table_lookup(client->subscriptions, config) : NULL;
        GPtrArray *all;
        Failure *failure;

        if (subscription) {
                g_clear_pointer(&subscription->paths, g_ptr_array_unref);
                subscription->paths = g_steal_pointer(&paths);
                return NULL;
        }
        if (count_of(subscriptions, uid) >= SUBSCRIPTION_MAX_PER_USER)
                return failure_new(FAILURE_LIMIT_EXCEEDED, "a user may have %u subscriptions at once",
                                   SUBSCRIPTION_MAX_PER_USER);
        if (!client) {
                failure = new_client(subscriptions, name, uid, &client);
                if (failure)
                        return failure;
        }

        subscription = g_new(Subscription, 1);
        *subscription = (Subscription){
                .client = client->name,
                .config = config_ref(config),
                .paths = g_steal_pointer(&paths),
        };
        g_hash_table_insert(client->subscriptions, config, subscription);
        all = g_hash_table_lookup(subscriptions->by_config, config);
        if (!all) {
                all = g_ptr_array_new();
                g_hash_table_insert(subscriptions->by_config, config, all);
        }
        g_ptr_array_add(all, subscription);
        adjust_count(subscriptions, uid, 1);
        manager_add_client(subscriptions->manager, config);
        return NULL;
}

static void detach_last(Client *client, Subscription *subscription)
{
        detach(client, subscription);
        if (g_hash_table_size(client->subscriptions) == 0)
                g_hash_table_remove(client->owner->clients, client->name);
}

bool subscriptions_remove(Subscriptions *subscriptions, const char *name, Config *config)
{
        Client *client = g_hash_table_lookup(subscriptions->clients, name);
        Subscription *subscription = client ? g_hash_table_lookup(client->subscriptions, config) : NULL;

        if (!subscription)
                return false;
        detach_last(client, subscription);
        return true;
}

void subscriptions_remove_config(Subscriptions *subscriptions, Config *config)
{
        GPtrArray *all;

        while ((all = g_hash_table_lookup(subscriptions->by_config, config))) {
                Subscription *subscription = g_ptr_array_index(all, all->len - 1);

                detach_last(g_hash_table_lookup(subscriptions->clients, subscription->client), subscription);
        }
}

const GPtrArray *subscriptions_of(const Subscriptions *subscriptions, Config *config)
{
        return g_hash_table_lookup(subscriptions->by_config, config);
}

unsigned subscriptions_count(const Subscriptions *subscriptions)
{
        return subscriptions->count;
}
