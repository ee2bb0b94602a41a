/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots: a document as one serialized value
 *
 * The form is a little-endian GVariant of type a{sv}, equal byte for byte to what GLib writes for the same
 * value. It is written here and not with GVariantBuilder, which takes microseconds for each leaf.
 */
#pragma once

#include "daemon/model/document.h"

/* The document's bytes. */
GBytes *snapshot_new(const Document *document);
/*
 * A node built by GLib, floating: for programs that want a GVariant in hand, and for the test that both
 * agree. The root of a document is an a{sv}.
 */
GVariant *snapshot_to_variant(const Node *node);
