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

typedef struct Instances Instances;
typedef struct Instance Instance;

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
