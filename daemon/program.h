/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs: who runs on configs
 *
 * A program is a connection on the bus and the process that made it, and ends with the first of them: a
 * child may hold the connection of a process that is gone. What the bus says of it is the truth; the process
 * behind its pid is watched by a pidfd, and shown. A process that the kernel does not show, or that had
 * ended before we looked, is only a number.
 *
 * The main process of a unit is a program, too, without a connection.
 */
#pragma once

#include "daemon/credentials.h"
#include "daemon/model/failure.h"
#include "daemon/peer.h"
#include "daemon/process.h"
#include "daemon/store/version.h"

typedef struct Program Program;
typedef struct Instance Instance;

/* Called once; the program stays as long as it is referred to. */
typedef void (*ProgramEnded)(Program *program, void *userdata);

struct Program {
        PeerHold hold; /* first: what leaves is found by it */
        unsigned references;
        ProgramEnded ended;
        void *userdata;
        sd_event_source *end; /* of the pidfd, or NULL */
        int pidfd;            /* or -1 */
        pid_t pid;            /* 0 where unknown */
        uid_t uid;            /* (uid_t) -1 where unknown */
        char *unit;           /* or NULL */
        ProcessFacts facts;
        Credentials *credentials; /* or NULL */
        Instance *instances;      /* for whoever keeps them */
};

/* Looks at the process. FAILURE_LIMIT_EXCEEDED where no descriptors are left. */
Failure *program_new(const Author *author, const Credentials *credentials, Program **ret);
Program *program_ref(Program *program);
Program *program_unref(Program *program);

/* Has its end told from now on, in the loop; client, its unique name, is NULL where it has no connection.
 * Negative errno. */
int program_watch(Program *program, const char *client, Peers *peers, sd_event *event, ProgramEnded ended,
                  void *userdata);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Program, program_unref)
