/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schema cache: each schema file watched and compiled once, for all configs that use it
 *
 * The cache never reads a file itself: whoever loads a config compiles the schema along with it, on whatever
 * thread that is, and hands it in. A change of any file that a schema is made of makes it stale and is told
 * to its users, who load again.
 */
#pragma once

#include "daemon/model/schema/schema.h"
#include "daemon/watch/watcher.h"

typedef struct SchemaCache SchemaCache;
typedef struct SchemaUse SchemaUse;

typedef void (*SchemaChanged)(SchemaUse *use, void *userdata);

SchemaCache *schema_cache_new(sd_event *event, Watcher *watcher);
SchemaCache *schema_cache_free(SchemaCache *cache);

/* From now on changes are told. Negative errno where the file cannot be watched. */
int schema_cache_use(SchemaCache *cache, const char *path, SchemaChanged changed, void *userdata,
                     SchemaUse **ret);
SchemaUse *schema_use_free(SchemaUse *use);

/* The compiled schema (borrowed), or NULL where it has to be compiled: then with the generation that goes
 * with it. */
Schema *schema_use_get(const SchemaUse *use, uint64_t *ret_generation);
/* Hands in what was compiled; without effect where the files have changed since that generation. */
void schema_use_put(SchemaUse *use, Schema *schema, uint64_t generation);
/* True where the schema's file system may hang. */
bool schema_use_may_hang(const SchemaUse *use);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SchemaCache, schema_cache_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SchemaUse, schema_use_free)
