/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/subscription.h"

#include "daemon/user-count.h"

struct Subscriptions {
        Peers *peers;
        Manager *manager;
        GHashTable *by_config; /* of GPtrArray of Subscription */
        UserCount *by_user;
        unsigned count;
};

static void release_subscription(void *data)
{
        Subscription *subscription = data;

        peer_release(&subscription->hold);
        g_clear_pointer(&subscription->paths, g_ptr_array_unref);
        config_unref(subscription->config);
        credentials_free(subscription->credentials);
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
                .by_user = user_count_new(),
        };
        return subscriptions;
}

Subscriptions *subscriptions_free(Subscriptions *subscriptions)
{
        if (!subscriptions)
                return NULL;

        g_hash_table_unref(subscriptions->by_config);
        user_count_free(subscriptions->by_user);
        g_free(subscriptions);
        return NULL;
}

static void remove_one(Subscription *subscription)
{
        Subscriptions *subscriptions = subscription->owner;
        g_autoptr(Config) config = config_ref(subscription->config);
        GPtrArray *all = g_hash_table_lookup(subscriptions->by_config, config);

        user_count_remove(subscriptions->by_user, subscription->credentials->uid);
        subscriptions->count--;
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

static void add_new(Subscriptions *subscriptions, const Caller *caller, Config *config, GPtrArray *paths)
{
        GPtrArray *all = g_hash_table_lookup(subscriptions->by_config, config);
        Subscription *subscription = g_new(Subscription, 1);

        *subscription = (Subscription){
                .owner = subscriptions,
                .credentials = credentials_copy(caller->credentials),
                .is_granted = caller->is_granted,
                .config = config_ref(config),
                .paths = paths,
                .told = config_version(config),
                .had = config_version(config),
        };
        peers_hold(subscriptions->peers, caller->name, &subscription->hold, on_client_left);
        if (!all) {
                all = g_ptr_array_new_with_free_func(release_subscription);
                g_hash_table_insert(subscriptions->by_config, config, all);
        }
        g_ptr_array_add(all, subscription);
        user_count_add(subscriptions->by_user, caller->credentials->uid);
        subscriptions->count++;
        manager_add_client(subscriptions->manager, config);
}

Failure *subscriptions_add(Subscriptions *subscriptions, const Caller *caller, Config *config,
                           GPtrArray *given)
{
        g_autoptr(GPtrArray) paths = given;
        Subscription *subscription = find(subscriptions, caller->name, config);

        if (subscription) {
                subscription->is_granted = subscription->is_granted || caller->is_granted;
                g_clear_pointer(&subscription->paths, g_ptr_array_unref);
                subscription->paths = g_steal_pointer(&paths);
                return NULL;
        }
        if (user_count_get(subscriptions->by_user, caller->credentials->uid) >= SUBSCRIPTION_MAX_PER_USER)
                return failure_new(FAILURE_LIMIT_EXCEEDED, "a user may have %u subscriptions at once",
                                   SUBSCRIPTION_MAX_PER_USER);
        add_new(subscriptions, caller, config, g_steal_pointer(&paths));
        return NULL;
}

void subscriptions_answer(Subscriptions *subscriptions, const char *client, Config *config, uint64_t version)
{
        Subscription *subscription = find(subscriptions, client, config);

        if (subscription)
                subscription->told = subscription->had = version;
}

uint64_t subscriptions_had(const Subscriptions *subscriptions, const char *client, const Config *config)
{
        const Subscription *subscription = find(subscriptions, client, config);

        return subscription ? subscription->had : 0;
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
