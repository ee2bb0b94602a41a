/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The compiler: documents to rules
 *
 * Each schema is compiled once, however many references are to it, and all of them are, so that what is
 * broken is told before it is met. What is said of a keyword's value when it is broken names the keyword,
 * and what was expected.
 */
#pragma once

#include "daemon/model/schema/library.h"
#include "daemon/model/schema/rule.h"

typedef struct Compiler {
        Library *library;
        Schema *schema;
        GHashTable *rules;     /* Node to Rule */
        GPtrArray *waiting;    /* of Rule, to be filled in */
        GHashTable *patterns;  /* text to Pattern */
        GHashTable *names;     /* of dynamic anchors, to numbers from 1 */
        uint64_t pattern_work; /* what automata may still cost */

        /* What is being compiled. */
        Rule *rule;
        const Node *node;
        const Resource *resource;
} Compiler;

/* Compiles the value of a keyword into the current rule. */
typedef Failure *(*KeywordCompile)(Compiler *compiler, const Node *value);

/* Memory, all zeros, that lives as long as the schema. */
void *compiler_allocate(Compiler *compiler, size_t size);
/* The rule of a schema, filled in now or later. */
Rule *compiler_rule(Compiler *compiler, const Node *schema);
/* The number of a dynamic anchor's name. */
unsigned compiler_name(Compiler *compiler, const char *name);
Failure *compiler_pattern(Compiler *compiler, const char *text, const Node *place, const Pattern **ret);
/* A failure of the current schema; "expected" says what the value of the keyword must be. */
Failure *compiler_expect(const Compiler *compiler, const Node *value, const char *keyword,
                         const char *expected);
/* The value of a keyword beside the current one, or NULL. */
const Node *compiler_sibling(const Compiler *compiler, const char *keyword);

/* Groups of the current rule, made when first asked for. */
NumberRules *compiler_numbers(Compiler *compiler);
StringRules *compiler_strings(Compiler *compiler);
ListRules *compiler_lists(Compiler *compiler);
MapRules *compiler_maps(Compiler *compiler);
LogicRules *compiler_logic(Compiler *compiler);
ValueRules *compiler_values(Compiler *compiler);

/* Adds to the rules that apply to the same value as the current one. */
void compiler_apply_in_place(Compiler *compiler, const Rule *rule, InPlaceKind kind);

/* Refuses rules that apply to a value only if they apply to it. */
Failure *compiler_check_loops(Compiler *compiler);

/* The Schema of a library's resource: fills in root and all below. */
Failure *compiler_run(Library *library, const Resource *resource, Schema *schema);
