/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Validating: what tests of schemas share
 *
 * Schemas and documents are YAML. A schema stands in /schemas/schema.yaml and has no other files beside it.
 */
#pragma once

#include "daemon/model/schema/schema.h"

/* The schema, which must be a good one. */
Schema *validating_compile(const char *text);
/* Why a schema is broken, which it must be. */
Failure *validating_compile_broken(const char *text);
Document *validating_document(const char *text, unsigned layer);

/* All problems of a document, a line each: "file:line:column: path: message". "" where it is valid. */
char *validating_problems(const Schema *schema, const char *text, bool quote);
/* Likewise of a failure, which may be NULL. */
char *validating_list(const Failure *failure);
/* Holds the problems of a document to be these. */
void validating_assert(const Schema *schema, const char *text, const char *expected);
