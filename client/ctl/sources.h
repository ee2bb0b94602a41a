/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sources: the files that problems are in, for an excerpt to be shown
 *
 * Read by the rights of who calls, once, when the first problem names them; where that is not possible the
 * problem stands for itself. A line is not shown where a secret is, or may be, on it: of a file that is too
 * broken to tell, none is shown if the config has secrets at all.
 */
#pragma once

#include "client/ctl/arguments.h"
#include "client/ctl/marks.h"
#include "client/ctl/style.h"
#include "daemon/model/decode.h"

typedef struct Sources Sources;

/*
 * marks (borrowed) are the config's; NULL where everything may be shown. format is of files whose names do
 * not tell, separator as for decode(), which may be NULL.
 */
Sources *sources_new(const Marks *marks, Format format, const char *separator);
/* The same for a config, by its properties; whoever shows secrets shows all. */
Sources *sources_new_for(const Arguments *arguments, const Document *properties, const Marks *marks);
Sources *sources_free(Sources *sources);

/* A content that goes by that name, whatever a file of that name holds. */
void sources_add(Sources *sources, const char *name, Format format, GBytes *bytes);
/* See excerpt_append(). Appends nothing where the line cannot or must not be shown. */
void sources_append_excerpt(Sources *sources, GString *out, const char *file, uint32_t line, uint32_t column,
                            const Style *style, unsigned indent);

/* Reads a whole file of any kind, or standard input for "-". */
Failure *sources_read(const char *file, GBytes **ret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sources, sources_free)
