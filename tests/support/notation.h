/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notation: documents in one line of a test
 *
 * {key: value, 'another key': [1, 2.5, 'text', true, null, nan]}. Text is in single quotes and has no
 * escapes, a key of letters, digits, - and _ needs none. Made for tests that must not depend on a decoder;
 * wrong notation ends the test. All is taken to stand in line 1, at the column of its first byte.
 */
#pragma once

#include "daemon/model/builder.h"

/* A document, whose root must be a map; all its nodes are of that layer. */
Document *notation_parse(const char *text, unsigned layer);
/* Adds a value to a builder, as the next item or the value of the key just given. */
Failure *notation_add(Builder *builder, const char *text);
/* The same notation of a node: one space behind a colon or comma, quotes around a key only where it needs
 * them. */
char *notation_format(const Node *node);
/* What a map has under a key, which must be there. */
const Node *member_value(const Node *map, const char *key);
