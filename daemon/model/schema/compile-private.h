/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What compiles the value of each keyword; the table in keywords.c names them
 */
#pragma once

#include "daemon/model/schema/compiler.h"

/* compile-values.c */
Failure *compile_type(Compiler *compiler, const Node *value);
Failure *compile_const(Compiler *compiler, const Node *value);
Failure *compile_enum(Compiler *compiler, const Node *value);
Failure *compile_default(Compiler *compiler, const Node *value);
Failure *compile_write_only(Compiler *compiler, const Node *value);
Failure *compile_restart(Compiler *compiler, const Node *value);
Failure *compile_minimum(Compiler *compiler, const Node *value);
Failure *compile_maximum(Compiler *compiler, const Node *value);
Failure *compile_exclusive_minimum(Compiler *compiler, const Node *value);
Failure *compile_exclusive_maximum(Compiler *compiler, const Node *value);
Failure *compile_multiple_of(Compiler *compiler, const Node *value);
Failure *compile_min_length(Compiler *compiler, const Node *value);
Failure *compile_max_length(Compiler *compiler, const Node *value);
Failure *compile_pattern(Compiler *compiler, const Node *value);
Failure *compile_format(Compiler *compiler, const Node *value);

/* compile-containers.c */
Failure *compile_min_items(Compiler *compiler, const Node *value);
Failure *compile_max_items(Compiler *compiler, const Node *value);
Failure *compile_unique_items(Compiler *compiler, const Node *value);
Failure *compile_prefix_items(Compiler *compiler, const Node *value);
Failure *compile_items(Compiler *compiler, const Node *value);
Failure *compile_contains(Compiler *compiler, const Node *value);
Failure *compile_min_contains(Compiler *compiler, const Node *value);
Failure *compile_max_contains(Compiler *compiler, const Node *value);
Failure *compile_unevaluated_items(Compiler *compiler, const Node *value);
Failure *compile_min_properties(Compiler *compiler, const Node *value);
Failure *compile_max_properties(Compiler *compiler, const Node *value);
Failure *compile_properties(Compiler *compiler, const Node *value);
Failure *compile_required(Compiler *compiler, const Node *value);
Failure *compile_pattern_properties(Compiler *compiler, const Node *value);
Failure *compile_additional_properties(Compiler *compiler, const Node *value);
Failure *compile_property_names(Compiler *compiler, const Node *value);
Failure *compile_dependent_required(Compiler *compiler, const Node *value);
Failure *compile_dependent_schemas(Compiler *compiler, const Node *value);
Failure *compile_unevaluated_properties(Compiler *compiler, const Node *value);
/* A number of characters, items or properties. */
Failure *compile_count(Compiler *compiler, const char *keyword, const Node *value, uint64_t *ret);
Failure *compile_boolean(Compiler *compiler, const char *keyword, const Node *value, bool *ret);

/* compile-logic.c */
Failure *compile_reference(Compiler *compiler, const Node *value);
Failure *compile_dynamic_reference(Compiler *compiler, const Node *value);
Failure *compile_all_of(Compiler *compiler, const Node *value);
Failure *compile_any_of(Compiler *compiler, const Node *value);
Failure *compile_one_of(Compiler *compiler, const Node *value);
Failure *compile_not(Compiler *compiler, const Node *value);
Failure *compile_if(Compiler *compiler, const Node *value);
RuleList compile_rule_list(Compiler *compiler, const Node *value);
