/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pattern trees: a regular expression, taken apart
 *
 * The dialect is that of ECMA-262 with its flag u, as JSON Schema wants it. More is allowed than there in
 * one thing: a backslash may stand before any punctuation, and ']', '{' and '}' may stand for themselves,
 * since many schemas have it so.
 */
#pragma once

#include "daemon/model/schema/code-set.h"

#include <stdint.h>

/* What a repetition without an upper end has there. */
#define PATTERN_NO_END UINT32_MAX

typedef enum PatternKind {
        PATTERN_EMPTY,
        PATTERN_SET,
        PATTERN_SEQUENCE,
        PATTERN_CHOICE,
        PATTERN_REPEAT,
        PATTERN_GROUP,
        PATTERN_START,
        PATTERN_END,
        PATTERN_WORD_EDGE,
        PATTERN_REFERENCE,
        PATTERN_LOOK,
} PatternKind;

typedef struct PatternNode PatternNode;

struct PatternNode {
        PatternKind kind;
        PatternNode *child; /* the first one */
        PatternNode *next;  /* beside this one */

        CodeSet *set;          /* of PATTERN_SET */
        GPtrArray *properties; /* of PATTERN_SET: \p{…} in its class, as PCRE writes it; or NULL */
        bool negated;          /* of PATTERN_SET with properties, PATTERN_WORD_EDGE and PATTERN_LOOK */
        bool behind;           /* of PATTERN_LOOK */
        bool lazy;             /* of PATTERN_REPEAT */
        bool captures;         /* of PATTERN_GROUP */
        uint32_t low, high;    /* of PATTERN_REPEAT */
        unsigned group;        /* of PATTERN_REFERENCE: which one, from 1 */
        char *name;            /* of PATTERN_GROUP and PATTERN_REFERENCE, or NULL */
};

/* NULL where the text is no regular expression; *ret_message says why then. Frees: the message with g_free.
 */
PatternNode *pattern_parse(const char *text, char **ret_message);
PatternNode *pattern_node_free(PatternNode *node);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PatternNode, pattern_node_free)
