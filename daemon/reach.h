/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reach: how much of a config somebody may know, as the kernel says
 *
 * Whoever could read the files may know what they hold, and what all could read once. What was not public is
 * more: a file may be readable now and have held other things before. That takes somebody who could write
 * the files, or that the files, read as he would read them, hold just that.
 *
 * Only the ids that he connected with count, as access.h tells.
 */
#pragma once

#include "daemon/credentials.h"

#include <stdbool.h>
#include <stdint.h>

/* Each is more than the one before. */
typedef enum Reach {
        REACH_NONE,
        REACH_PUBLIC, /* may know what is about it, and versions that were public */
        REACH_ACTIVE, /* and the active version */
        REACH_ALL,    /* and all versions */
} Reach;

/* What is asked; all is borrowed. */
typedef struct ReachQuestion {
        const Credentials *credentials;
        char *const *files;   /* NULL-terminated */
        char *const *others;  /* which he also has to be able to write to reach all; or NULL */
        const GArray *active; /* of Hash, what load_hash() gives of each file for the active version; NULL
                                 where unknown */
        uint64_t max_size;    /* of a file */
        bool must_exist;      /* where the base is missing nobody could read it */
        bool only_public;     /* no more than this is wanted */
} ReachQuestion;

/*
 * Walks the files, and may read them: where they are large, or may hang, ask in a worker. Any thread will
 * do.
 */
Reach reach_find(const ReachQuestion *question);
