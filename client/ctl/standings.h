/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Standings: how far instances are behind
 *
 * Numbers of versions have gaps, so it is the history that tells how many there were since the one that an
 * instance runs on. It is asked for only where somebody is behind, and once for each active version. Who may
 * not read it, or asks about a version that is pruned, gets the difference of the numbers.
 */
#pragma once

#include "client/ctl/instance-list.h"

typedef struct Standings Standings;

Standings *standings_new(Context *context);
Standings *standings_free(Standings *standings);

/* Finds out which version of a config is active now, or of all for NULL; what was known of others goes. */
bool standings_look(Standings *standings, const char *config, GError **error);
/* The configs looked at, to be freed with g_free(); the names are borrowed. */
const char **standings_configs(const Standings *standings);
/* What is known already of one config; history may be NULL. */
void standings_set(Standings *standings, const char *config, uint64_t active, GPtrArray *history);
/* False where it is not known, as of one that never reported. */
bool standings_count_behind(Standings *standings, const ListedInstance *instance, uint64_t *ret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Standings, standings_free)
