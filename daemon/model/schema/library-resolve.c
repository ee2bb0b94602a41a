/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/library-private.h"
#include "daemon/model/schema/metaschema.h"

#include <string.h>

#define MAX_FILES 64U

char *library_resolve_uri(const Resource *resource, const char *reference)
{
        g_autofree char *text = g_strndup(reference, strcspn(reference, "#"));

        if (*text == '\0')
                return g_strdup(resource->uri);
        if (!string_format_find("uri-reference")->check(text, strlen(text)))
                return NULL;
        return g_uri_resolve_relative(resource->uri, text, G_URI_FLAGS_ENCODED, NULL);
}

/* The path of a file that a reference names, if it is one in the schema's directory. */
static char *find_file(const Library *library, const char *uri, const char *reference)
{
        g_autofree char *name = g_strndup(reference, strcspn(reference, "#"));
        g_autofree char *path = g_filename_from_uri(uri, NULL, NULL);
        g_autofree char *directory = path ? g_path_get_dirname(path) : NULL;
        g_autofree char *unescaped = NULL;

        if (path && strcmp(directory, library->directory) == 0)
                return g_steal_pointer(&path);
        /* An $id that is elsewhere does not move the files that are named beside it. */
        unescaped = g_uri_unescape_string(name, "/");
        if (!unescaped || strpbrk(unescaped, "/:") || strcmp(unescaped, "..") == 0 ||
            strcmp(unescaped, ".") == 0)
                return NULL;
        return g_build_filename(library->directory, unescaped, NULL);
}

static Failure *add_metaschemas(Library *library)
{
        for (size_t i = 0; i < METASCHEMA_COUNT; i++) {
                g_autoptr(Document) document = metaschema_document(i);
                Resource *resource;
                Failure *failure = library_add_document(library, metaschema_uri(i),
                                                        g_strdup(metaschema_uri(i)), document, &resource);

                if (failure)
                        return failure;
        }
        return NULL;
}

/* What went wrong with a file, told as a failure of the schema that needs it. */
static Failure *wrap_failure(const Resource *resource, const Node *node, const char *path, Failure *failure)
{
        const Problem *problem = g_ptr_array_index(failure->problems, 0);
        Failure *wrapped;

        if (problem->line > 0) {
                failure->code = FAILURE_VALIDATION_FAILED;
                failure->stage = FAILURE_STAGE_SCHEMA;
                return failure;
        }
        wrapped = library_broken(resource, node, "cannot read %s: %s", path, problem->message);
        failure_free(failure);
        return wrapped;
}

static Failure *read_file(Library *library, const Resource *resource, const Node *node, char *path,
                          const char *uri)
{
        g_autofree char *file = path, *file_uri = g_filename_to_uri(path, NULL, NULL);
        g_autoptr(Document) document = NULL;
        Resource *known = g_hash_table_lookup(library->by_uri, file_uri);
        Failure *failure = NULL;

        if (!known) {
                if (library->files->len == MAX_FILES)
                        return library_broken(resource, node, "a schema can be made of %u files at most",
                                              MAX_FILES);
                failure = library->open(file, &document, library->userdata);
                if (failure)
                        return wrap_failure(resource, node, file, failure);
                g_ptr_array_add(library->files, g_strdup(file));
                failure = library_add_document(library, file, g_steal_pointer(&file_uri), document, &known);
        }
        if (!failure && !g_hash_table_contains(library->by_uri, uri))
                g_hash_table_insert(library->by_uri, g_strdup(uri), known);
        return failure;
}

/* Sees to it that what a reference is to is in the library, if that can be. */
static Failure *load_reference(Library *library, const Resource *resource, const Node *node)
{
        g_autofree char *uri = library_resolve_uri(resource, node->string);
        char *path;

        if (!uri)
                return library_broken(resource, node, "this is not a URI reference");
        if (g_hash_table_contains(library->by_uri, uri))
                return NULL;
        if (metaschema_is(uri))
                return add_metaschemas(library);
        path = find_file(library, uri, node->string);
        if (path)
                return read_file(library, resource, node, path, uri);
        return NULL;
}

Failure *library_load_pending(Library *library)
{
        Failure *failure = NULL;

        for (guint i = 0; i < library->pending->len && !failure; i++) {
                const Node *node = g_ptr_array_index(library->pending, i);

                failure = load_reference(library, library_resource_of(library, node), node);
        }
        g_ptr_array_set_size(library->pending, 0);
        return failure;
}

/* One step of a JSON pointer. */
static const Node *find_child(const Node *node, const char *segment)
{
        uint64_t index;
        const Member *member;

        if (node->kind == NODE_MAP) {
                member = node_find_member(node, segment, strlen(segment));
                return member ? &member->value : NULL;
        }
        if (node->kind != NODE_LIST || (segment[0] == '0' && segment[1] != '\0') ||
            !g_ascii_string_to_unsigned(segment, 10, 0, UINT32_MAX, &index, NULL) || index >= node->length)
                return NULL;
        return &node->list->items[index];
}

static void unescape_segment(char *segment)
{
        char *to = segment;

        for (const char *from = segment; *from != '\0'; from++) {
                bool is_escape = *from == '~' && (from[1] == '0' || from[1] == '1');

                *to++ = !is_escape ? *from : *++from == '0' ? '~' : '/';
        }
        *to = '\0';
}

/* Follows a JSON pointer, and tells the resource in which it ends. */
static const Node *follow_pointer(const Library *library, Resource **resource, const char *pointer)
{
        g_auto(GStrv) segments = g_strsplit(pointer + 1, "/", -1);
        const Node *node = (*resource)->root;

        for (char **segment = segments; *segment && node; segment++) {
                Resource *entered;

                unescape_segment(*segment);
                node = find_child(node, *segment);
                entered = node ? g_hash_table_lookup(library->by_node, node) : NULL;
                *resource = entered ?: *resource;
        }
        return node;
}

/* What a fragment is to, in a resource; unescaped is the fragment itself. */
static Failure *find_fragment(Library *library, Resource *resource, const Node *reference,
                              const char *fragment, const Node **ret_node, const char **ret_dynamic)
{
        void *name = NULL, *node = NULL;
        Failure *failure;

        if (*fragment == '\0' || *fragment == '/') {
                *ret_node = *fragment == '/' ? follow_pointer(library, &resource, fragment) : resource->root;
                if (!*ret_node)
                        return NULL;
                if ((*ret_node)->kind != NODE_MAP && (*ret_node)->kind != NODE_BOOLEAN)
                        return library_broken(library_resource_of(library, reference), reference,
                                              "what this refers to is no schema");
                failure = library_scan(library, resource, *ret_node);
                return failure ?: library_load_pending(library);
        }
        if (g_hash_table_lookup_extended(resource->dynamic, fragment, &name, &node))
                *ret_dynamic = name;
        *ret_node = g_hash_table_lookup(resource->anchors, fragment);
        return NULL;
}

Failure *library_resolve(Library *library, const Resource *resource, const Node *node, const Node **ret_node,
                         const char **ret_dynamic)
{
        const char *reference = node->string, *hash = strchr(reference, '#');
        g_autofree char *uri = library_resolve_uri(resource, reference);
        g_autofree char *fragment = g_uri_unescape_string(hash ? hash + 1 : "", NULL);
        Resource *target = uri ? g_hash_table_lookup(library->by_uri, uri) : NULL;
        Failure *failure;

        *ret_dynamic = NULL;
        *ret_node = NULL;
        if (!target)
                return library_broken(resource, node,
                                      "\"%s\" is not in the schema's directory: a reference can be to a "
                                      "file there by "
                                      "its name alone, or to what has that \"$id\"",
                                      reference);
        failure = fragment ? find_fragment(library, target, node, fragment, ret_node, ret_dynamic) : NULL;
        if (failure || *ret_node)
                return failure;
        return library_broken(resource, node, "there is nothing that \"%s\" refers to", reference);
}
