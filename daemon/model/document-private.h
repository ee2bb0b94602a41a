/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a document, for the builder that makes it
 */
#pragma once

#include "daemon/model/document.h"

#include <obstack.h>

struct Document {
        gatomicrefcount references;
        struct obstack region; /* all nodes and strings of its own */
        GPtrArray *borrowed;   /* documents whose nodes are in it, or NULL */
        Node root;
};

/* A document without a root yet; chunk_size is how its memory grows. */
Document *document_new(size_t chunk_size);
void *document_allocate(Document *document, size_t size);
