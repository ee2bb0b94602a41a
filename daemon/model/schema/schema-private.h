/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Validation of values that are no documents, for tests of the specification's own cases
 */
#pragma once

#include "daemon/model/schema/schema.h"

/* As schema_validate; the value may be of any kind. */
Failure *schema_validate_node(const Schema *schema, const Node *node, char *const *files, bool quote);
