/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Documents: a config's content as an immutable tree
 *
 * A document is a map of maps, lists and scalars that never changes once built (see builder.h), so it can be
 * read from any thread and shared by whoever holds a reference. All its nodes live in one region of memory
 * that goes with the last reference. Members of a map are sorted by the bytes of their keys.
 *
 * Each map and list carries a hash over everything below it, keyed by a secret drawn when the process
 * starts: nobody who writes a config can make two different subtrees alike, so equal hashes mean equal
 * content and a comparison passes over what did not change. Hashes mean nothing outside the process.
 *
 * Each node knows where it stands in which file. Places are not content: they do not count in comparisons.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Levels of maps and lists within each other, the root included. More would make a bus disconnect us. */
#define DOCUMENT_MAX_DEPTH 20U

typedef enum NodeKind {
        NODE_NULL,
        NODE_BOOLEAN,
        NODE_INTEGER,  /* any number that fits int64_t */
        NODE_UNSIGNED, /* above that */
        NODE_DOUBLE,
        NODE_STRING,
        NODE_LIST,
        NODE_MAP,
} NodeKind;

typedef struct Hash {
        uint64_t words[2];
} Hash;

typedef struct List List;
typedef struct Map Map;

typedef struct Node {
        uint8_t kind;    /* NodeKind */
        uint8_t layer;   /* index of the file it comes from */
        bool is_block;   /* a map in YAML's block style: each key begins a line, in the map's column */
        uint32_t line;   /* from 1; 0 where there is none */
        uint32_t column; /* from 1, in characters */
        uint32_t length; /* bytes of a string, without the NUL behind it; members of a map, items of a list
                          */
        union {
                bool boolean;
                int64_t integer;
                uint64_t unsigned_integer;
                double number;
                const char *string;
                const List *list;
                const Map *map;
        };
} Node;

typedef struct Member {
        const char *key; /* NUL-terminated, too */
        uint32_t key_length;
        uint32_t line; /* where the key stands; from 1, 0 where there is none */
        Node value;
} Member;

/* What a map or list knows about all that is below it. */
typedef struct Summary {
        Hash hash;
        uint64_t size;   /* an upper bound of its bytes in a bus message */
        uint32_t nodes;  /* how many nodes, itself included */
        uint32_t height; /* levels of maps and lists, itself included */
} Summary;

struct List {
        Summary summary;
        Node items[];
};

struct Map {
        Summary summary;
        Member members[];
};

typedef struct Document Document;

Document *document_ref(Document *document);
Document *document_unref(Document *document);

/* A document with nothing in it, as an empty file decodes to. */
Document *document_new_empty(void);
/* The root: always a map. Valid as long as the document. */
const Node *document_root(const Document *document);

/* True if both hold the same content; a NaN is the same as another one. */
bool node_equal(const Node *a, const Node *b);
bool document_equal(const Document *a, const Document *b);

/* The node's share of a message, see Summary. */
uint64_t node_size(const Node *node);
uint32_t node_count(const Node *node);
uint32_t node_height(const Node *node);

/* The member of that key, or NULL; map must be of NODE_MAP. */
const Member *node_find_member(const Node *map, const char *key, size_t key_length);
/* Orders keys as members of a map are ordered. */
int key_compare(const char *a, size_t a_length, const char *b, size_t b_length);

/* A keyed hash of any bytes, from the same secret: tells whether a file holds what it held before. */
Hash hash_bytes(const void *data, size_t length);
bool hash_equal(const Hash *a, const Hash *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, document_unref)
