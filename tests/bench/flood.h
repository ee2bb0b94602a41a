/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Flood: what bench-flood, its flooder and its floor have in common
 *
 * The configs that bench-flood registers and the others call, and who they all are where root runs them.
 */
#pragma once

#include "introspection/names.h"

/* Everybody may read them. What is measured is a call of the first. */
#define FLOOD_GOOD "good"
#define FLOOD_SMALL "small"
#define FLOOD_LARGE "large"
#define FLOOD_OTHER "other" /* many, each with a number after it */

/* What the flooder registers, in floods of that. */
#define FLOOD_REGISTERED "flood"

#define FLOOD_CONFIG_PATH(name) RECONF_CONFIG_PATH_PREFIX "/" name

/* The kind of flood beside which signals go out. */
#define FLOOD_MATCH "match"

/* The floor is the flooder's, so that it may ask what he may. */
#define FLOOD_GOOD_USER "daemon"
#define FLOOD_FLOODER_USER "nobody"
