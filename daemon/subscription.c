/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/subscription.h"

struct Subscriptions {
        Peers *peers;
        Manager *manager;
        GHashTable *by_config; /* of GPtrArray of Subscription */
        GHashTable *by_uid;    /* how many, by uid */
        unsigned count;
};

static void release_subscription(void *data)
{
        Subscription *subscription = data;

        peer_release(&subscription->hold);
        g_clear_pointer(&subscription->paths, g_ptr_array_unref);
        config_unref(subscription->config);
        g_free(subscription);
}

static void release_array(void *array)
{
        g_ptr_array_unref(array);
}

Subscriptions *subscriptions_new(Peers *peers, Manager *manager)
{
        Subscriptions *subscriptions = g_new(Subscriptions, 1);

        *subscriptions = (Subscriptions){
                .peers = peers,
                .manager = manager,
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

static void remove_one(Subscription *subscription)
{
        Subscriptions *subscriptions = subscription->owner;
        g_autoptr(Config) config = config_ref(subscription->config);
        GPtrArray *all = g_hash_table_lookup(subscriptions->by_config, config);

        adjust_count(subscriptions, subscription->uid, -1);
        g_ptr_array_remove_fast(all, subscription);
        if (all->len == 0)
                g_hash_table_remove(subscriptions->by_config, config);
        manager_remove_client(subscriptions->manager, config);
}

static void on_client_left(PeerHold *hold)
{
        remove_one((Subscription *) hold);
}

static Subscription *find(const Subscriptions *subscriptions, const char *client, const Config *config)
{
        const GPtrArray *all = g_hash_table_lookup(subscriptions->by_config, config);

        for (guint i = 0; all && i < all->len; i++) {
                Subscription *subscription = g_ptr_array_index(all, i);

                if (g_str_equal(subscription_client(subscription), client))
                        return subscription;
        }
        return NULL;
}

static void add_new(Subscriptions *subscriptions, const char *client, uid_t uid, Config *config,
                    GPtrArray *paths)
{
        GPtrArray *all = g_hash_table_lookup(subscriptions->by_config, config);
        Subscription *subscription = g_new(Subscription, 1);

        *subscription = (Subscription){
                .owner = subscriptions,
                .uid = uid,
                .config = config_ref(config),
                .paths = paths,
                .told = config_version(config),
        };
        peers_hold(subscriptions->peers, client, &subscription->hold, on_client_left);
        if (!all) {
                all = g_ptr_array_new_with_free_func(release_subscription);
                g_hash_table_insert(subscriptions->by_config, config, all);
        }
        g_ptr_array_add(all, subscription);
        adjust_count(subscriptions, uid, 1);
        manager_add_client(subscriptions->manager, config);
}

Failure *subscriptions_add(Subscriptions *subscriptions, const char *client, uid_t uid, Config *config,
                           GPtrArray *given)
{
        g_autoptr(GPtrArray) paths = given;
        Subscription *subscription = find(subscriptions, client, config);

        if (subscription) {
                g_clear_pointer(&subscription->paths, g_ptr_array_unref);
                subscription->paths = g_steal_pointer(&paths);
                return NULL;
        }
        if (count_of(subscriptions, uid) >= SUBSCRIPTION_MAX_PER_USER)
                return failure_new(FAILURE_LIMIT_EXCEEDED, "a user may have %u subscriptions at once",
                                   SUBSCRIPTION_MAX_PER_USER);
        add_new(subscriptions, client, uid, config, g_steal_pointer(&paths));
        return NULL;
}

void subscriptions_answer(Subscriptions *subscriptions, const char *client, Config *config, uint64_t version)
{
        Subscription *subscription = find(subscriptions, client, config);

        if (subscription)
                subscription->told = version;
}

bool subscriptions_remove(Subscriptions *subscriptions, const char *client, Config *config)
{
        Subscription *subscription = find(subscriptions, client, config);

        if (!subscription)
                return false;
        remove_one(subscription);
        return true;
}

void subscriptions_remove_config(Subscriptions *subscriptions, Config *config)
{
        const GPtrArray *all;

        while ((all = g_hash_table_lookup(subscriptions->by_config, config)))
                remove_one(g_ptr_array_index(all, all->len - 1));
}

const GPtrArray *subscriptions_of(const Subscriptions *subscriptions, Config *config)
{
        return g_hash_table_lookup(subscriptions->by_config, config);
}

unsigned subscriptions_count(const Subscriptions *subscriptions)
{
        return subscriptions->count;
}

const char *subscription_client(const Subscription *subscription)
{
        return peer_name(&subscription->hold);
}
