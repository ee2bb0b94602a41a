/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Redecoding: a file that has changed a little
 *
 * A large file is mostly changed in one place. What lies before and after it is compared as bytes, which
 * costs next to nothing, and taken over from the document that is there; only the lines around the change
 * are decoded, as entries of the innermost block map that holds them.
 *
 * The result is what decode() makes of the new text, to the last place, or nothing: whenever it is not
 * certain that the rest means what it meant before, and whenever the new lines alone are no good, the answer
 * is NULL and decode() has to say what to think of it. Anchors, aliases, merge keys, keys behind a "?",
 * directives and explicit ends of documents, anywhere in the file, make it uncertain.
 */
#pragma once

#include "daemon/model/document.h"

/* A file's bytes. */
typedef struct Text {
        const char *data;
        size_t length;
} Text;

/*
 * The document of a YAML text, from another text (before) and the document that decode() or this function
 * made of it, with the same file and layer. Any thread may call it.
 */
Document *redecode(const char *file, unsigned layer, Document *document, Text before, Text after);
