/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths: how a place in a document is written
 *
 * A dotted path (database.pool.size, servers.0.host, hosts."example.com".port) is what people and most
 * messages use; a key that is empty or holds anything outside A-Za-z0-9_- is in double quotes, with \" and
 * \\ inside. A slash path (/database/pool/size/) is what the bus can match on: a JSON Pointer that always
 * ends in a slash.
 */
#pragma once

#include "daemon/model/document.h"
#include "daemon/model/failure.h"

typedef struct Path Path;

/* Parses a dotted path; "" is the root. */
Failure *path_parse(const char *text, Path **ret);
Path *path_free(Path *path);

size_t path_length(const Path *path);
/* The segment's text, unquoted; *ret_length may be NULL. */
const char *path_segment(const Path *path, size_t index, size_t *ret_length);

/* The node at that place, or NULL; a list's segment is the item's index in decimal. */
const Node *path_find(const Path *path, const Node *root);

/* Append one segment in either notation, with the dot or slash that it needs. */
void path_append_dotted(GString *text, const char *key, size_t length);
void path_append_slashed(GString *text, const char *key, size_t length);

/* The path in its one normal form. */
char *path_format(const Path *path);
/* The same as a slash path. */
char *path_format_slashed(const Path *path);
/* True if one lies at, above or below the other. */
bool path_touches(const Path *a, const Path *b);
/* Segment by segment, by bytes; what lies under a path comes right behind it. As strcmp(). */
int path_compare(const Path *a, const Path *b);
/*
 * Sorts the paths, of Path, and takes out those that lie at or under another: what touches one of these
 * touches that, too.
 */
void paths_reduce(GPtrArray *paths);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Path, path_free)
