/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies of subtrees, for a document that is to outlive the one they come from
 *
 * What a copy holds is known already, so its hashes and sizes are copied, too.
 */
#pragma once

#include "daemon/model/builder.h"

#define COPIER_RECENT_KEYS 64U

typedef struct CopiedKey {
        const char *from, *to;
} CopiedKey;

/* Starts as zeros, but for the builder. */
typedef struct Copier {
        Builder *builder;
        CopiedKey recent[COPIER_RECENT_KEYS]; /* maps of a list share their keys, and so do their copies */
} Copier;

/* In the memory of the document being built; every line is moved by so many. */
Node copier_copy(Copier *copier, const Node *node, int64_t lines);
