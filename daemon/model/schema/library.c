/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/library.h"

#include "daemon/model/schema/keywords.h"
#include "daemon/model/schema/library-private.h"

#include <string.h>

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

static void resource_free(void *data)
{
        Resource *resource = data;

        g_free(resource->file);
        g_free(resource->uri);
        g_hash_table_unref(resource->anchors);
        g_hash_table_unref(resource->dynamic);
        g_free(resource);
}

static void release_document(void *document)
{
        document_unref(document);
}

Library *library_new(SchemaOpen open, void *userdata)
{
        Library *library = g_new(Library, 1);

        *library = (Library){
                .open = open,
                .userdata = userdata,
                .files = g_ptr_array_new_with_free_func(g_free),
                .documents = g_ptr_array_new_with_free_func(release_document),
                .resources = g_ptr_array_new_with_free_func(resource_free),
                .by_uri = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .by_node = g_hash_table_new(NULL, NULL),
                .pending = g_ptr_array_new(),
        };
        return library;
}

Library *library_free(Library *library)
{
        if (!library)
                return NULL;

        g_free(library->directory);
        g_ptr_array_unref(library->files);
        g_ptr_array_unref(library->documents);
        g_ptr_array_unref(library->resources);
        g_hash_table_unref(library->by_uri);
        g_hash_table_unref(library->by_node);
        g_ptr_array_unref(library->pending);
        g_free(library);
        return NULL;
}

Failure *library_broken(const Resource *resource, const Node *node, const char *format, ...)
{
        va_list arguments;
        g_autofree char *message = NULL;

        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return failure_new_at(FAILURE_VALIDATION_FAILED, FAILURE_STAGE_SCHEMA, resource->file, node->line,
                              node->column, NULL, "%s", message);
}

static const Node *find_string(const Resource *resource, const Node *schema, const char *key,
                               Failure **failure)
{
        const Member *member = node_find_member(schema, key, strlen(key));

        if (!member || *failure)
                return NULL;
        if (member->value.kind == NODE_STRING)
                return &member->value;
        *failure = library_broken(resource, &member->value, "\"%s\" must be a string", key);
        return NULL;
}

static Resource *add_resource(Library *library, const char *file, char *uri, const Node *root)
{
        Resource *resource = g_new(Resource, 1);

        *resource = (Resource){
                .file = g_strdup(file),
                .uri = uri,
                .root = root,
                .anchors = g_hash_table_new(g_str_hash, g_str_equal),
                .dynamic = g_hash_table_new(g_str_hash, g_str_equal),
        };
        g_ptr_array_add(library->resources, resource);
        g_hash_table_insert(library->by_uri, g_strdup(uri), resource);
        return resource;
}

/* The resource that the schema's $id begins, if it has one; else the one around it. */
static Failure *enter_resource(Library *library, Resource **resource, const Node *schema)
{
        Failure *failure = NULL;
        const Node *id = find_string(*resource, schema, "$id", &failure);
        const Node *dialect = find_string(*resource, schema, "$schema", &failure);
        g_autofree char *uri = NULL;
        Resource *known;

        if (failure)
                return failure;
        if (dialect && strcmp(dialect->string, DIALECT) != 0 && strcmp(dialect->string, DIALECT "#") != 0)
                return library_broken(*resource, dialect,
                                      "this is not JSON Schema 2020-12, the only one supported: expected "
                                      "\"$schema\": \"" DIALECT "\"");
        if (!id)
                return NULL;

        uri = library_resolve_uri(*resource, id->string);
        if (!uri || (strchr(id->string, '#') && !g_str_has_suffix(id->string, "#")))
                return library_broken(*resource, id, "\"$id\" must be a URI reference without a fragment");
        known = g_hash_table_lookup(library->by_uri, uri);
        if (known && known->root != schema)
                return library_broken(*resource, id, "this \"$id\" stands twice in the schema");
        if (!known)
                *resource = add_resource(library, (*resource)->file, g_steal_pointer(&uri), schema);
        return NULL;
}

static bool is_anchor(const char *name)
{
        if (!g_ascii_isalpha(*name) && *name != '_')
                return false;
        for (; *name != '\0'; name++)
                if (!g_ascii_isalnum(*name) && !strchr("-._", *name))
                        return false;
        return true;
}

static Failure *add_anchor(Resource *resource, const Node *schema, const char *keyword, bool is_dynamic)
{
        Failure *failure = NULL;
        const Node *name = find_string(resource, schema, keyword, &failure);
        const Node *other;

        if (!name)
                return failure;
        if (!is_anchor(name->string))
                return library_broken(resource, name,
                                      "\"%s\" must be a name of letters, digits, '-', '.' and '_'", keyword);
        other = g_hash_table_lookup(resource->anchors, name->string);
        if (other && other != schema)
                return library_broken(resource, name, "this anchor stands twice in the schema");
        g_hash_table_insert(resource->anchors, (void *) name->string, (void *) schema);
        if (is_dynamic)
                g_hash_table_insert(resource->dynamic, (void *) name->string, (void *) schema);
        return NULL;
}

static Failure *scan_keyword(Library *library, Resource *resource, const Member *member)
{
        const Keyword *keyword = keyword_find(member->key);
        const Node *value = &member->value;
        Failure *failure = NULL;

        if (!keyword)
                return NULL;
        if (keyword->holds == HOLDS_SCHEMA)
                return library_scan(library, resource, value);
        if (keyword->holds == HOLDS_LIST && value->kind == NODE_LIST)
                for (uint32_t i = 0; i < value->length && !failure; i++)
                        failure = library_scan(library, resource, &value->list->items[i]);
        if (keyword->holds == HOLDS_MAP && value->kind == NODE_MAP)
                for (uint32_t i = 0; i < value->length && !failure; i++)
                        failure = library_scan(library, resource, &value->map->members[i].value);
        return failure;
}

/* Finds what is to be known of a schema, and of those in it, before any reference is followed. */
Failure *library_scan(Library *library, Resource *resource, const Node *schema)
{
        static const char *const references[] = { "$dynamicRef", "$ref" };
        Failure *failure;

        if (g_hash_table_contains(library->by_node, schema))
                return NULL;
        if (schema->kind != NODE_MAP) {
                g_hash_table_insert(library->by_node, (void *) schema, resource);
                return NULL;
        }
        failure = enter_resource(library, &resource, schema);
        g_hash_table_insert(library->by_node, (void *) schema, resource);
        if (!failure)
                failure = add_anchor(resource, schema, "$anchor", false);
        if (!failure)
                failure = add_anchor(resource, schema, "$dynamicAnchor", true);
        for (size_t i = 0; i < G_N_ELEMENTS(references); i++) {
                const Node *reference =
                                failure ? NULL : find_string(resource, schema, references[i], &failure);

                if (reference) {
                        g_ptr_array_add(library->pending, (void *) reference);
                        g_hash_table_insert(library->by_node, (void *) reference, resource);
                }
        }
        for (uint32_t i = 0; i < schema->length && !failure; i++)
                failure = scan_keyword(library, resource, &schema->map->members[i]);
        return failure;
}

Failure *library_add_document(Library *library, const char *file, char *uri, Document *document,
                              Resource **ret)
{
        g_ptr_array_add(library->documents, document_ref(document));
        *ret = add_resource(library, file, uri, document_root(document));
        return library_scan(library, *ret, document_root(document));
}

Failure *library_add(Library *library, const char *path, Document *document, Resource **ret)
{
        Failure *failure;

        library->directory = g_path_get_dirname(path);
        g_ptr_array_add(library->files, g_strdup(path));
        failure = library_add_document(library, path, g_filename_to_uri(path, NULL, NULL), document, ret);
        return failure ?: library_load_pending(library);
}

Resource *library_resource_of(const Library *library, const Node *schema)
{
        return g_hash_table_lookup(library->by_node, schema);
}

GPtrArray *library_resources(const Library *library)
{
        return library->resources;
}

char **library_take_files(Library *library)
{
        char **files = g_new0(char *, library->files->len + 1);

        for (guint i = 0; i < library->files->len; i++)
                files[i] = g_strdup(g_ptr_array_index(library->files, i));
        return files;
}

GPtrArray *library_take_documents(Library *library)
{
        return g_ptr_array_ref(library->documents);
}
