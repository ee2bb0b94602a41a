/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules: a schema as it is compiled
 *
 * Each schema within a schema (an object or boolean of the file) is one rule. References are pointers, keys
 * are sorted as a document's are, and keywords for a kind of value stand apart, so that a value meets only
 * those that concern it. Rules never change once compiled; they and all they point to live as long as their
 * Schema.
 */
#pragma once

#include "daemon/model/schema/format.h"
#include "daemon/model/schema/pattern.h"
#include "daemon/model/schema/schema.h"

/* The values of "type", as a set. */
typedef enum TypeSet {
        TYPE_NULL = 1 << 0,
        TYPE_BOOLEAN = 1 << 1,
        TYPE_INTEGER = 1 << 2,
        TYPE_NUMBER = 1 << 3, /* together with TYPE_INTEGER */
        TYPE_STRING = 1 << 4,
        TYPE_ARRAY = 1 << 5,
        TYPE_OBJECT = 1 << 6,
        TYPE_ANY = (1 << 7) - 1,
} TypeSet;

typedef struct Rule Rule;

typedef struct RuleList {
        const Rule **rules;
        size_t count;
} RuleList;

/* Absent limits are NULL. */
typedef struct NumberRules {
        const Node *minimum;
        const Node *maximum;
        const Node *above; /* exclusiveMinimum */
        const Node *below; /* exclusiveMaximum */
        const Node *multiple_of;
} NumberRules;

typedef struct StringRules {
        uint64_t min_length, max_length;
        const Pattern *pattern;
        const StringFormat *format;
} StringRules;

typedef struct ListRules {
        uint64_t min_items, max_items;
        bool unique;
        RuleList prefix;
        const Rule *items;
        const Rule *contains;
        uint64_t min_contains, max_contains;
        const Rule *unevaluated;
} ListRules;

/* A key that "properties" or "required" name. */
typedef struct PropertyRule {
        const char *key;
        uint32_t key_length;
        bool required;
        const Rule *rule; /* or NULL */
} PropertyRule;

typedef struct PatternRule {
        const Pattern *pattern;
        const Rule *rule;
} PatternRule;

/* What holds where a key is there. */
typedef struct DependentRule {
        const char *key;
        uint32_t key_length;
        const Node *required; /* a list of strings, or NULL */
        const Rule *rule;     /* or NULL */
} DependentRule;

typedef struct MapRules {
        uint64_t min_properties, max_properties;
        PropertyRule *properties; /* sorted */
        size_t n_properties, n_required;
        PatternRule *patterns;
        size_t n_patterns;
        DependentRule *dependents;
        size_t n_dependents;
        const Rule *additional;
        const Rule *names;
        const Rule *unevaluated;
} MapRules;

typedef struct LogicRules {
        const Rule *reference;
        const Rule *dynamic;   /* what $dynamicRef refers to where nothing else is in scope */
        unsigned dynamic_name; /* of the anchor looked for; 0 where it is a reference like any other */
        RuleList all_of, any_of, one_of;
        const Rule *forbidden; /* not */
        const Rule *condition, *consequence, *alternative;
} LogicRules;

typedef struct ValueRules {
        const Node *constant;
        const Node *choices; /* a list */
        Hash *hashes;        /* of many choices, sorted; or NULL */
} ValueRules;

/* How a rule applies to the same value as one it stands in. */
typedef enum InPlaceKind {
        IN_PLACE_ALWAYS, /* $ref, allOf */
        IN_PLACE_BRANCH, /* anyOf, oneOf, then, else, dependentSchemas, what a $dynamicRef may be to */
        IN_PLACE_TEST,   /* if, not */
} InPlaceKind;

typedef struct InPlace {
        const Rule *rule;
        InPlaceKind kind;
} InPlace;

/* A schema with a base URI of its own: what $dynamicRef looks through. */
typedef struct RuleScope {
        struct {
                unsigned name;
                const Rule *rule;
        } * anchors;
        size_t n_anchors;
} RuleScope;

struct Rule {
        uint8_t types;  /* TypeSet */
        uint8_t wanted; /* the same, less what "const" and "enum" leave out */
        bool never;     /* false as a schema */
        uint8_t marks;  /* SchemaMark of itself */
        const RuleScope *scope;
        ValueRules *values;
        NumberRules *numbers;
        StringRules *strings;
        ListRules *lists;
        MapRules *maps;
        LogicRules *logic;
        const Node *node;     /* what it was compiled from */
        const Node *fallback; /* its default, or NULL */
        InPlace *in_place;
        size_t n_in_place;
};

struct Schema {
        gatomicrefcount references;
        char **files;
        GPtrArray *documents; /* of Document: nodes and keys are theirs */
        GPtrArray *memory;    /* blocks that hold the rules */
        GPtrArray *patterns;  /* of Pattern */
        const Rule *root;
        RuleList *anchors; /* rules that a dynamic reference may be to, by the number of its name less 1 */
        bool has_marks, has_defaults;
};

/* The types that a value of that kind is of, before anybody looks whether a double is an integer. */
TypeSet rule_types_of(const Node *node);
/* True if the value is of one of those types. */
bool rule_has_type(TypeSet types, const Node *node);
/* "a string or null"; TYPE_ANY is "anything". */
char *rule_describe_types(TypeSet types);

/* The entry for a key, or NULL. */
const PropertyRule *rule_find_property(const MapRules *maps, const char *key, size_t key_length);
