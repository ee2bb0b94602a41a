/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/peer.h"

#include "daemon/log.h"

#define BUS_NAME "org.freedesktop.DBus"
#define LEFT_RULE                                                                                    \
        "type='signal',sender='" BUS_NAME "',path='/org/freedesktop/DBus',interface='" BUS_NAME "'," \
        "member='NameOwnerChanged',arg2=''"

struct Peer {
        Peers *owner;
        unsigned references; /* one of each hold, and those of a moment */
        PeerHold *holds;     /* those that were not told yet */
        sd_bus_slot *slot;   /* while the bus is asked whether it is there */
        char name[];
};

struct Peers {
        sd_bus *bus;
        GHashTable *all;   /* by unique name, of Peer; borrowed */
        sd_bus_slot *slot; /* of the match rule, while there are any */
};

Peers *peers_new(sd_bus *bus)
{
        Peers *peers = g_new(Peers, 1);

        *peers = (Peers){ .bus = bus, .all = g_hash_table_new(g_str_hash, g_str_equal) };
        return peers;
}

Peers *peers_free(Peers *peers)
{
        if (!peers)
                return NULL;

        sd_bus_slot_unref(peers->slot);
        g_hash_table_unref(peers->all);
        g_free(peers);
        return NULL;
}

static void forget(Peer *peer)
{
        Peers *peers = peer->owner;

        peer->slot = sd_bus_slot_unref(peer->slot);
        if (g_hash_table_lookup(peers->all, peer->name) == peer)
                g_hash_table_remove(peers->all, peer->name);
        if (g_hash_table_size(peers->all) == 0)
                peers->slot = sd_bus_slot_unref(peers->slot);
}

static void unref(Peer *peer)
{
        if (--peer->references > 0)
                return;
        forget(peer);
        g_free(peer);
}

static void unlink_hold(PeerHold *hold)
{
        *hold->link = hold->next;
        if (hold->next)
                hold->next->link = hold->link;
        hold->next = NULL;
        hold->link = NULL;
}

/* Whoever is told may release other holds of the same peer. */
static void tell_left(Peer *peer)
{
        peer->references++;
        forget(peer);
        while (peer->holds) {
                PeerHold *hold = peer->holds;

                unlink_hold(hold);
                hold->left(hold);
        }
        unref(peer);
}

static int on_name_lost(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Peers *peers = userdata;
        const char *name;
        Peer *peer;

        /* Anybody can send a signal of this name to us alone. */
        if (g_strcmp0(sd_bus_message_get_sender(m), BUS_NAME) != 0 || sd_bus_message_read(m, "s", &name) < 0)
                return 0;
        peer = g_hash_table_lookup(peers->all, name);
        if (peer)
                tell_left(peer);
        return 0;
}

static int on_owner(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Peer *peer = userdata;

        peer->slot = sd_bus_slot_unref(peer->slot);
        if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                tell_left(peer);
        return 0;
}

static int watch(Peers *peers, Peer *peer)
{
        int r = 0;

        if (!peers->slot)
                r = sd_bus_add_match_async(peers->bus, &peers->slot, LEFT_RULE, on_name_lost, NULL, peers);
        /* It may have left before the rule was there. */
        if (r >= 0)
                r = sd_bus_call_method_async(peers->bus, &peer->slot, BUS_NAME, "/org/freedesktop/DBus",
                                             BUS_NAME, "GetNameOwner", on_owner, peer, "s", peer->name);
        return r;
}

static Peer *add_peer(Peers *peers, const char *name)
{
        size_t size = strlen(name) + 1;
        Peer *peer = g_malloc(sizeof *peer + size);
        int r;

        *peer = (Peer){ .owner = peers };
        memcpy(peer->name, name, size);
        r = watch(peers, peer);
        /* Only where the connection is closing: then all of us ends. */
        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, NULL, "Failed to watch for the end of %s, ignoring: %s",
                           name, g_strerror(-r));
        g_hash_table_insert(peers->all, peer->name, peer);
        return peer;
}

void peers_hold(Peers *peers, const char *name, PeerHold *hold, PeerLeft left)
{
        Peer *peer = g_hash_table_lookup(peers->all, name);

        if (!peer)
                peer = add_peer(peers, name);
        peer->references++;
        *hold = (PeerHold){ .peer = peer, .left = left, .next = peer->holds, .link = &peer->holds };
        if (hold->next)
                hold->next->link = &hold->next;
        peer->holds = hold;
}

void peer_release(PeerHold *hold)
{
        if (!hold->peer)
                return;
        if (hold->link)
                unlink_hold(hold);
        unref(hold->peer);
        hold->peer = NULL;
}

const char *peer_name(const PeerHold *hold)
{
        return hold->peer->name;
}
