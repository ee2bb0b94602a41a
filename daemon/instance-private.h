/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of instances, for the files that it is spread over
 *
 * instance.c is the registry, instance-report.c hears what is reported, instance-vote.c asks those that have
 * a vote.
 */
#pragma once

#include "daemon/instance.h"
#include "daemon/user-count.h"

typedef struct Vote Vote;

/* All of a config; there while there are instances, or a vote. */
typedef struct InstanceGroup {
        Instances *owner;
        Config *config;
        GPtrArray *members; /* of Instance, borrowed */
        Vote *vote;         /* or NULL */
} InstanceGroup;

struct Instances {
        Peers *peers;
        Manager *manager;
        GHashTable *by_id;     /* of Instance */
        GHashTable *by_config; /* of InstanceGroup */
        GHashTable *programs;  /* by unique name, of Program; borrowed */
        UserCount *by_user;
        const InstanceObserver *observer;
        void *userdata;
};

/* NULL where there is none. */
InstanceGroup *instances_group(const Instances *instances, const Config *config);
InstanceGroup *instances_ensure_group(Instances *instances, Config *config);
/* Goes where it is empty. */
void instance_group_tidy(InstanceGroup *group);

/* Tells of it if it is another. */
void instance_set_state(Instance *instance, InstanceState state);
/* Whether it has a vote, by what it may do to the config's files now. */
bool instance_may_vote(const Instance *instance);

/* What to call it where people read. */
char *instance_describe(const Instance *instance);

/* Where there is none. restarts: who leaves before it reported may do so. */
void vote_open(InstanceGroup *group, uint64_t version, bool restarts);
/* The group may be gone afterwards. */
void vote_close(InstanceGroup *group);
Vote *vote_free(Vote *vote);
/* One that came, or that acknowledges from now on. */
void vote_join(Instance *instance);
/*
 * What follows of these may change the config, its votes and its instances before they return. One that
 * acknowledges no longer; one that reported on the active version; one that has gone, with what it had said.
 */
void vote_withdraw(Instance *instance);
void vote_hear(Instance *instance, InstanceStatus status);
void vote_leave(Vote *vote, Ballot ballot, const char *who);
