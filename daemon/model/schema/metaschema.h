/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Meta-schemas: the schemas of JSON Schema 2020-12 itself, which a schema may refer to
 *
 * They are public data of the specification, in metaschema/, and part of the program.
 */
#pragma once

#include "daemon/model/document.h"

#define METASCHEMA_COUNT 8U

const char *metaschema_uri(size_t index);
/* A new reference. */
Document *metaschema_document(size_t index);
/* True if that is the URI of one of them. */
bool metaschema_is(const char *uri);
