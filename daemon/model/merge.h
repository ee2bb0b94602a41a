/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Merge: several layers to one document
 *
 * The result borrows the subtrees that a single layer decides; only the maps (and joined lists) in which
 * layers meet are built anew.
 */
#pragma once

#include "daemon/model/document.h"
#include "daemon/model/failure.h"

/* Files that one config is made of. */
#define MERGE_MAX_LAYERS 16U

typedef enum MergeMode {
        MERGE_DEEP,    /* maps key by key, the rest replaced */
        MERGE_APPEND,  /* like deep, lists joined */
        MERGE_REPLACE, /* top-level keys replaced whole */
        N_MERGE_MODES,
} MergeMode;

/* "deep", "append", "replace" and back; false for any other name. */
bool merge_mode_from_string(const char *name, MergeMode *ret);
const char *merge_mode_to_string(MergeMode mode);

/* Joins n_layers documents, at least one, the first the base. With one, that document itself is the result.
 */
Failure *merge(MergeMode mode, Document *const *layers, size_t n_layers, Document **ret);
