/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/member-table.h"

#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

/* Offsets count from the start of the document. A slot of size 0 is free. */
typedef struct Slot {
        uint32_t map;
        uint32_t entry;
        uint32_t size;
        uint32_t hash;
} Slot;

struct MemberTable {
        uint64_t seed;
        uint64_t mask;
        Slot slots[];
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
        hash = (hash ^ word) * MULTIPLIER;
        return hash ^ hash >> 32;
}

static uint64_t hash_key(const MemberTable *table, uint32_t map, const char *key, size_t length)
{
        uint64_t hash = mix(table->seed, (uint64_t) map << 32 | (uint32_t) length);
        uint64_t word = 0;

        for (; length >= sizeof word; key += sizeof word, length -= sizeof word) {
                memcpy(&word, key, sizeof word);
                hash = mix(hash, word);
        }
        word = 0;
        memcpy(&word, key, length);
        return mix(hash, word);
}

static void add_members(MemberTable *table, const Serial *root, const Serial *map,
                        const SerialArray *members)
{
        uint32_t offset = (uint32_t) (map->data - root->data);

        for (size_t i = 0; i < members->length; i++) {
                size_t start = serial_array_start(members, i);
                const char *key = (const char *) members->data + start;
                uint64_t hash = hash_key(table, offset, key, strlen(key));
                uint64_t at = hash & table->mask;

                while (table->slots[at].size > 0)
                        at = (at + 1) & table->mask;
                table->slots[at] = (Slot){
                        .map = offset,
                        .entry = offset + (uint32_t) start,
                        .size = (uint32_t) (serial_array_end(members, i) - start),
                        .hash = (uint32_t) (hash >> 32),
                };
        }
}

static void add_all(MemberTable *table, const Serial *root, const Serial *container)
{
        SerialArray array;

        if (container->kind != SERIAL_MAP && container->kind != SERIAL_LIST)
                return;
        array = serial_array(container);
        if (container->kind == SERIAL_MAP && array.length >= MEMBER_TABLE_LARGE)
                add_members(table, root, container, &array);
        for (size_t i = 0; i < array.length; i++) {
                Serial child = container->kind == SERIAL_MAP ? serial_member(&array, i).value
                                                             : serial_item(&array, i);

                add_all(table, root, &child);
        }
}

MemberTable *member_table_new(const Serial *root, size_t n_members)
{
        size_t n_slots = 1;
        MemberTable *table;

        /* Offsets of 32 bits are enough for what the service keeps; more than that is bisected. */
        if (n_members == 0 || root->size > UINT32_MAX)
                return NULL;

        while (n_slots < 2 * n_members)
                n_slots *= 2;
        table = g_malloc0(sizeof *table + n_slots * sizeof(Slot));
        table->seed = (uint64_t) g_random_int() << 32 | g_random_int();
        table->mask = n_slots - 1;
        add_all(table, root, root);
        return table;
}

MemberTable *member_table_free(MemberTable *table)
{
        g_free(table);
        return NULL;
}

Serial member_table_find(const MemberTable *table, const Serial *root, const Serial *map,
                         const SerialKey *key)
{
        uint32_t offset = (uint32_t) (map->data - root->data);
        uint64_t hash;

        if (key->is_escaped)
                return serial_find_member(map, key);

        hash = hash_key(table, offset, key->text, key->length);
        for (uint64_t at = hash & table->mask; table->slots[at].size > 0; at = (at + 1) & table->mask) {
                const Slot *slot = &table->slots[at];

                if (slot->hash == (uint32_t) (hash >> 32) && slot->map == offset &&
                    serial_key_compare(key, root->data + slot->entry) == 0)
                        return serial_entry(root->data + slot->entry, slot->size).value;
        }
        return (Serial){ .kind = SERIAL_NONE };
}
