/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Places: what a schema has to say of one place in a document
 *
 * Validation asks whether a value fits; here it is asked which rules there are for a place at all, as marks
 * and coercion need it, before and whether or not anything fits.
 */
#pragma once

#include "daemon/model/schema/run.h"

/* The rules of a place, each once. */
typedef struct PlaceRules {
        GArray *list;      /* of InPlace: the kind tells how surely a rule applies */
        GHashTable *known; /* Rule to its index and one, once there are many */
        const Schema *schema;
        uint64_t *steps; /* what may still be looked at, by all that share it */
} PlaceRules;

void place_rules_init(PlaceRules *rules, const Schema *schema, uint64_t *steps);
void place_rules_clear(PlaceRules *rules);
/* Adds a rule, and all that apply in its place. */
void place_rules_add(PlaceRules *rules, const Rule *rule, InPlaceKind kind);
/* Those of a member or item (key is NULL then) of what the rules are of. */
void place_rules_descend(const PlaceRules *rules, const char *key, size_t key_length, uint64_t index,
                         PlaceRules *ret);

/* The SchemaMarks of the rules. */
unsigned place_rules_marks(const PlaceRules *rules);

/* The SchemaMarks of a place and of those around it; all there are once no steps are left. */
unsigned places_marks_at(const Schema *schema, const Spot *spot, uint64_t *steps);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PlaceRules, place_rules_clear)
