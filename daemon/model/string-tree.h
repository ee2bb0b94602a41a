/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * String trees: maps of maps of strings, gathered in any order
 *
 * In ENV and INI files what belongs to one map may stand lines apart, while a builder wants each map opened
 * and closed once. So their values are gathered here first. A place is either a group or a value; each value
 * stands once, a group may be asked for as often as one likes. Every look-up goes through a hash that is
 * keyed, so no choice of names makes it slow.
 */
#pragma once

#include "daemon/model/builder.h"
#include "daemon/model/failure.h"

typedef struct StringTree StringTree;
typedef struct StringNode StringNode;

/* file is what failures name; borrowed, may be NULL. */
StringTree *string_tree_new(const char *file);
StringTree *string_tree_free(StringTree *tree);
/* The group that all others are in. */
StringNode *string_tree_root(StringTree *tree);

/* Gives the group of that name in another, which is made if need be. Fails where the name holds a value. */
Failure *string_tree_add_group(StringTree *tree, StringNode *parent, Place place, const char *key,
                               size_t key_length, StringNode **ret);
/* Adds a value to a group. Fails where there is one, or a group, of that name. Key and text are copied. */
Failure *string_tree_add_value(StringTree *tree, StringNode *parent, Place key_place, const char *key,
                               size_t key_length, Place place, const char *text, size_t length);

/* Hands the whole tree to a builder as one map. */
Failure *string_tree_build(const StringTree *tree, Builder *builder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(StringTree, string_tree_free)
