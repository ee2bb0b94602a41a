/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Marks: what a config's schema says of its places, to whoever shows them
 *
 * The service tells authorised callers every value as it is; what a person sees on a screen, or leaves in a
 * log, is for reconfctl to look after. So the schema is read here, by the rights of who calls. Where there
 * is one and it cannot be read, nobody knows what is secret, and everything is taken for it.
 */
#pragma once

#include "client/ctl/arguments.h"
#include "client/ctl/value.h"
#include "daemon/model/schema/schema.h"

typedef struct Marks Marks;

/* What a secret is shown as. */
#define MARKS_SECRET "***"

/* The path of the schema's file; NULL or "" where there is none, and nothing is marked. */
Marks *marks_new(const char *schema);
/* The same for a config, whose schema may be on another machine: there it cannot be read. */
Marks *marks_new_for(const Arguments *arguments, const char *schema);
Marks *marks_free(Marks *marks);

const char *marks_schema_path(const Marks *marks);
/* NULL where there is none, or it cannot be read. */
Schema *marks_schema(const Marks *marks);
/* What keeps it from being read, or NULL. */
const Failure *marks_failure(const Marks *marks);
/* False where there is a schema that cannot be read. */
bool marks_are_known(const Marks *marks);
/* Why not, in one line. */
char *marks_explain(const Marks *marks);
/* True if the files it was read from are what they were. */
bool marks_are_fresh(const Marks *marks, const char *schema);

/* True if any place of any document is secret, or may be. */
bool marks_hide_any(const Marks *marks);
/* True if the place, or one below it, is secret, or may be. root is the document's. */
bool marks_hide(const Marks *marks, const Node *root, const char *path);
/* True if the place, or all that it stands in, is secret by itself: then not even its keys are shown. */
bool marks_hide_whole(const Marks *marks, const char *path);
/* True if a change of the place needs a restart, as far as is known. */
bool marks_need_restart(const Marks *marks, const Node *root, const char *path);

/*
 * The node that stands at that path, with MARKS_SECRET in place of what is secret. holder is the document
 * that the node belongs to, and *ret_document (to be released) the one that *ret_node belongs to.
 */
void marks_redact(const Marks *marks, Document *holder, const Node *root, const char *path, const Node *node,
                  Document **ret_document, const Node **ret_node);

/* The same for all values of a list of changes. */
void marks_redact_changes(const Marks *marks, ChangeList *changes);
/* Notes which changes need a restart. */
void marks_find_restarts(const Marks *marks, ChangeList *changes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Marks, marks_free)
