/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Anchors: the named values of one YAML file
 *
 * An alias shares what its anchor names, so it costs no memory here. But whoever walks the document walks it
 * once for each alias, and aliases of aliases multiply: what they stand for altogether is counted against
 * DECODE_MAX_ALIAS_NODES and DECODE_MAX_ALIAS_BYTES.
 */
#pragma once

#include "daemon/model/document.h"

typedef struct Anchors Anchors;

typedef struct Anchor {
        char *name;
        bool open; /* its value is not complete */
        Node node;
        char *text; /* of a scalar: what it is as a key; else NULL */
        size_t length;
} Anchor;

Anchors *anchors_new(void);
Anchors *anchors_free(Anchors *anchors);

/* A new anchor, open, in place of any earlier one of that name. It stays where it is as long as anchors. */
Anchor *anchors_add(Anchors *anchors, const char *name);
/* Completes it. text is NULL for a map or list. */
void anchor_close(Anchor *anchor, Node node, const char *text, size_t length);

/* The anchor that an alias of that name stands for, or NULL. */
const Anchor *anchors_find(const Anchors *anchors, const char *name);
/* Counts what an alias stands for; false once all of them stand for too much. */
bool anchors_charge(Anchors *anchors, uint64_t nodes, uint64_t bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Anchors, anchors_free)
