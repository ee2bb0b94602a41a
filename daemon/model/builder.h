/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builder: events in, a document out
 *
 * Every decoder is a stream of events with places in front of a builder: open, key, scalar, close. The
 * builder keeps what holds for all formats: the depth limit, no key twice, members sorted, hashes. The first
 * call that fails returns the failure; the builder is of no use after that but to be freed.
 */
#pragma once

#include "daemon/model/document.h"
#include "daemon/model/failure.h"

typedef struct Builder Builder;

/* Where an event stands in its file, from 1; both 0 where unknown. */
typedef struct Place {
        uint32_t line;
        uint32_t column;
} Place;

/*
 * file is what failures name (borrowed, may be NULL), layer what nodes carry. size_hint is the number of
 * bytes about to be decoded, or 0.
 */
Builder *builder_new(const char *file, unsigned layer, size_t size_hint);
Builder *builder_free(Builder *builder);

/* The layer of what is added from now on; a map or list keeps the one it was opened with. */
void builder_set_layer(Builder *builder, unsigned layer);

/* Values: the next item of the open list, or the value of the key just given. */
Failure *builder_open_map(Builder *builder, Place place);
/* The same for one in YAML's block style; place is that of its first key. */
Failure *builder_open_block_map(Builder *builder, Place place);
Failure *builder_open_list(Builder *builder, Place place);
void builder_add_null(Builder *builder, Place place);
void builder_add_boolean(Builder *builder, Place place, bool value);
void builder_add_integer(Builder *builder, Place place, int64_t value);
/* A value that fits int64_t becomes an integer. */
void builder_add_unsigned(Builder *builder, Place place, uint64_t value);
void builder_add_double(Builder *builder, Place place, double value);
/* text is copied; it must be UTF-8 without NUL (the decoders see to that). */
void builder_add_string(Builder *builder, Place place, const char *text, size_t length);
/*
 * Adds a finished subtree by reference: of this builder's own (see builder_last), or of a document given to
 * builder_borrow. Nothing is copied. Keeps the subtree's places.
 */
Failure *builder_add_node(Builder *builder, const Node *node);

/* The key of the next value of the open map; copied. */
void builder_add_key(Builder *builder, Place place, const char *key, size_t length);
/* As builder_add_key and builder_add_node together, for a member of another finished map. */
Failure *builder_add_member(Builder *builder, const Member *member);
/*
 * Likewise, but gives way to any other member of that key, before or after, and to an earlier one of its own
 * sort: what a merge key brings.
 */
Failure *builder_add_default(Builder *builder, const Member *member);
/* True if the open map, which may hold members out of order, has that key already. Slow on large maps. */
bool builder_has_key(const Builder *builder, const char *key, size_t length);

/* Closes the innermost open map or list. Fails where a key stands twice in it. */
Failure *builder_close(Builder *builder);

/* The value added or closed last, complete and stable until the builder ends: what an anchor stands for. */
Node builder_last(const Builder *builder);

/*
 * The same, and takes it out of the open map or list again, with its key. The value stays complete and
 * stable, too.
 */
Node builder_take_last(Builder *builder);

/* Dotted path of the place where the next value goes; for messages. */
char *builder_path(const Builder *builder);

/* Memory that goes with the document being built, for nodes that are added by reference. */
void *builder_allocate(Builder *builder, size_t size);
/* The document being built is one that redecode() can start from; n_lines is how many its text has. */
void builder_set_separable(Builder *builder, uint32_t n_lines);

/* The document being built will hold nodes of that one, so it takes a reference. */
void builder_borrow(Builder *builder, Document *document);

/* Takes the root, which must be closed and a map. */
Document *builder_end(Builder *builder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Builder, builder_free)
