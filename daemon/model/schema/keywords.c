/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/keywords.h"

#include "daemon/model/schema/compile-private.h"

#include <stdlib.h>
#include <string.h>

/* Sorted by name. */
static const Keyword keywords[] = {
        { "$defs", HOLDS_MAP, NULL },
        { "$dynamicRef", HOLDS_NO_SCHEMA, compile_dynamic_reference },
        { "$ref", HOLDS_NO_SCHEMA, compile_reference },
        { "additionalProperties", HOLDS_SCHEMA, compile_additional_properties },
        { "allOf", HOLDS_LIST, compile_all_of },
        { "anyOf", HOLDS_LIST, compile_any_of },
        { "const", HOLDS_NO_SCHEMA, compile_const },
        { "contains", HOLDS_SCHEMA, compile_contains },
        { "contentSchema", HOLDS_SCHEMA, NULL },
        { "default", HOLDS_NO_SCHEMA, compile_default },
        { "definitions", HOLDS_MAP, NULL },
        { "dependentRequired", HOLDS_NO_SCHEMA, compile_dependent_required },
        { "dependentSchemas", HOLDS_MAP, compile_dependent_schemas },
        { "else", HOLDS_SCHEMA, NULL },
        { "enum", HOLDS_NO_SCHEMA, compile_enum },
        { "exclusiveMaximum", HOLDS_NO_SCHEMA, compile_exclusive_maximum },
        { "exclusiveMinimum", HOLDS_NO_SCHEMA, compile_exclusive_minimum },
        { "format", HOLDS_NO_SCHEMA, compile_format },
        { "if", HOLDS_SCHEMA, compile_if },
        { "items", HOLDS_SCHEMA, compile_items },
        { "maxContains", HOLDS_NO_SCHEMA, compile_max_contains },
        { "maxItems", HOLDS_NO_SCHEMA, compile_max_items },
        { "maxLength", HOLDS_NO_SCHEMA, compile_max_length },
        { "maxProperties", HOLDS_NO_SCHEMA, compile_max_properties },
        { "maximum", HOLDS_NO_SCHEMA, compile_maximum },
        { "minContains", HOLDS_NO_SCHEMA, compile_min_contains },
        { "minItems", HOLDS_NO_SCHEMA, compile_min_items },
        { "minLength", HOLDS_NO_SCHEMA, compile_min_length },
        { "minProperties", HOLDS_NO_SCHEMA, compile_min_properties },
        { "minimum", HOLDS_NO_SCHEMA, compile_minimum },
        { "multipleOf", HOLDS_NO_SCHEMA, compile_multiple_of },
        { "not", HOLDS_SCHEMA, compile_not },
        { "oneOf", HOLDS_LIST, compile_one_of },
        { "pattern", HOLDS_NO_SCHEMA, compile_pattern },
        { "patternProperties", HOLDS_MAP, compile_pattern_properties },
        { "prefixItems", HOLDS_LIST, compile_prefix_items },
        { "properties", HOLDS_MAP, compile_properties },
        { "propertyNames", HOLDS_SCHEMA, compile_property_names },
        { "required", HOLDS_NO_SCHEMA, compile_required },
        { "then", HOLDS_SCHEMA, NULL },
        { "type", HOLDS_NO_SCHEMA, compile_type },
        { "unevaluatedItems", HOLDS_SCHEMA, compile_unevaluated_items },
        { "unevaluatedProperties", HOLDS_SCHEMA, compile_unevaluated_properties },
        { "uniqueItems", HOLDS_NO_SCHEMA, compile_unique_items },
        { "writeOnly", HOLDS_NO_SCHEMA, compile_write_only },
        { "x-restart", HOLDS_NO_SCHEMA, compile_restart },
};

static int compare_names(const void *name, const void *keyword)
{
        return strcmp(name, ((const Keyword *) keyword)->name);
}

const Keyword *keyword_find(const char *name)
{
        return bsearch(name, keywords, G_N_ELEMENTS(keywords), sizeof *keywords, compare_names);
}
