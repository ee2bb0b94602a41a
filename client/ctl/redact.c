/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes in place of secrets
 *
 * A value with a secret in it is built anew: what the schema does not mark is taken over, and only what is
 * marked, or has something marked in it, is looked into.
 */
#include "client/ctl/marks.h"
#include "daemon/model/builder.h"

#include <string.h>

typedef struct Redaction {
        const Marks *marks;
        const Node *root;
        Builder *builder;
        GString *path;
} Redaction;

static const Place nowhere = { 0 };

/* Documents here have been built once, within the same limits. */
static void must(Failure *failure)
{
        g_assert(!failure);
}

static void redact(Redaction *redaction, const Node *node);

static void redact_item(Redaction *redaction, const char *key, size_t length, const Node *item)
{
        gsize before = redaction->path->len;

        path_append_dotted(redaction->path, key, length);
        redact(redaction, item);
        g_string_truncate(redaction->path, before);
}

static void redact_list(Redaction *redaction, const Node *list)
{
        must(builder_open_list(redaction->builder, nowhere));
        for (uint32_t i = 0; i < list->length; i++) {
                char index[16];

                g_snprintf(index, sizeof index, "%u", i);
                redact_item(redaction, index, strlen(index), &list->list->items[i]);
        }
        must(builder_close(redaction->builder));
}

static void redact_map(Redaction *redaction, const Node *map)
{
        must(builder_open_map(redaction->builder, nowhere));
        for (uint32_t i = 0; i < map->length; i++) {
                const Member *member = &map->map->members[i];

                builder_add_key(redaction->builder, nowhere, member->key, member->key_length);
                redact_item(redaction, member->key, member->key_length, &member->value);
        }
        must(builder_close(redaction->builder));
}

static void redact(Redaction *redaction, const Node *node)
{
        bool is_container = node->kind == NODE_MAP || node->kind == NODE_LIST;

        if (!marks_hide(redaction->marks, redaction->root, redaction->path->str))
                must(builder_add_node(redaction->builder, node));
        else if (!is_container || marks_hide_whole(redaction->marks, redaction->path->str))
                builder_add_string(redaction->builder, nowhere, MARKS_SECRET, strlen(MARKS_SECRET));
        else if (node->kind == NODE_MAP)
                redact_map(redaction, node);
        else
                redact_list(redaction, node);
}

/* Where the node stands for itself; else under a key, since a document's root is a map. */
static bool is_bare(const Redaction *redaction, const Node *node)
{
        return node->kind == NODE_MAP && !marks_hide_whole(redaction->marks, redaction->path->str);
}

void marks_redact(const Marks *marks, Document *holder, const Node *root, const char *path, const Node *node,
                  Document **ret_document, const Node **ret_node)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(GString) text = g_string_new(path);
        Redaction redaction = { .marks = marks, .root = root, .builder = builder, .path = text };
        bool bare;

        if (!marks_hide(marks, root, path)) {
                *ret_document = document_ref(holder);
                *ret_node = node;
                return;
        }

        bare = is_bare(&redaction, node);
        builder_borrow(builder, holder);
        if (bare)
                redact_map(&redaction, node);
        else {
                must(builder_open_map(builder, nowhere));
                builder_add_key(builder, nowhere, "", 0);
                redact(&redaction, node);
                must(builder_close(builder));
        }
        *ret_document = builder_end(builder);
        *ret_node = bare ? document_root(*ret_document)
                         : &document_root(*ret_document)->map->members[0].value;
}

/* A document with nothing in it but the value at its place; changes never lie inside lists. */
static Document *make_surroundings(const ChangeList *changes, const Path *path, const Node *value)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        size_t length = path_length(path);
        Failure *failure = NULL;

        builder_borrow(builder, changes->document);
        for (size_t i = 0; i < length && !failure; i++) {
                size_t key_length;
                const char *key = path_segment(path, i, &key_length);

                failure = builder_open_map(builder, nowhere);
                if (!failure)
                        builder_add_key(builder, nowhere, key, key_length);
        }
        if (!failure)
                failure = builder_add_node(builder, value);
        for (size_t i = 0; i < length && !failure; i++)
                failure = builder_close(builder);
        if (!failure && length > 0)
                return builder_end(builder);
        failure_free(failure);
        return document_ref(changes->document);
}

static const Node *redact_value(const Marks *marks, ChangeList *changes, const Change *change,
                                const Node *value)
{
        g_autoptr(Document) surroundings = NULL;
        g_autoptr(Failure) failure = NULL;
        g_autoptr(Path) path = NULL;
        const Node *redacted;
        Document *document;

        if (!value)
                return NULL;
        failure = path_parse(change->path, &path);
        if (!failure)
                surroundings = make_surroundings(changes, path, value);
        marks_redact(marks, changes->document, document_root(surroundings ?: changes->document),
                     change->path, value, &document, &redacted);
        g_ptr_array_add(changes->redacted, document);
        return redacted;
}

void marks_redact_changes(const Marks *marks, ChangeList *changes)
{
        for (guint i = 0; i < changes->items->len && marks_hide_any(marks); i++) {
                Change *change = &g_array_index(changes->items, Change, i);

                change->before = redact_value(marks, changes, change, change->before);
                change->after = redact_value(marks, changes, change, change->after);
        }
}

void marks_find_restarts(const Marks *marks, ChangeList *changes)
{
        for (guint i = 0; i < changes->items->len && marks_schema(marks); i++) {
                const Change *change = &g_array_index(changes->items, Change, i);
                g_autoptr(Document) surroundings = NULL;
                g_autoptr(Failure) failure = NULL;
                g_autoptr(Path) path = NULL;

                failure = path_parse(change->path, &path);
                if (failure)
                        continue;
                surroundings = make_surroundings(changes, path, change->after ?: change->before);
                if (marks_need_restart(marks, document_root(surroundings), change->path))
                        change_list_add_restart(changes, change->path);
        }
}
