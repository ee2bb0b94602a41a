/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The schema's part of a load: compile, convert, fill in, validate
 */
#pragma once

#include "daemon/load.h"

/* Reads and decodes one file of a schema; a SchemaOpen. authors is for load_compile_schema(), else NULL. May
 * block. */
Failure *load_open_schema(const char *path, Document **ret, void *authors);
/* Compiles a schema file and those that it refers to, as far as who wrote that could read them. May block.
 */
Failure *load_compile_schema(const char *path, Schema **ret);
/* Takes the merged document of a load through its schema. */
Failure *load_apply_schema(Load *load);
