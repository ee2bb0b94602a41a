/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/value.h"

#include "daemon/model/schema/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Lists up to this many items are compared each with each, scalars only. */
#define SMALL_LIST 8U
/* Characters of a string that a message shows. */
#define MAX_QUOTED 60

typedef struct HashedItem {
        Hash hash;
        size_t index;
} HashedItem;

static bool is_scalar(const Node *node)
{
        return node->kind != NODE_LIST && node->kind != NODE_MAP;
}

static bool lists_equal(const Node *a, const Node *b)
{
        for (uint32_t i = 0; i < a->length; i++)
                if (!value_equal(&a->list->items[i], &b->list->items[i]))
                        return false;
        return true;
}

static bool maps_equal(const Node *a, const Node *b)
{
        for (uint32_t i = 0; i < a->length; i++) {
                const Member *first = &a->map->members[i], *second = &b->map->members[i];

                if (key_compare(first->key, first->key_length, second->key, second->key_length) != 0 ||
                    !value_equal(&first->value, &second->value))
                        return false;
        }
        return true;
}

bool value_equal(const Node *a, const Node *b)
{
        if (number_is(a) && number_is(b))
                return number_compare(a, b) == 0;
        if (node_equal(a, b))
                return true;
        if (a->kind != b->kind || is_scalar(a) || a->length != b->length)
                return false;
        return a->kind == NODE_LIST ? lists_equal(a, b) : maps_equal(a, b);
}

/* The kind and bytes that all numbers of one value share. */
static void append_number(GByteArray *content, const Node *node)
{
        uint8_t kind = node->kind;
        uint64_t bits = node->unsigned_integer;
        double number;

        if (node->kind == NODE_DOUBLE) {
                number = node->number;
                if (number == trunc(number) && number >= -0x1p63 && number < 0x1p63) {
                        kind = NODE_INTEGER;
                        bits = (uint64_t) (int64_t) number;
                } else if (number == trunc(number) && number > 0 && number < 0x1p64) {
                        kind = NODE_UNSIGNED;
                        bits = (uint64_t) number;
                } else {
                        memcpy(&bits, &number, sizeof bits);
                }
        }
        g_byte_array_append(content, &kind, sizeof kind);
        g_byte_array_append(content, (const void *) &bits, sizeof bits);
}

static void append_text(GByteArray *content, const char *text, uint32_t length)
{
        g_byte_array_append(content, (const void *) &length, sizeof length);
        g_byte_array_append(content, (const void *) text, length);
}

static void append_content(GByteArray *content, const Node *node)
{
        Hash hash;

        if (number_is(node)) {
                append_number(content, node);
                return;
        }
        g_byte_array_append(content, &node->kind, sizeof node->kind);
        switch (node->kind) {
        case NODE_BOOLEAN:
                g_byte_array_append(content, (const void *) &node->boolean, sizeof node->boolean);
                break;
        case NODE_STRING:
                append_text(content, node->string, node->length);
                break;
        case NODE_LIST:
        case NODE_MAP:
                hash = value_hash(node);
                g_byte_array_append(content, (const void *) &hash, sizeof hash);
                break;
        default:
                break;
        }
}

Hash value_hash(const Node *node)
{
        g_autoptr(GByteArray) content = g_byte_array_new();

        if (is_scalar(node))
                append_content(content, node);
        else
                g_byte_array_append(content, &node->kind, sizeof node->kind);
        if (node->kind == NODE_LIST)
                for (uint32_t i = 0; i < node->length; i++)
                        append_content(content, &node->list->items[i]);
        if (node->kind == NODE_MAP)
                for (uint32_t i = 0; i < node->length; i++) {
                        const Member *member = &node->map->members[i];

                        append_text(content, member->key, member->key_length);
                        append_content(content, &member->value);
                }
        return hash_bytes(content->data, content->len);
}

int value_compare_hashes(const void *a, const void *b)
{
        return memcmp(a, b, sizeof(Hash));
}

static bool small_items_unique(const Node *list, size_t *ret_first, size_t *ret_second)
{
        for (size_t i = 1; i < list->length; i++)
                for (size_t k = 0; k < i; k++)
                        if (value_equal(&list->list->items[k], &list->list->items[i])) {
                                *ret_first = k;
                                *ret_second = i;
                                return false;
                        }
        return true;
}

static int compare_items(const void *a, const void *b)
{
        const HashedItem *first = a, *second = b;
        int order = value_compare_hashes(&first->hash, &second->hash);

        return order != 0 ? order : (first->index > second->index) - (first->index < second->index);
}

bool value_items_unique(const Node *list, size_t *ret_first, size_t *ret_second)
{
        g_autofree HashedItem *items = NULL;
        bool is_small = list->length <= SMALL_LIST;

        for (size_t i = 0; i < list->length && is_small; i++)
                is_small = is_scalar(&list->list->items[i]);
        if (is_small)
                return small_items_unique(list, ret_first, ret_second);

        items = g_new(HashedItem, list->length);
        for (size_t i = 0; i < list->length; i++)
                items[i] = (HashedItem){ value_hash(&list->list->items[i]), i };
        qsort(items, list->length, sizeof *items, compare_items);
        for (size_t i = 1; i < list->length; i++)
                if (hash_equal(&items[i - 1].hash, &items[i].hash)) {
                        *ret_first = items[i - 1].index;
                        *ret_second = items[i].index;
                        return false;
                }
        return true;
}

const char *value_describe(const Node *node)
{
        static const char *const names[] = {
                [NODE_NULL] = "null",           [NODE_BOOLEAN] = "a boolean", [NODE_INTEGER] = "an integer",
                [NODE_UNSIGNED] = "an integer", [NODE_DOUBLE] = "a number",   [NODE_STRING] = "a string",
                [NODE_LIST] = "a list",         [NODE_MAP] = "a map",
        };

        return names[node->kind];
}

char *value_quote_text(const char *text, size_t length)
{
        g_autoptr(GString) quoted = g_string_new("\"");
        const char *end = text + length;
        unsigned count = 0;

        for (const char *at = text; at < end; at = g_utf8_next_char(at), count++) {
                gunichar character = g_utf8_get_char(at);

                if (count == MAX_QUOTED) {
                        g_string_append(quoted, "…");
                        break;
                }
                if (character == '"' || character == '\\')
                        g_string_append_printf(quoted, "\\%c", (char) character);
                else if (character == '\n')
                        g_string_append(quoted, "\\n");
                else if (character < 0x10000 && !g_unichar_isprint(character))
                        g_string_append_printf(quoted, "\\u%04x", character);
                else
                        g_string_append_unichar(quoted, character);
        }
        g_string_append_c(quoted, '"');
        return g_string_free(g_steal_pointer(&quoted), FALSE);
}

char *value_quote(const Node *node)
{
        switch (node->kind) {
        case NODE_NULL:
                return g_strdup("null");
        case NODE_BOOLEAN:
                return g_strdup(node->boolean ? "true" : "false");
        case NODE_STRING:
                return value_quote_text(node->string, node->length);
        case NODE_LIST:
                return g_strdup(node->length > 0 ? "[…]" : "[]");
        case NODE_MAP:
                return g_strdup(node->length > 0 ? "{…}" : "{}");
        default:
                return number_format(node);
        }
}
