/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instances: the programs that run on a config, and which version they are on
 *
 * An instance belongs to a connection on the bus, by its unique name, and goes with it, with the process
 * that made it, and with its config; nothing of it outlasts any of them. One that acknowledges reports on
 * each new version, and may have a vote about it: then its failure, its end or its silence can bring the
 * version before back (instance-vote.c). A systemd unit that is reloaded for a config is an instance, too,
 * without a connection.
 *
 * What is known of a process comes from the kernel, by the pid that the bus gives for the connection. Where
 * that process had ended before the instance was registered, and another has its pid since, they cannot be
 * told apart; from then on a pidfd holds the place.
 */
#pragma once

#include "daemon/manager.h"
#include "daemon/program.h"

#define INSTANCE_MAX_PER_USER 1000U
#define INSTANCE_MAX_NAME 128U     /* bytes */
#define INSTANCE_MAX_MESSAGE 4096U /* bytes */
#define INSTANCE_ID_LENGTH 32U

typedef enum InstanceState {
        INSTANCE_CURRENT, /* has applied the active version */
        INSTANCE_PENDING, /* has yet to report on it */
        INSTANCE_FAILED,
        INSTANCE_PARTIAL,
        INSTANCE_UNTRACKED, /* does not acknowledge */
        N_INSTANCE_STATES,
} InstanceState;

/* What is reported of a version. */
typedef enum InstanceStatus {
        INSTANCE_STATUS_APPLIED,
        INSTANCE_STATUS_FAILED,
        INSTANCE_STATUS_PARTIAL, /* applied, but for what the message says */
        N_INSTANCE_STATUSES,
} InstanceStatus;

/* What an instance has said in a vote. */
typedef enum Ballot {
        BALLOT_NONE,    /* has none in it */
        BALLOT_AWAITED, /* was there when the vote was opened */
        BALLOT_JOINED,  /* came later */
        BALLOT_FAILED,
        BALLOT_APPLIED,
        N_BALLOTS,
} Ballot;

typedef struct Instances Instances;

/* Read-only but for the files of this module. */
struct Instance {
        Instances *owner;
        Config *config;
        Program *program;
        Instance *sibling; /* the next one of the program */
        char *name;        /* what it calls itself, or NULL */
        char *message;     /* of the last report, or NULL */
        uint64_t reported; /* the version that it was about; 0 for none */
        uint64_t version;  /* the newest that it applied, if only in part; 0 for none */
        uint64_t complete; /* the newest that it applied as a whole */
        InstanceState state;
        Ballot ballot;
        bool acks;
        bool is_unit;
        bool votes;      /* where it acknowledges */
        bool is_granted; /* polkit lets it read the config; set by whoever asked */
        char id[INSTANCE_ID_LENGTH + 1];
};

/* What there is to tell; an instance that is removed can still be found. */
typedef struct InstanceObserver {
        void (*added)(const Instance *instance, void *userdata);
        void (*removed)(const Instance *instance, void *userdata);
        void (*renamed)(const Instance *instance, void *userdata);
        /* It has another state, or has reported. */
        void (*changed)(const Instance *instance, void *userdata);
} InstanceObserver;

const char *instance_state_to_string(InstanceState state);
/* False for any other name. */
bool instance_status_from_string(const char *name, InstanceStatus *ret);

/* peers, manager and userdata must outlive it. */
Instances *instances_new(Peers *peers, Manager *manager, const InstanceObserver *observer, void *userdata);
Instances *instances_free(Instances *instances);

/*
 * One a connection and config: where there is one, it takes the name and acks. name may be NULL. Takes the
 * program, in whose place one that is known for this connection is used.
 */
Failure *instances_add(Instances *instances, Config *config, const char *client, Program *program,
                       const char *name, bool acks, Instance **ret);
/*
 * A unit that is reloaded for a config: it acknowledges, and always has a vote. Borrowed: it goes with
 * instances_remove() or with its config, whichever is first.
 */
Instance *instances_add_unit(Instances *instances, Config *config, const char *unit);
/* What the unit's main process is, to be shown; 0 where it has none now. */
void instance_set_process(Instance *instance, pid_t pid);

/*
 * What an instance made of a version; message may be NULL or "". A version that is no longer active is noted
 * and changes no state. FAILURE_NO_SUCH_VERSION for one that never was. The config may have another version
 * when this returns, and the instance may be gone.
 */
Failure *instance_report(Instance *instance, uint64_t version, InstanceStatus status, const char *message);

/* Takes it away; while its vote is awaited, that is an objection. */
void instances_remove(Instances *instances, Instance *instance);
/* The config is going. */
void instances_remove_config(Instances *instances, Config *config);
/* A new version is active, and told: it is for the instances now to say what they make of it. */
void instances_take_update(Instances *instances, Config *config, const ConfigUpdate *update);

/* NULL where there is none. */
Instance *instances_find(const Instances *instances, const char *id);
/* The program of a connection that has instances; NULL where it has none. */
Program *instances_find_program(const Instances *instances, const char *client);
/* In the order in which they came, of Instance, borrowed; NULL where there are none. */
const GPtrArray *instances_of(const Instances *instances, const Config *config);
unsigned instances_count(const Instances *instances);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Instances, instances_free)
