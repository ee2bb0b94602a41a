/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Announcements: what a config says to those who may hear of it
 *
 * What may not be broadcast goes to each subscriber alone, and each user is asked about before each signal,
 * once, however many of his connections stand where in the list. Most answers are the kernel's and take
 * microseconds. But whether somebody may know a version that was not public and that he could not write
 * depends on what he would find in the files: readable to him now, they may have held something else when
 * they were loaded. Their status cannot tell: a save that keeps the size, within the tick of the clock that
 * the last one fell in, or through a mapping, leaves it as it was, and a signal follows a save sooner than
 * that. So they are read as he would read them, and compared. Where they are large, or may hang, a worker
 * does that, or even asks the kernel; those who need no such answer are told at once, the others when it is
 * there.
 *
 * Until then the config holds on (see config_hold()): the next operation has not begun, so nobody hears of
 * versions in another order than that in which they were made, and what is said is about the active one;
 * and the operation has not ended, so that a signal comes before the reply of the call that caused it, as
 * ever. Files that hang make it wait as long as loading them would. Who leaves, or unsubscribes, meanwhile
 * is not told; who comes has it in the answer to his call. A config that goes, or a daemon that stops, drops
 * what is still to be said.
 */
#pragma once

#include "daemon/bus.h"
#include "daemon/question.h"

typedef struct Announcements Announcements;

/* What is to be said; content is what was announced. */
typedef struct AnnouncementKind {
        Right right;     /* of a subscriber: RIGHT_READ, or RIGHT_VALUES where reaching further matters */
        bool is_failure; /* it tells what was wrong with the files, and how far he reaches into that */
        /* Tells everybody at once; false where that may not be. */
        bool (*broadcast)(Bus *bus, Config *config, const void *content);
        /* To one who reaches so far, which may be REACH_NONE. */
        void (*send)(Bus *bus, Config *config, Subscription *subscription, Reach reach, const void *content);
        void *(*copy)(const void *content);
        void (*free)(void *content);
} AnnouncementKind;

/* bus must outlive it. */
Announcements *announcements_new(Bus *bus);
/* After the manager, whose worker may be at work for it. */
Announcements *announcements_free(Announcements *announcements);

/*
 * Says it to all who may hear of it, now or, where that takes time, soon, after what was announced of the
 * config before. To be called by an observer of the config. content is borrowed.
 */
void announcements_add(Announcements *announcements, const AnnouncementKind *kind, Config *config,
                       const void *content);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Announcements, announcements_free)
