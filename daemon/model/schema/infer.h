/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Infer: a schema drafted from a config, for its author to go on with
 */
#pragma once

#include "daemon/model/document.h"

/*
 * A schema that the document fits: types, keys that are there, all of which are required but in lists where
 * they differ, and no others. Where the document is so deep that its schema would be too deep for a
 * document, it stops.
 */
Document *schema_infer(const Document *document);
