/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Load: files to a document, as one piece of work
 *
 * Read, decode, merge, validate: all of a reload that may take long and needs nothing but its input, so that
 * it runs on the loop for small local files and in a worker for all others, and wherever a command has to
 * run. The same work makes a document of stored bytes.
 */
#pragma once

#include "daemon/config-commands.h"
#include "daemon/model/decode.h"
#include "daemon/model/merge.h"
#include "daemon/model/schema/schema.h"
#include "daemon/store/version.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct Load {
        /* Given */
        GPtrArray *sources; /* of Layer; one with bytes is not read */
        bool stored;        /* all bytes are given; no file of the config is touched */
        MergeMode merge;
        char *separator;
        uint64_t max_size;
        char *schema_path;          /* or NULL */
        Schema *schema;             /* where it is compiled already; else load_run() compiles it */
        uint64_t schema_generation; /* for schema_use_put() */
        bool defaults;              /* fill in what the schema's defaults give */
        bool lenient;             /* of a version that was valid in its time: convert, but do not validate */
        ConfigCommands *commands; /* or NULL */
        bool has_user;            /* commands run as this user, and not as the files' owners */
        uid_t uid;
        gid_t gid;
        int cancelled;       /* atomic: commands are to end */
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
        GPtrArray *filled; /* of char *, the places that defaults filled in; NULL where there are none */
        Failure *failure;
        uint64_t decode_usec; /* what decode commands have taken so far */

        void *userdata;
} Load;

/* Reads files, which are absolute paths, of which the first must exist. format is for names that tell none.
 */
Load *load_new(char *const *files, Format format, MergeMode merge, const char *separator, uint64_t max_size);
/* The base's bytes are these, in that format, whatever its file holds. */
void load_set_base(Load *load, Format format, GBytes *bytes);
/* Whose bytes these are: they are shown to commands with his rights, for what they say comes back to him. */
void load_set_user(Load *load, uid_t uid, gid_t gid);
/* Decodes the bytes of a version. */
Load *load_new_stored(const Version *version);
Load *load_free(Load *load);

/* The format of a file under that default; FORMAT_NONE where neither tells. */
Format load_format(const char *file, Format fallback);

/* The document is to fit a schema: compiled, or else to be compiled from its file. */
void load_set_schema(Load *load, const char *path, Schema *schema, uint64_t generation, bool defaults);

/* Commands for formats that are not known and for a last look; NULL for none. Takes a reference. */
void load_set_commands(Load *load, ConfigCommands *commands);
/* True if a command may have to run. */
bool load_has_commands(const Load *load);
/* Ends a command that runs, and with it the load, which fails; from any thread. */
void load_cancel(Load *load);
bool load_is_cancelled(const Load *load);

/* True if all files together are small enough to be loaded on the loop; touches the files' status. */
bool load_is_small(const Load *load);
/* Does the work, on whatever thread; takes the Load as void * to be run by a worker. */
void load_run(void *load);

/*
 * The text of which, with the document that was made of it, a later load of one that has changed a little
 * can make use; NULL where it cannot. Borrowed.
 */
GBytes *load_text(const Load *load);

/* Of what a file holds; NULL stands for no file. */
Hash load_hash(GBytes *bytes);
/* True if both are there and alike. */
bool load_hashes_equal(const GArray *a, const GArray *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Load, load_free)
