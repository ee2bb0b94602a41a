/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schemas: JSON Schema 2020-12, compiled once and asked often
 *
 * A compiled schema never changes and may be used from any thread. It is made of one file and those in the
 * same directory that it refers to; nothing is ever fetched from anywhere else. Formats are asserted.
 *
 * Whatever the schema and the document are, the time taken is bounded: patterns stop at a match limit, and
 * what hits it is a problem with the value, not a hang.
 */
#pragma once

#include "daemon/model/document.h"
#include "daemon/model/failure.h"
#include "daemon/model/path.h"

/* Problems told of one document; what is beyond is counted in the last one's place. */
#define SCHEMA_MAX_PROBLEMS 100U

typedef struct Schema Schema;

/* Reads and decodes a file that the schema refers to; path is absolute. Called while compiling only. */
typedef Failure *(*SchemaOpen)(const char *path, Document **ret, void *userdata);

/*
 * Compiles the document of a schema file (YAML or JSON, decoded with layer 0 so that places are the file's).
 * path is absolute. A schema that is itself broken is FAILURE_VALIDATION_FAILED at stage schema, naming the
 * schema's file, line and column.
 */
Failure *schema_new(const char *path, Document *document, SchemaOpen open, void *userdata, Schema **ret);
Schema *schema_ref(Schema *schema);
Schema *schema_unref(Schema *schema);

/* All files it was made of, the first its own; absolute, NULL-terminated. */
char *const *schema_files(const Schema *schema);

/*
 * Validates. files are the config's, by layer, for problems to name (the file is left out of a problem's
 * place where the config has but one: files may be NULL then). quote tells whether problems may quote
 * values; values that the schema marks writeOnly are never quoted. NULL when all is well, else
 * FAILURE_VALIDATION_FAILED at stage schema.
 */
Failure *schema_validate(const Schema *schema, const Document *document, char *const *files, bool quote);

/*
 * Strings of the layers in the set (bit n for layer n: those in ENV and INI form) that stand where the
 * schema wants an integer, number or boolean and are written as one become one. Returns a reference to the
 * same document where there is nothing to convert.
 */
Document *schema_coerce(const Schema *schema, Document *document, uint32_t layers);

/*
 * Fills in what the schema's defaults give for properties that are missing, at every depth. *ret_paths, of
 * char *, names the places that were filled, sorted; it is empty where there was nothing to fill.
 */
Document *schema_fill_defaults(const Schema *schema, Document *document, GPtrArray **ret_paths);

typedef enum SchemaMark {
        SCHEMA_WRITE_ONLY = 1 << 0, /* a secret: "writeOnly": true */
        SCHEMA_RESTART = 1 << 1,    /* "x-restart": true */
} SchemaMark;

/*
 * What the schema says of a place of a document, or of one above or below it: a change there touches the
 * mark. root is the document's.
 */
unsigned schema_marks(const Schema *schema, const Node *root, const Path *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schema, schema_unref)
