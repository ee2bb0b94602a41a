/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes: what differs between two documents
 *
 * Immutable and shared by reference. Finding them costs what changed, not what is there: subtrees with equal
 * hashes are passed over whole. Two maps are compared key by key; any other pair of unequal values, lists
 * included, is one change. Where the paths of all changes would take more than 128 MiB, each member of the
 * root is one change at most.
 */
#pragma once

#include "daemon/model/document.h"
#include "daemon/model/path.h"

typedef enum ChangeKind {
        CHANGE_ADDED,
        CHANGE_MODIFIED,
        CHANGE_REMOVED,
} ChangeKind;

typedef struct Change {
        char *path; /* dotted */
        ChangeKind kind;
        const Node *before; /* NULL when added */
        const Node *after;  /* NULL when removed */
} Change;

typedef struct Changes Changes;

/* "added", "modified", "removed". */
const char *change_kind_to_string(ChangeKind kind);

/* Keeps references to both documents, whose nodes the changes point at. */
Changes *changes_new(Document *before, Document *after);
Changes *changes_ref(Changes *changes);
Changes *changes_unref(Changes *changes);

/* Sorted by path. */
size_t changes_count(const Changes *changes);
const Change *changes_get(const Changes *changes, size_t index);
/* The deepest place that all lie at or under, as a slash path; "/" when there are none. */
const char *changes_root(const Changes *changes);

/* Those changes that lie at, above or below one of the paths, which paths_reduce() has put in order. */
Changes *changes_filter(Changes *changes, Path *const *paths, size_t n_paths);

/* The document that the changes make of the one they were found against. */
Document *changes_apply(const Changes *changes, Document *before);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Changes, changes_unref)
