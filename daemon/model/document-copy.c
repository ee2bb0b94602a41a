/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/document-copy.h"

#include <string.h>

static const char *copy_text(Copier *copier, const char *text, uint32_t length)
{
        char *copy = builder_allocate(copier->builder, (size_t) length + 1);

        memcpy(copy, text, (size_t) length + 1);
        return copy;
}

static const char *copy_key(Copier *copier, const char *key, uint32_t length)
{
        CopiedKey *recent = &copier->recent[((uintptr_t) key >> 3) % COPIER_RECENT_KEYS];

        if (recent->from != key)
                *recent = (CopiedKey){ .from = key, .to = copy_text(copier, key, length) };
        return recent->to;
}

static const List *copy_list(Copier *copier, const Node *node, int64_t lines)
{
        List *list = builder_allocate(copier->builder, sizeof *list + node->length * sizeof *list->items);

        list->summary = node->list->summary;
        for (uint32_t i = 0; i < node->length; i++)
                list->items[i] = copier_copy(copier, &node->list->items[i], lines);
        return list;
}

static const Map *copy_map(Copier *copier, const Node *node, int64_t lines)
{
        Map *map = builder_allocate(copier->builder, sizeof *map + node->length * sizeof *map->members);

        map->summary = node->map->summary;
        for (uint32_t i = 0; i < node->length; i++) {
                const Member *member = &node->map->members[i];

                map->members[i] = (Member){
                        .key = copy_key(copier, member->key, member->key_length),
                        .key_length = member->key_length,
                        .line = (uint32_t) (member->line + lines),
                        .value = copier_copy(copier, &member->value, lines),
                };
        }
        return map;
}

Node copier_copy(Copier *copier, const Node *node, int64_t lines)
{
        Node copy = *node;

        copy.line = (uint32_t) (node->line + lines);
        switch (node->kind) {
        case NODE_STRING:
                copy.string = copy_text(copier, node->string, node->length);
                break;
        case NODE_LIST:
                copy.list = copy_list(copier, node, lines);
                break;
        case NODE_MAP:
                copy.map = copy_map(copier, node, lines);
                break;
        default:
                break;
        }
        return copy;
}
