/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/value.h"

#include "daemon/document-bus.h"
#include "daemon/model/builder.h"

#include <errno.h>
#include <string.h>

static const Place nowhere = { 0 };

static int refuse(Failure *failure)
{
        if (!failure)
                return 0;
        failure_free(failure);
        return -EBADMSG;
}

/* Positive if a map comes next, bare or as a variant. */
static int comes_map(sd_bus_message *m)
{
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r <= 0)
                return r;
        return (type == 'a' && contents[0] == '{') || (type == 'v' && g_str_has_prefix(contents, "a{"));
}

int value_read_map(sd_bus_message *m, Document **ret)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        int r;

        r = comes_map(m);
        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        r = document_bus_read_variant(m, builder);
        if (r < 0)
                return r;
        *ret = builder_end(builder);
        return 0;
}

/* A value that is no map goes under a key, since a document's root is a map. */
static int read_wrapped(sd_bus_message *m, Document **ret_document, const Node **ret_node)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        int r;

        r = refuse(builder_open_map(builder, nowhere));
        if (r < 0)
                return r;
        builder_add_key(builder, nowhere, "", 0);
        r = document_bus_read_variant(m, builder);
        if (r < 0)
                return r;
        r = refuse(builder_close(builder));
        if (r < 0)
                return r;
        *ret_document = builder_end(builder);
        *ret_node = &document_root(*ret_document)->map->members[0].value;
        return 0;
}

int value_read(sd_bus_message *m, Document **ret_document, const Node **ret_node)
{
        int r;

        r = comes_map(m);
        if (r < 0)
                return r;
        if (r == 0)
                return read_wrapped(m, ret_document, ret_node);

        r = value_read_map(m, ret_document);
        if (r < 0)
                return r;
        *ret_node = document_root(*ret_document);
        return 0;
}

const Node *value_get(const Document *details, const char *name)
{
        const Member *member = node_find_member(document_root(details), name, strlen(name));

        return member ? &member->value : NULL;
}

uint64_t value_get_unsigned(const Document *details, const char *name)
{
        const Node *node = value_get(details, name);

        if (node && node->kind == NODE_UNSIGNED)
                return node->unsigned_integer;
        return node && node->kind == NODE_INTEGER && node->integer > 0 ? (uint64_t) node->integer : 0;
}

const char *value_get_string(const Document *details, const char *name)
{
        const Node *node = value_get(details, name);

        return node && node->kind == NODE_STRING ? node->string : NULL;
}

bool value_get_boolean(const Document *details, const char *name)
{
        const Node *node = value_get(details, name);

        return node && node->kind == NODE_BOOLEAN && node->boolean;
}

static void change_clear(void *data)
{
        Change *change = data;

        g_free(change->path);
}

ChangeList *change_list_free(ChangeList *list)
{
        if (!list)
                return NULL;

        document_unref(list->document);
        g_array_unref(list->items);
        g_hash_table_unref(list->restart);
        g_ptr_array_unref(list->redacted);
        g_free(list);
        return NULL;
}

void change_list_add_restart(ChangeList *list, const char *path)
{
        g_hash_table_add(list->restart, g_strdup(path));
}

bool change_list_needs_restart(const ChangeList *list, const Change *change)
{
        return g_hash_table_contains(list->restart, change->path);
}

static void release_document(void *document)
{
        document_unref(document);
}

static bool parse_kind(const char *text, ChangeKind *ret)
{
        for (ChangeKind kind = CHANGE_ADDED; kind <= CHANGE_REMOVED; kind++)
                if (g_str_equal(text, change_kind_to_string(kind))) {
                        *ret = kind;
                        return true;
                }
        return false;
}

static int read_value(sd_bus_message *m, Builder *builder, unsigned index)
{
        char key[16];

        g_snprintf(key, sizeof key, "%08x", index); /* sorts as it counts */
        builder_add_key(builder, nowhere, key, strlen(key));
        return document_bus_read_variant(m, builder);
}

static int read_change(sd_bus_message *m, ChangeList *list, Builder *builder)
{
        Change change = { 0 };
        const char *path, *kind;
        int r;

        r = sd_bus_message_enter_container(m, 'r', "ssvv");
        if (r < 0)
                return r;
        r = sd_bus_message_read(m, "ss", &path, &kind);
        if (r < 0)
                return r;
        if (!parse_kind(kind, &change.kind))
                return -EBADMSG;
        r = read_value(m, builder, list->items->len * 2);
        if (r < 0)
                return r;
        r = read_value(m, builder, list->items->len * 2 + 1);
        if (r < 0)
                return r;
        change.path = g_strdup(path);
        g_array_append_val(list->items, change);
        return sd_bus_message_exit_container(m);
}

static int read_changes(sd_bus_message *m, ChangeList *list, Builder *builder)
{
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(ssvv)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                r = read_change(m, list, builder);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int change_list_read(sd_bus_message *m, ChangeList **ret)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        g_autoptr(ChangeList) list = g_new0(ChangeList, 1);
        const Member *members;
        int r;

        list->items = g_array_new(FALSE, FALSE, sizeof(Change));
        g_array_set_clear_func(list->items, change_clear);
        list->restart = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        list->redacted = g_ptr_array_new_with_free_func(release_document);
        r = refuse(builder_open_map(builder, nowhere));
        if (r < 0)
                return r;
        r = read_changes(m, list, builder);
        if (r < 0)
                return r;
        r = refuse(builder_close(builder));
        if (r < 0)
                return r;

        list->document = builder_end(builder);
        members = document_root(list->document)->map->members;
        for (guint i = 0; i < list->items->len; i++) {
                Change *change = &g_array_index(list->items, Change, i);

                change->before = change->kind == CHANGE_ADDED ? NULL : &members[i * 2].value;
                change->after = change->kind == CHANGE_REMOVED ? NULL : &members[i * 2 + 1].value;
        }
        *ret = g_steal_pointer(&list);
        return 0;
}
