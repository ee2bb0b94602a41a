/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a library: what it keeps, what scans documents and what follows references
 */
#pragma once

#include "daemon/model/schema/library.h"

struct Library {
        SchemaOpen open;
        void *userdata;
        char *directory;
        GPtrArray *files;     /* of char * */
        GPtrArray *documents; /* of Document */
        GPtrArray *resources; /* of Resource */
        GHashTable *by_uri;   /* URI to Resource */
        GHashTable *by_node;  /* Node to Resource: every schema that was seen */
        GPtrArray *pending;   /* of Node: references whose files may still have to be read */
};

/* Finds what is to be known of a schema, and of those in it, before any reference is followed. */
Failure *library_scan(Library *library, Resource *resource, const Node *schema);
/* Adds and scans a document. Takes the URI. */
Failure *library_add_document(Library *library, const char *file, char *uri, Document *document,
                              Resource **ret);
/* What a reference is to, without its fragment; NULL where it is no reference at all. */
char *library_resolve_uri(const Resource *resource, const char *reference);
/* Reads the files that references are to which were scanned since. */
Failure *library_load_pending(Library *library);
