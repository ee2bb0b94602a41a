/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Peers: connections that hold something with us
 *
 * What a connection holds (a subscription, a validator, an instance) goes when it leaves the bus. All of
 * them are told by one match rule, which is there while anybody holds anything: one for each would soon be
 * more than the bus lets a connection have, and it then throws us out.
 */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

typedef struct Peers Peers;
typedef struct Peer Peer;
typedef struct PeerHold PeerHold;

/* The peer has left. The hold still has its name, and is still to be released. */
typedef void (*PeerLeft)(PeerHold *hold);

/* One thing that a peer holds; to be part of it, and zero before the peer has it. */
struct PeerHold {
        Peer *peer;
        PeerLeft left;
        PeerHold *next, **link;
};

/* bus must outlive it, and it all holds. */
Peers *peers_new(sd_bus *bus);
Peers *peers_free(Peers *peers);

/*
 * From now on left is called once, when the connection of this unique name leaves; soon, where it has left
 * already. hold must stay where it is until it is released.
 */
void peers_hold(Peers *peers, const char *name, PeerHold *hold, PeerLeft left);
/* Nothing where it is not held. */
void peer_release(PeerHold *hold);
/* The unique name, valid until the release. */
const char *peer_name(const PeerHold *hold);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Peers, peers_free)
