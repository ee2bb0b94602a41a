/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Subscriptions: who is to be told of a config by name
 *
 * A subscription belongs to a connection and goes with it. Signals that may not be broadcast are sent to
 * each subscriber alone, who is asked about anew before each: it keeps what he is asked about by. Whom
 * polkit let in is not asked about again until he has left or is subscribed no longer.
 */
#pragma once

#include "daemon/caller.h"
#include "daemon/manager.h"
#include "daemon/peer.h"

#define SUBSCRIPTION_MAX_PER_USER 1000U

typedef struct Subscriptions Subscriptions;

typedef struct Subscription {
        PeerHold hold; /* first: what leaves is found by it */
        Subscriptions *owner;
        Credentials *credentials;
        bool is_granted; /* polkit lets him read it */
        bool waits;      /* to be told what is being announced, until it is known how far he reaches */
        Config *config;
        GPtrArray *paths; /* of Path: only what touches these; NULL for all */
        uint64_t told;    /* version of the last signal that was for it, or of the answer to its call */
        uint64_t had;     /* the last of these whose values it could have; 0 for none */
} Subscription;

/* peers and manager must outlive it. */
Subscriptions *subscriptions_new(Peers *peers, Manager *manager);
Subscriptions *subscriptions_free(Subscriptions *subscriptions);

/* One a client and config: a second one takes the place of the first. paths is taken and may be NULL. */
Failure *subscriptions_add(Subscriptions *subscriptions, const Caller *caller, Config *config,
                           GPtrArray *paths);
/* Its unique name. */
const char *subscription_client(const Subscription *subscription);
/* The answer to its call brings it up to this version, which it may know. Nothing where there is none. */
void subscriptions_answer(Subscriptions *subscriptions, const char *client, Config *config,
                          uint64_t version);
/* The version that it had last; 0 where there is none. */
uint64_t subscriptions_had(const Subscriptions *subscriptions, const char *client, const Config *config);
/* False where there was none. */
bool subscriptions_remove(Subscriptions *subscriptions, const char *client, Config *config);
/* The config is going. */
void subscriptions_remove_config(Subscriptions *subscriptions, Config *config);

/* Of Subscription, borrowed; NULL where there is none. Valid until the next call here. */
const GPtrArray *subscriptions_of(const Subscriptions *subscriptions, Config *config);
unsigned subscriptions_count(const Subscriptions *subscriptions);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Subscriptions, subscriptions_free)
