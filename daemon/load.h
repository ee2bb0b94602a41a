/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Load: files to a document, as one piece of work
 *
 * Read, decode, merge: all of a reload that may take long and needs nothing but its input, so that it runs
 * on the loop for small local files and in a worker for all others. The same work makes a document of stored
 * bytes.
 */
#pragma once

#include "daemon/model/decode.h"
#include "daemon/model/merge.h"
#include "daemon/store/version.h"

#include <stdbool.h>

typedef struct Load {
        /* Given */
        GPtrArray *sources; /* of Layer; where stored is false, bytes are not looked at */
        bool stored;        /* the bytes are given; no file is touched */
        MergeMode merge;
        char *separator;
        uint64_t max_size;
        GArray *known;       /* of Hash, a layer each: bytes with these need no decoding; or NULL */
        GBytes *former_text; /* what load_text() was before, or NULL; then what it was decoded to */
        Document *former_document;

        /* Found */
        GPtrArray *layers; /* of Layer, with bytes; NULL where reading failed */
        GArray *hashes;    /* of Hash, each layer's bytes; NULL where reading failed */
        bool same;         /* the hashes were the known ones; document is NULL */
        bool has_empty;    /* a file is there with no byte in it: perhaps about to be written */
        bool is_public;    /* of the files; where stored, of the version */
        Document *document;
        Failure *failure;

        void *userdata;
} Load;

/* Reads files, which are absolute paths, of which the first must exist. format is for names that tell none.
 */
Load *load_new(char *const *files, Format format, MergeMode merge, const char *separator, uint64_t max_size);
/* Decodes the bytes of a version. */
Load *load_new_stored(const Version *version);
Load *load_free(Load *load);

/* The format of a file under that default; FORMAT_NONE where neither tells. */
Format load_format(const char *file, Format fallback);

/* True if all files together are small enough to be loaded on the loop; touches the files' status. */
bool load_is_small(const Load *load);
/* Does the work, on whatever thread; takes the Load as void * to be run by a worker. */
void load_run(void *load);

/*
 * The text of which, with the document that was made of it, a later load of one that has changed a little
 * can make use; NULL where it cannot. Borrowed.
 */
GBytes *load_text(const Load *load);

/* True if both are there and alike. */
bool load_hashes_equal(const GArray *a, const GArray *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Load, load_free)
