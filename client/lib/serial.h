/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Serials: the values of a document in serialized form, read where they lie
 *
 * A document's bytes are a little-endian GVariant of type a{sv} (see daemon/model/snapshot.c for the form).
 * Once serial_check() has found them to be what they should be, nothing here looks for errors again: all
 * functions take constant time, but for serial_find_member(), which bisects, and none allocates.
 *
 * An entry of a map starts at a multiple of 8 and its key is followed by zeros up to the next one. So keys
 * compare eight bytes at a time, and most look-ups never look past the first eight.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* By the last byte of the type string, which tells all types of documents apart. */
typedef enum SerialKind {
        SERIAL_NONE = 0,
        SERIAL_BOOLEAN = 'b',
        SERIAL_INTEGER = 'x',
        SERIAL_UNSIGNED = 't',
        SERIAL_DOUBLE = 'd',
        SERIAL_STRING = 's',
        SERIAL_NULL = 'g',
        SERIAL_LIST = 'v',
        SERIAL_MAP = '}',
} SerialKind;

/* Of two words, so that functions return it in registers. */
typedef struct Serial {
        const uint8_t *data;
        uint64_t size : 56;
        uint64_t kind : 8; /* SerialKind */
} Serial;

/* A member of a map. */
typedef struct SerialMember {
        const char *key;
        Serial value;
} SerialMember;

/* A key that is looked for. */
typedef struct SerialKey {
        const char *text; /* not terminated */
        size_t length;    /* of text, backslashes included */
        uint64_t head;    /* the first eight bytes of the key, the first the most significant */
        bool is_long;     /* has more than eight bytes */
        bool is_escaped;  /* a backslash goes before each " and each backslash of the key */
} SerialKey;

/*
 * The segment of a dotted path that starts at *segment, which then is where the next one does; false where
 * the path is malformed. Must not be called at the end of the path.
 */
bool serial_key_parse(const char *path, const char **segment, SerialKey *ret);
/* The index of an item that the key is, or SIZE_MAX. */
size_t serial_key_index(const SerialKey *key);

/*
 * True if the bytes, which start at a multiple of 8, are a document: in normal form, of no types but those
 * of documents, keys sorted. Also counts members of all maps that have at least large of them.
 */
bool serial_check(const uint8_t *data, size_t size, size_t large, size_t *ret_large_members);

static inline Serial serial_root(const uint8_t *data, size_t size)
{
        return (Serial){ .data = data, .size = size, .kind = SERIAL_MAP };
}

static inline unsigned serial_offset_width(size_t size)
{
        if (size <= UINT8_MAX)
                return 1;
        if (size <= UINT16_MAX)
                return 2;
        return size <= UINT32_MAX ? 4 : 8;
}

static inline size_t serial_read_offset(const uint8_t *at, unsigned width)
{
        uint64_t word;
        uint32_t half;
        uint16_t quarter;

        switch (width) {
        case 1:
                return *at;
        case 2:
                memcpy(&quarter, at, sizeof quarter);
                return GUINT16_FROM_LE(quarter);
        case 4:
                memcpy(&half, at, sizeof half);
                return GUINT32_FROM_LE(half);
        default:
                memcpy(&word, at, sizeof word);
                return GUINT64_FROM_LE(word);
        }
}

static inline size_t serial_align(size_t offset)
{
        return (offset + 7) & ~(size_t) 7;
}

/* A list or map, with where its framing offsets are. */
typedef struct SerialArray {
        const uint8_t *data;
        const uint8_t *ends;
        size_t length;
        unsigned width;
} SerialArray;

static inline SerialArray serial_array(const Serial *container)
{
        SerialArray array = { .data = container->data };
        size_t body;

        if (container->size == 0)
                return array;
        array.width = serial_offset_width(container->size);
        body = serial_read_offset(container->data + container->size - array.width, array.width);
        array.ends = container->data + body;
        array.length = (container->size - body) / array.width;
        return array;
}

static inline size_t serial_array_end(const SerialArray *array, size_t index)
{
        return serial_read_offset(array->ends + index * array->width, array->width);
}

static inline size_t serial_array_start(const SerialArray *array, size_t index)
{
        return index == 0 ? 0 : serial_align(serial_array_end(array, index - 1));
}

/* What a variant holds. */
static inline Serial serial_unwrap(const uint8_t *data, size_t size)
{
        SerialKind kind = data[size - 1];
        /* A NUL and the type string. */
        size_t behind = kind == SERIAL_MAP ? 6 : kind == SERIAL_LIST ? 3 : 2;

        return (Serial){ .data = data, .size = size - behind, .kind = (uint8_t) kind };
}

static inline Serial serial_item(const SerialArray *array, size_t index)
{
        size_t start = serial_array_start(array, index);

        return serial_unwrap(array->data + start, serial_array_end(array, index) - start);
}

/* The member whose entry is there. */
static inline SerialMember serial_entry(const uint8_t *entry, size_t size)
{
        unsigned width = serial_offset_width(size);
        size_t start = serial_align(serial_read_offset(entry + size - width, width));

        return (SerialMember){
                .key = (const char *) entry,
                .value = serial_unwrap(entry + start, size - width - start),
        };
}

static inline SerialMember serial_member(const SerialArray *array, size_t index)
{
        size_t start = serial_array_start(array, index);

        return serial_entry(array->data + start, serial_array_end(array, index) - start);
}

/* As serial_key.head, of an entry's key. */
static inline uint64_t serial_entry_head(const uint8_t *entry)
{
        uint64_t word;

        memcpy(&word, entry, sizeof word);
        return GUINT64_FROM_BE(word);
}

/* Compares a key with that of an entry of which the first eight bytes are the same. */
int serial_key_compare_rest(const SerialKey *key, const uint8_t *entry);

static inline int serial_key_compare(const SerialKey *key, const uint8_t *entry)
{
        uint64_t head = serial_entry_head(entry);

        if (key->head != head)
                return key->head < head ? -1 : 1;
        /* A head that ends in a zero is all of the key. */
        return (head & 0xff) == 0 ? 0 : serial_key_compare_rest(key, entry);
}

/* The value of that key in a map, of kind SERIAL_NONE where there is none. */
Serial serial_find_member(const Serial *map, const SerialKey *key);

static inline bool serial_equal(const Serial *a, const Serial *b)
{
        return a->kind == b->kind && a->size == b->size &&
               (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static inline uint64_t serial_word(const Serial *value)
{
        uint64_t word;

        memcpy(&word, value->data, sizeof word);
        return GUINT64_FROM_LE(word);
}

static inline double serial_double(const Serial *value)
{
        uint64_t word = serial_word(value);
        double number;

        memcpy(&number, &word, sizeof number);
        return number;
}

static inline const char *serial_string(const Serial *value)
{
        return (const char *) value->data;
}

/* The type as GVariant has it; NULL for SERIAL_NONE. */
const GVariantType *serial_type(const Serial *value);
