/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of parsing patterns
 *
 * All functions that return a pointer return NULL once the parser has a message.
 */
#pragma once

#include "daemon/model/schema/pattern-tree.h"

typedef struct PatternParser {
        const char *text;
        const char *at;
        unsigned depth;
        unsigned n_groups;
        GHashTable *names; /* of groups, to their numbers */
        char *message;     /* the first one; what ended it */
} PatternParser;

PatternNode *pattern_node_new(PatternKind kind);
/* Keeps the message, with the place, and returns NULL. */
void *pattern_fail(PatternParser *parser, const char *message);
/* Passes over that text if it is the next. */
bool pattern_take(PatternParser *parser, const char *word);
/* A group's name and the '>' behind it. */
char *pattern_take_name(PatternParser *parser);

/* What stands for one character: '.', a class in brackets, or an escape; or an escape that is something
 * else. */
PatternNode *pattern_parse_class(PatternParser *parser);
