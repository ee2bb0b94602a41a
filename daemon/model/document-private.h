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
        /* Of a YAML text whose block maps mean the same when cut out and decoded alone; see redecode.h. */
        bool is_separable;
        uint32_t n_lines; /* of that text, as libyaml counts them */
};

/* A document without a root yet; chunk_size is how its memory grows. */
Document *document_new(size_t chunk_size);
void *document_allocate(Document *document, size_t size);
