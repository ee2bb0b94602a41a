/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Write-back: a version's bytes to its files
 *
 * As one piece of work that may block. Either all files hold the version's bytes afterwards, or, as far as
 * the disk allows, all hold what they held before. Between reading a file and replacing it somebody may
 * write it: that is noticed, and the newer edit stays.
 */
#pragma once

#include "daemon/model/failure.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct WriteBack WriteBack;

/*
 * layers are a version's, of Layer; one without bytes is a file that is to be absent. create_mode is for
 * files that have to be made anew.
 */
WriteBack *write_back_new(GPtrArray *layers, mode_t create_mode);
WriteBack *write_back_free(WriteBack *write_back);

/* What becomes of a file that holds neither what is expected nor what it is to hold: it stays, and … */
typedef enum WriteBackOthers {
        WRITE_BACK_REFUSE, /* … all others do, too */
        WRITE_BACK_SKIP,   /* … the others are replaced all the same */
} WriteBackOthers;

/*
 * Replaces only files that hold what one of these layers, of Layer, says of them, of which several may speak
 * of the same file; without it, whatever they hold when it begins.
 */
void write_back_expect(WriteBack *write_back, GPtrArray *layers, WriteBackOthers others);

/* Takes the WriteBack, to be run by a worker. */
void write_back_run(void *write_back);
/* Puts back what was there before; likewise. */
void write_back_undo(void *write_back);

/* What ended it, or NULL; to be taken once. */
Failure *write_back_take_failure(WriteBack *write_back);
/* How many files it replaced. */
guint write_back_count(const WriteBack *write_back);
/* Whether there was a file to be skipped. */
bool write_back_has_skipped(const WriteBack *write_back);
/* Whether all files can be read by everybody now that they are written. */
bool write_back_is_public(const WriteBack *write_back);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WriteBack, write_back_free)
