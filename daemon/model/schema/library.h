/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Library: the documents that a schema is made of, and what stands where in them
 *
 * Every schema within them belongs to a resource: a file, or a part of one that has an $id and with it a
 * base URI of its own. References are looked up here by URI, by anchor or by JSON pointer. A file is read
 * when the first reference to it is met, and only from the directory of the schema's own file; the
 * meta-schemas of 2020-12 are built in; nothing else is ever fetched.
 */
#pragma once

#include "daemon/model/schema/rule.h"

typedef struct Resource {
        char *file; /* as failures name it */
        char *uri;  /* without a fragment */
        const Node *root;
        GHashTable *anchors; /* name to Node: $anchor and $dynamicAnchor */
        GHashTable *dynamic; /* name to Node: $dynamicAnchor alone */
        RuleScope *scope;    /* left to the compiler; not owned */
} Resource;

typedef struct Library Library;

Library *library_new(SchemaOpen open, void *userdata);
Library *library_free(Library *library);

/* Adds the schema's own file, and all files that it refers to by name. *ret is the resource to begin with.
 */
Failure *library_add(Library *library, const char *path, Document *document, Resource **ret);

/*
 * What a reference in a resource is to. node is the one that holds it, for the failure's place. *ret_dynamic
 * is the name of the dynamic anchor it was found by, or NULL.
 */
Failure *library_resolve(Library *library, const Resource *resource, const Node *node, const Node **ret_node,
                         const char **ret_dynamic);

/* The resource that a schema belongs to, which must be part of a document or have been resolved. */
Resource *library_resource_of(const Library *library, const Node *schema);
/* All resources, of Resource. */
GPtrArray *library_resources(const Library *library);

/* Paths of the files read so far, and all documents; each its own reference. */
char **library_take_files(Library *library);
GPtrArray *library_take_documents(Library *library);

/* A failure of the schema itself, in a place of it. */
Failure *library_broken(const Resource *resource, const Node *node, const char *format, ...)
                G_GNUC_PRINTF(3, 4);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Library, library_free)
