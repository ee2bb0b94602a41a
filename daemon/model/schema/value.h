/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values: equality as JSON Schema means it
 *
 * Documents tell 1 from 1.0, since a bus does; const, enum and uniqueItems do not. So there is a second hash
 * here, taken when asked for, that is the same for numbers that are equal. Like the documents' own it is
 * keyed, 128 bits wide, and taken for the value itself.
 */
#pragma once

#include "daemon/model/document.h"

bool value_equal(const Node *a, const Node *b);
/* The same for two values where value_equal is true of them, and different where it is not. */
Hash value_hash(const Node *node);
/* Orders hashes, any way. */
int value_compare_hashes(const void *a, const void *b);

/*
 * True if no two items are equal; else *ret_first and *ret_second are the indexes of two that are. Takes
 * n log n.
 */
bool value_items_unique(const Node *list, size_t *ret_first, size_t *ret_second);

/* What a value is, with its article: "a string", "an integer", "null". */
const char *value_describe(const Node *node);
/* A text in double quotes, cut where it is long. */
char *value_quote_text(const char *text, size_t length);
/* A value in one short line, in JSON; maps and lists are not looked into. */
char *value_quote(const Node *node);
