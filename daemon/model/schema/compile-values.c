/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/compile-private.h"
#include "daemon/model/schema/number.h"
#include "daemon/model/schema/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Choices up to this many are compared one by one. */
#define FEW_CHOICES 8U

static TypeSet find_type(const Node *name)
{
        static const struct {
                const char *name;
                unsigned types;
        } types[] = {
                { "null", TYPE_NULL },       { "boolean", TYPE_BOOLEAN },
                { "integer", TYPE_INTEGER }, { "number", TYPE_NUMBER | TYPE_INTEGER },
                { "string", TYPE_STRING },   { "array", TYPE_ARRAY },
                { "object", TYPE_OBJECT },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(types) && name->kind == NODE_STRING; i++)
                if (strcmp(types[i].name, name->string) == 0)
                        return types[i].types;
        return 0;
}

Failure *compile_type(Compiler *compiler, const Node *value)
{
        const Node *names = value->kind == NODE_LIST ? value->list->items : value;
        uint32_t count = value->kind == NODE_LIST ? value->length : 1;
        unsigned types = 0;

        for (uint32_t i = 0; i < count; i++) {
                TypeSet type = find_type(&names[i]);

                if (type == 0)
                        return library_broken(
                                        compiler->resource, &names[i],
                                        "\"type\" must be null, boolean, integer, number, string, array or "
                                        "object, or a list of those");
                types |= type;
        }
        if (types == 0)
                return compiler_expect(compiler, value, "type", "one type at least");
        compiler->rule->types = (uint8_t) types;
        return NULL;
}

Failure *compile_const(Compiler *compiler, const Node *value)
{
        compiler_values(compiler)->constant = value;
        return NULL;
}

Failure *compile_enum(Compiler *compiler, const Node *value)
{
        ValueRules *values = compiler_values(compiler);

        if (value->kind != NODE_LIST)
                return compiler_expect(compiler, value, "enum", "a list of values");
        values->choices = value;
        if (value->length <= FEW_CHOICES)
                return NULL;
        values->hashes = compiler_allocate(compiler, value->length * sizeof *values->hashes);
        for (uint32_t i = 0; i < value->length; i++)
                values->hashes[i] = value_hash(&value->list->items[i]);
        qsort(values->hashes, value->length, sizeof *values->hashes, value_compare_hashes);
        return NULL;
}

Failure *compile_default(Compiler *compiler, const Node *value)
{
        compiler->rule->fallback = value;
        compiler->schema->has_defaults = true;
        return NULL;
}

Failure *compile_boolean(Compiler *compiler, const char *keyword, const Node *value, bool *ret)
{
        if (value->kind != NODE_BOOLEAN)
                return compiler_expect(compiler, value, keyword, "true or false");
        *ret = value->boolean;
        return NULL;
}

static Failure *compile_mark(Compiler *compiler, const char *keyword, const Node *value, SchemaMark mark)
{
        bool is_set = false;
        Failure *failure = compile_boolean(compiler, keyword, value, &is_set);

        if (failure || !is_set)
                return failure;
        compiler->rule->marks |= (uint8_t) mark;
        compiler->schema->has_marks = true;
        return NULL;
}

Failure *compile_write_only(Compiler *compiler, const Node *value)
{
        return compile_mark(compiler, "writeOnly", value, SCHEMA_WRITE_ONLY);
}

Failure *compile_restart(Compiler *compiler, const Node *value)
{
        return compile_mark(compiler, "x-restart", value, SCHEMA_RESTART);
}

static Failure *compile_limit(Compiler *compiler, const char *keyword, const Node *value, const Node **ret)
{
        if (!number_is(value) || (value->kind == NODE_DOUBLE && isnan(value->number)))
                return compiler_expect(compiler, value, keyword, "a number");
        *ret = value;
        return NULL;
}

Failure *compile_minimum(Compiler *compiler, const Node *value)
{
        return compile_limit(compiler, "minimum", value, &compiler_numbers(compiler)->minimum);
}

Failure *compile_maximum(Compiler *compiler, const Node *value)
{
        return compile_limit(compiler, "maximum", value, &compiler_numbers(compiler)->maximum);
}

Failure *compile_exclusive_minimum(Compiler *compiler, const Node *value)
{
        return compile_limit(compiler, "exclusiveMinimum", value, &compiler_numbers(compiler)->above);
}

Failure *compile_exclusive_maximum(Compiler *compiler, const Node *value)
{
        return compile_limit(compiler, "exclusiveMaximum", value, &compiler_numbers(compiler)->below);
}

Failure *compile_multiple_of(Compiler *compiler, const Node *value)
{
        static const Node zero = { .kind = NODE_INTEGER, .integer = 0 };

        if (!number_is(value) || number_compare(value, &zero) != 1 ||
            (value->kind == NODE_DOUBLE && isinf(value->number)))
                return compiler_expect(compiler, value, "multipleOf", "a number above 0");
        compiler_numbers(compiler)->multiple_of = value;
        return NULL;
}

Failure *compile_count(Compiler *compiler, const char *keyword, const Node *value, uint64_t *ret)
{
        static const Node zero = { .kind = NODE_INTEGER, .integer = 0 };

        if (!number_is(value) || !number_is_integer(value) || number_compare(value, &zero) < 0)
                return compiler_expect(compiler, value, keyword, "an integer from 0");
        if (value->kind == NODE_DOUBLE)
                *ret = value->number >= 0x1p64 ? UINT64_MAX : (uint64_t) value->number;
        else
                *ret = value->unsigned_integer;
        return NULL;
}

Failure *compile_min_length(Compiler *compiler, const Node *value)
{
        return compile_count(compiler, "minLength", value, &compiler_strings(compiler)->min_length);
}

Failure *compile_max_length(Compiler *compiler, const Node *value)
{
        return compile_count(compiler, "maxLength", value, &compiler_strings(compiler)->max_length);
}

Failure *compile_pattern(Compiler *compiler, const Node *value)
{
        if (value->kind != NODE_STRING)
                return compiler_expect(compiler, value, "pattern", "a regular expression");
        return compiler_pattern(compiler, value->string, value, &compiler_strings(compiler)->pattern);
}

Failure *compile_format(Compiler *compiler, const Node *value)
{
        const StringFormat *format;

        if (value->kind != NODE_STRING)
                return compiler_expect(compiler, value, "format", "a string");
        format = string_format_find(value->string);
        if (format)
                compiler_strings(compiler)->format = format;
        return NULL;
}
