/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing is on the way from a saved file to its subscribers, so it goes by the calls of sd-bus that parse
 * no format strings, one container at a time; a leaf costs one variant.
 */
#include "daemon/document-bus.h"

#include <errno.h>
#include <string.h>

/* What a change takes beside its path and values: its struct, the kind, lengths and padding. */
#define CHANGE_SIZE 48U

static int append_basic_variant(sd_bus_message *m, char type, const void *value)
{
        const char signature[2] = { type, '\0' };
        int r;

        r = sd_bus_message_open_container(m, 'v', signature);
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, type, value);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int append_list(sd_bus_message *m, const Node *list)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "v");
        if (r < 0)
                return r;

        for (uint32_t i = 0; i < list->length; i++) {
                r = document_bus_append_variant(m, &list->list->items[i]);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

static int append_member(sd_bus_message *m, const Member *member)
{
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 's', member->key);
        if (r < 0)
                return r;
        r = document_bus_append_variant(m, &member->value);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

int document_bus_append_map(sd_bus_message *m, const Node *map)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        for (uint32_t i = 0; i < map->length; i++) {
                r = append_member(m, &map->map->members[i]);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

static int append_container_variant(sd_bus_message *m, const Node *node)
{
        int r;

        r = sd_bus_message_open_container(m, 'v', node->kind == NODE_MAP ? "a{sv}" : "av");
        if (r < 0)
                return r;
        r = node->kind == NODE_MAP ? document_bus_append_map(m, node) : append_list(m, node);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

int document_bus_append_variant(sd_bus_message *m, const Node *node)
{
        int boolean;

        switch (node ? node->kind : NODE_NULL) {
        case NODE_NULL:
                return append_basic_variant(m, 'g', "");
        case NODE_BOOLEAN:
                boolean = node->boolean;
                return append_basic_variant(m, 'b', &boolean);
        case NODE_INTEGER:
                return append_basic_variant(m, 'x', &node->integer);
        case NODE_UNSIGNED:
                return append_basic_variant(m, 't', &node->unsigned_integer);
        case NODE_DOUBLE:
                return append_basic_variant(m, 'd', &node->number);
        case NODE_STRING:
                return append_basic_variant(m, 's', node->string);
        case NODE_LIST:
        case NODE_MAP:
                return append_container_variant(m, node);
        default:
                g_assert_not_reached();
        }
}

static int append_change(sd_bus_message *m, const Change *change)
{
        int r;

        r = sd_bus_message_open_container(m, 'r', "ssvv");
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 's', change->path);
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 's', change_kind_to_string(change->kind));
        if (r < 0)
                return r;
        r = document_bus_append_variant(m, change->before);
        if (r < 0)
                return r;
        r = document_bus_append_variant(m, change->after);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static uint64_t change_size(const Change *change)
{
        return CHANGE_SIZE + strlen(change->path) + (change->before ? node_size(change->before) : 0) +
               (change->after ? node_size(change->after) : 0);
}

uint64_t document_bus_changes_size(const Changes *changes)
{
        uint64_t size = 0;

        for (size_t i = 0; i < changes_count(changes); i++)
                size += change_size(changes_get(changes, i));
        return size;
}

int document_bus_append_changes(sd_bus_message *m, const Changes *changes, uint64_t limit,
                                bool *ret_truncated)
{
        size_t n_changes = changes_count(changes);
        uint64_t size = 0;
        size_t i;
        int r;

        r = sd_bus_message_open_container(m, 'a', "(ssvv)");
        if (r < 0)
                return r;

        for (i = 0; i < n_changes; i++) {
                const Change *change = changes_get(changes, i);

                size += change_size(change);
                if (size > limit)
                        break;
                r = append_change(m, change);
                if (r < 0)
                        return r;
        }

        *ret_truncated = i < n_changes;
        return sd_bus_message_close_container(m);
}

/* The builder's own limits, as the caller is to see them. */
static int refuse(Failure *failure)
{
        if (!failure)
                return 0;
        failure_free(failure);
        return -EBADMSG;
}

static int read_basic(sd_bus_message *m, char type, Builder *builder)
{
        static const Place nowhere = { 0 };
        union {
                uint8_t y;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                int b;
                const char *s;
        } value;
        int r;

        if (!strchr("ynqiuxtdbsog", type))
                return -EBADMSG;
        r = sd_bus_message_read_basic(m, type, &value);
        if (r < 0)
                return r;

        switch (type) {
        case 'y':
                builder_add_integer(builder, nowhere, value.y);
                break;
        case 'n':
                builder_add_integer(builder, nowhere, value.n);
                break;
        case 'q':
                builder_add_integer(builder, nowhere, value.q);
                break;
        case 'i':
                builder_add_integer(builder, nowhere, value.i);
                break;
        case 'u':
                builder_add_integer(builder, nowhere, value.u);
                break;
        case 'x':
                builder_add_integer(builder, nowhere, value.x);
                break;
        case 't':
                builder_add_unsigned(builder, nowhere, value.t);
                break;
        case 'd':
                builder_add_double(builder, nowhere, value.d);
                break;
        case 'b':
                builder_add_boolean(builder, nowhere, value.b);
                break;
        default: /* s, o, g */
                if (type == 'g' && !*value.s)
                        builder_add_null(builder, nowhere);
                else
                        builder_add_string(builder, nowhere, value.s, strlen(value.s));
        }
        return 0;
}

static int read_member(sd_bus_message *m, const char *contents, Builder *builder)
{
        g_autofree char *types = g_strndup(contents + 1, strlen(contents) - 2); /* without the braces */
        const char *key;
        int r;

        r = sd_bus_message_enter_container(m, 'e', types);
        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(m, 's', &key);
        if (r < 0)
                return r;
        builder_add_key(builder, (Place){ 0 }, key, strlen(key));
        r = document_bus_read_variant(m, builder);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

static int read_array(sd_bus_message *m, const char *contents, Builder *builder)
{
        bool map = contents[0] == '{';
        int r;

        if (map && contents[1] != 's')
                return -EBADMSG;
        r = refuse(map ? builder_open_map(builder, (Place){ 0 }) : builder_open_list(builder, (Place){ 0 }));
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', contents);
        if (r < 0)
                return r;

        for (;;) {
                r = sd_bus_message_at_end(m, false);
                if (r < 0)
                        return r;
                if (r > 0)
                        break;
                r = map ? read_member(m, contents, builder) : document_bus_read_variant(m, builder);
                if (r < 0)
                        return r;
        }

        r = refuse(builder_close(builder));
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

int document_bus_read_variant(sd_bus_message *m, Builder *builder)
{
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -EBADMSG;

        if (type == 'a')
                return read_array(m, contents, builder);
        if (type != 'v')
                return read_basic(m, type, builder);

        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r < 0)
                return r;
        r = document_bus_read_variant(m, builder);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}
