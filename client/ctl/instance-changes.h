/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instance changes: what became of instances between two looks at them
 *
 * Two lists tell what differs, and signals what there was in between, which the newer list no longer shows.
 * A state is told once, from whichever of the two it is known, and one that is over by now without what only
 * a list tells.
 */
#pragma once

#include "client/ctl/instance-report.h"

typedef struct InstanceChanges InstanceChanges;

typedef void (*InstanceChangesTold)(const InstanceReport *report, void *userdata);

InstanceChanges *instance_changes_new(void);
InstanceChanges *instance_changes_free(InstanceChanges *changes);

/* What a signal said, now: the state of an instance, or for no object the version of a config. */
void instance_changes_hear(InstanceChanges *changes, const char *config, const char *object,
                           const char *state, uint64_t version);
/* Tells of all that was heard, which is forgotten, and of what else is between the lists. */
void instance_changes_tell(InstanceChanges *changes, const GPtrArray *before, const GPtrArray *now,
                           Standings *standings, InstanceChangesTold told, void *userdata);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(InstanceChanges, instance_changes_free)
