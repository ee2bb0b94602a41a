/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains: what a path runs through
 *
 * Following a path means to look up one name after the other, each in a directory that is a real one; links
 * send the walk elsewhere. A chain is the list of these steps, as far as they lead today. It says what must
 * be watched so that no change of the path's meaning goes unheard.
 */
#pragma once

#include "daemon/watch/mounts.h"

/* As many links as the kernel follows. */
#define CHAIN_MAX_LINKS 40U

typedef enum StepKind {
        STEP_PASSED, /* a directory on the way */
        STEP_HOLDER, /* likewise; the next step found nothing in it */
        STEP_LINK,
        STEP_ABSENT, /* nothing of that name, or no directory, where one must be; the last step */
        STEP_CLOSED, /* the directory may not be searched; the last step */
        STEP_REMOTE, /* a file system begins here that must not be touched; the last step */
        STEP_END,    /* the path's last name, there or not; the last step */
} StepKind;

typedef struct Step {
        char *directory; /* free of links */
        char *name;
        StepKind kind;
} Step;

typedef struct Chain {
        GPtrArray *steps; /* of Step, in the order that they are walked */
        bool exists;      /* there is something at its end, as far as may be seen */
        bool covered;     /* what is at the end is a mount of its own */
        char *end;        /* where it ends, free of links; NULL unless it exists */
        char *remote; /* target of the mount where the walk stopped because it must not be touched, or NULL
                       */
} Chain;

/*
 * Walks an absolute path. Touches nothing that lies on a remote mount. Links in a circle, too many of them,
 * and names that are too long count as something missing.
 */
Chain *chain_resolve(const char *path, const Mounts *mounts);
Chain *chain_free(Chain *chain);
bool chain_equal(const Chain *a, const Chain *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chain, chain_free)
