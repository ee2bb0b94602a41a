/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Overlays: a few changes to a document, as a sparse tree
 *
 * An overlay lies over one map or list. Applying it makes a document that borrows all it did not touch.
 */
#pragma once

#include "daemon/model/builder.h"

typedef struct Overlay Overlay;

Overlay *overlay_new(void);
Overlay *overlay_free(Overlay *overlay);

/* Indexes of members or items come in their order. */
void overlay_replace(Overlay *overlay, uint32_t index, const Node *scalar);
/* Takes what lies over the map or list at that index. */
void overlay_put(Overlay *overlay, uint32_t index, Overlay *below);
/*
 * Adds a member to a map, which must not have one of that key; below, which may be NULL and is taken, lies
 * over its value. The value is copied, and has no place.
 */
void overlay_add(Overlay *overlay, const Member *member, Overlay *below);
bool overlay_has(const Overlay *overlay, const char *key, size_t key_length);
bool overlay_is_empty(const Overlay *overlay);

/* Nothing may come to stand too deep by it. */
Document *overlay_apply(const Overlay *overlay, Document *document);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Overlay, overlay_free)
