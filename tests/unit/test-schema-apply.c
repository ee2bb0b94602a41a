/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schemas: coercion, defaults, marks and a schema drafted from a document
 */
#include "daemon/model/schema/infer.h"
#include "tests/support/notation.h"
#include "tests/support/validating.h"

#include <string.h>

static void assert_coerced(const char *schema_text, const char *text, const char *expected)
{
        g_autoptr(Schema) schema = validating_compile(schema_text);
        g_autoptr(Document) document = notation_parse(text, 1);
        g_autoptr(Document) coerced = schema_coerce(schema, document, 1 << 1);
        g_autofree char *found = notation_format(document_root(coerced));

        g_assert_cmpstr(found, ==, expected);
        g_assert_cmpint(coerced == document, ==, document_equal(coerced, document));
}

static void test_coerce_types(void)
{
        static const char schema[] =
                        "properties: {i: {type: integer}, n: {type: number}, b: {type: boolean}, s: "
                        "{type: string}}";

        assert_coerced(schema, "{i: '8080', n: '1.5', b: 'true', s: '5'}",
                       "{b: true, i: 8080, n: 1.5, s: '5'}");
        assert_coerced(schema, "{i: '-7', n: '3', b: 'False'}", "{b: false, i: -7, n: 3}");
        assert_coerced(schema, "{i: '18446744073709551615', n: '1e3'}",
                       "{i: 18446744073709551615, n: 1000.0}");
        /* What is written as something else stays what it is, to be told of. */
        assert_coerced(schema, "{b: 'yes', i: '1.5', n: 'x', other: '1'}",
                       "{b: 'yes', i: '1.5', n: 'x', other: '1'}");
        assert_coerced(schema, "{b: '1', i: '', n: ' 1'}", "{b: '1', i: '', n: ' 1'}");
        assert_coerced(schema, "{b: 'true ', i: '99999999999999999999'}",
                       "{b: 'true ', i: '99999999999999999999'}");
}

static void test_coerce_where(void)
{
        assert_coerced("properties: {a: {type: [integer, string]}}", "{a: '1'}", "{a: '1'}");
        assert_coerced("properties: {a: {type: [integer, boolean]}}", "{a: '1'}", "{a: 1}");
        assert_coerced("properties: {a: {type: [integer, 'null']}}", "{a: '1'}", "{a: 1}");
        assert_coerced("properties: {a: {enum: [1, 2]}, b: {const: true}}", "{a: '1', b: 'true'}",
                       "{a: 1, b: true}");
        assert_coerced("properties: {a: {enum: [1, '1']}}", "{a: '1'}", "{a: '1'}");
        assert_coerced("properties: {a: {allOf: [{type: [integer, string]}, {type: integer}]}}", "{a: '1'}",
                       "{a: 1}");
        assert_coerced("properties: {a: {anyOf: [{type: integer}, {type: boolean}]}}", "{a: 'true'}",
                       "{a: true}");
        assert_coerced("properties: {a: {anyOf: [{type: integer}, {type: string}]}}", "{a: '1'}",
                       "{a: '1'}");
        assert_coerced("properties: {a: {not: {type: integer}}}", "{a: '1'}", "{a: '1'}");
        assert_coerced("if: {properties: {a: {type: integer}}}", "{a: '1'}", "{a: '1'}");
        assert_coerced("oneOf: [{properties: {k: {const: 'x'}, p: {type: integer}}}, {properties: {k: "
                       "{const: 'y'}}}]",
                       "{k: 'x', p: '1'}", "{k: 'x', p: 1}");
}

static void test_coerce_below(void)
{
        assert_coerced("$ref: '#/$defs/d'\n$defs: {d: {additionalProperties: {properties: {p: {$ref: "
                       "'#/$defs/n'}}}}, n: "
                       "{type: integer}}\n",
                       "{a: {p: '1', q: '2'}, b: {q: '3'}, c: {p: '4'}}",
                       "{a: {p: 1, q: '2'}, b: {q: '3'}, c: {p: 4}}");
        assert_coerced("properties: {l: {prefixItems: [{type: boolean}], items: {type: integer}}}",
                       "{l: ['true', '1', 'x', '2']}", "{l: [true, 1, 'x', 2]}");
        assert_coerced("patternProperties: {'^n': {type: integer}}\nunevaluatedProperties: {type: "
                       "boolean}\n",
                       "{n: '1', x: 'true'}", "{n: 1, x: true}");
}

static void test_coerce_layers(void)
{
        g_autoptr(Schema) schema = validating_compile("additionalProperties: {type: integer}");
        g_autoptr(Document) document = notation_parse("{a: '1'}", 0);
        g_autoptr(Document) same = schema_coerce(schema, document, 1 << 1);
        g_autoptr(Document) none = schema_coerce(schema, document, 0);
        g_autoptr(Document) coerced = schema_coerce(schema, document, 1 << 0);
        const Node *node = &document_root(coerced)->map->members[0].value;

        g_assert_true(same == document);
        g_assert_true(none == document);
        g_assert_cmpint(node->kind, ==, NODE_INTEGER);
        g_assert_cmpuint(node->line, ==, 1);
        g_assert_cmpuint(node->column, ==, 5);
        g_assert_cmpuint(node->layer, ==, 0);
}

/* The paths are joined with spaces. */
static void assert_filled(const char *schema_text, const char *text, const char *expected, const char *paths)
{
        g_autoptr(Schema) schema = validating_compile(schema_text);
        g_autoptr(Document) document = notation_parse(text, 2);
        g_autoptr(GPtrArray) filled = NULL;
        g_autoptr(Document) result = schema_fill_defaults(schema, document, &filled);
        g_autofree char *found = notation_format(document_root(result));
        g_autoptr(GString) joined = g_string_new(NULL);

        for (guint i = 0; i < filled->len; i++)
                g_string_append_printf(joined, "%s%s", i > 0 ? " " : "",
                                       (char *) g_ptr_array_index(filled, i));
        g_assert_cmpstr(found, ==, expected);
        g_assert_cmpstr(joined->str, ==, paths);
        g_assert_cmpint(result == document, ==, filled->len == 0);
}

static void test_defaults(void)
{
        static const char schema[] = "properties:\n"
                                     "  port: {default: 80}\n"
                                     "  log: {properties: {level: {default: info}, file: {type: string}}}\n"
                                     "  tls: {default: {}, properties: {on: {default: false}}}\n"
                                     "  list: {items: {properties: {n: {default: 1}}}}\n";

        assert_filled(schema, "{port: 1, tls: 5}", "{port: 1, tls: 5}", "");
        assert_filled(schema, "{}", "{port: 80, tls: {on: false}}", "port tls");
        assert_filled(schema, "{log: {}, port: null, tls: {}}",
                      "{log: {level: 'info'}, port: null, tls: {on: false}}", "log.level tls.on");
        assert_filled(schema, "{list: [{}, {n: 2}, 3], port: 1, tls: 1}",
                      "{list: [{n: 1}, {n: 2}, 3], port: 1, tls: 1}", "list.0.n");
}

static void test_defaults_of_references(void)
{
        assert_filled("properties: {a: {$ref: '#/$defs/d'}, b: {$ref: '#/$defs/d', default: 2}, c: {allOf: "
                      "[{$ref: "
                      "'#/$defs/d'}]}}\n$defs: {d: {default: 1}}",
                      "{}", "{a: 1, b: 2, c: 1}", "a b c");
        assert_filled("allOf: [{properties: {a: {default: 1}}}]\nproperties: {a: {type: integer}}", "{}",
                      "{a: 1}", "a");
        assert_filled("additionalProperties: {properties: {a: {default: [1, {x: y}]}}}", "{'k k': {}}",
                      "{'k k': {a: [1, {x: 'y'}]}}", "\"k k\".a");
        assert_filled("patternProperties: {'^s': {properties: {a: {default: .5}}}}", "{s1: {}, t: {}}",
                      "{s1: {a: 0.5}, t: {}}", "s1.a");
}

static void test_defaults_by_condition(void)
{
        static const char schema[] = "if: {properties: {k: {const: tcp}}, required: [k]}\n"
                                     "then: {properties: {port: {default: 80}}}\n"
                                     "else: {properties: {path: {default: /run/s}}}\n"
                                     "dependentSchemas: {d: {properties: {e: {default: 1}}}}\n"
                                     "anyOf: [{properties: {k: {const: x}, f: {default: 2}}}, {}]\n"
                                     "not: {properties: {z: {default: 3}}, required: [z]}\n";

        assert_filled(schema, "{k: 'tcp'}", "{k: 'tcp', port: 80}", "port");
        assert_filled(schema, "{d: 1, k: 'udp'}", "{d: 1, e: 1, k: 'udp', path: '/run/s'}", "e path");
        assert_filled(schema, "{k: 'x', path: 1}", "{f: 2, k: 'x', path: 1}", "f");
}

static void test_defaults_have_no_place(void)
{
        g_autoptr(Schema) schema =
                        validating_compile("properties:\n  a: {default: {b: x, c: null, d: 1.5}}\n");
        g_autoptr(Document) document = notation_parse("{z: 1}", 2);
        g_autoptr(GPtrArray) paths = NULL;
        g_autoptr(Document) filled = schema_fill_defaults(schema, document, &paths);
        const Node *root = document_root(filled);
        const Node *added = &root->map->members[0].value;

        g_assert_cmpuint(added->line, ==, 0);
        g_assert_cmpuint(added->map->members[0].value.line, ==, 0);
        g_assert_cmpuint(root->line, ==, 1);
        g_assert_cmpuint(root->map->members[1].value.column, ==, 5);
        g_assert_cmpuint(root->map->members[1].value.layer, ==, 2);
}

/* A problem with a default stands where the default would. */
static void test_defaults_that_are_wrong(void)
{
        g_autoptr(Schema) schema = validating_compile(
                        "properties: {s: {properties: {a: {type: integer, default: x}}}}");
        g_autoptr(Document) document = notation_parse("{s: {}}", 0);
        g_autoptr(GPtrArray) paths = NULL;
        g_autoptr(Document) filled = schema_fill_defaults(schema, document, &paths);
        g_autoptr(Failure) failure = schema_validate(schema, filled, NULL, true);
        g_autofree char *found = validating_list(failure);

        g_assert_cmpstr(found, ==, ":1:5: s.a: expected an integer, found the string \"x\"\n");
}

static void assert_marks(const Schema *schema, const char *text, const char *dotted, unsigned marks)
{
        g_autoptr(Document) document = notation_parse(text, 0);
        g_autoptr(Path) path = NULL;

        g_assert_null(path_parse(dotted, &path));
        g_assert_cmpuint(schema_marks(schema, document_root(document), path), ==, marks);
}

static void test_marks(void)
{
        g_autoptr(Schema) schema =
                        validating_compile("properties:\n"
                                           "  db: {properties: {password: {writeOnly: true}, pool: "
                                           "{x-restart: true}, host: {}}}\n"
                                           "  keys: {writeOnly: true}\n"
                                           "  list: {items: {properties: {t: {$ref: '#/$defs/s'}}}}\n"
                                           "  any: {oneOf: [{type: integer}, {writeOnly: true}]}\n"
                                           "  plain: {writeOnly: false}\n"
                                           "$defs: {s: {writeOnly: true}}\n");
        static const char text[] = "{db: {host: 'h', password: 'p', pool: {size: 1}}, keys: {a: [1]}, list: "
                                   "[{t: 1}, {u: "
                                   "2}], any: 1, plain: 1}";

        assert_marks(schema, text, "db.password", SCHEMA_WRITE_ONLY);
        assert_marks(schema, text, "db.pool", SCHEMA_RESTART);
        assert_marks(schema, text, "db.pool.size", SCHEMA_RESTART);
        assert_marks(schema, text, "db.host", 0);
        assert_marks(schema, text, "db", SCHEMA_WRITE_ONLY | SCHEMA_RESTART);
        assert_marks(schema, text, "", SCHEMA_WRITE_ONLY | SCHEMA_RESTART);
        assert_marks(schema, text, "keys.a.0", SCHEMA_WRITE_ONLY);
        assert_marks(schema, text, "list.0.t", SCHEMA_WRITE_ONLY);
        assert_marks(schema, text, "list.0", SCHEMA_WRITE_ONLY);
        assert_marks(schema, text, "list.1", 0);
        assert_marks(schema, text, "any", SCHEMA_WRITE_ONLY);
        assert_marks(schema, text, "plain", 0);
        assert_marks(schema, text, "unknown", 0);
        /* Of what is not there, the schema alone tells. */
        assert_marks(schema, "{}", "db.password", SCHEMA_WRITE_ONLY);
        assert_marks(schema, "{}", "list.7.t", SCHEMA_WRITE_ONLY);
        assert_marks(schema, "{}", "", 0);
        assert_marks(schema, "{db: {host: 'h'}}", "db", 0);
}

static void test_marks_of_dynamic_references(void)
{
        g_autoptr(Schema) schema =
                        validating_compile("$id: 'https://x.org/a'\n"
                                           "properties: {v: {$dynamicRef: '#d'}}\n"
                                           "$defs:\n"
                                           "  one: {$dynamicAnchor: d}\n"
                                           "  two: {$id: b, $dynamicAnchor: d, writeOnly: true}\n");

        assert_marks(schema, "{v: 1}", "v", SCHEMA_WRITE_ONLY);
}

static void test_marks_at_the_root(void)
{
        g_autoptr(Schema) schema = validating_compile("x-restart: true");

        assert_marks(schema, "{a: {b: 1}}", "a.b", SCHEMA_RESTART);
}

static void assert_inferred(const char *text, const char *expected)
{
        g_autoptr(Document) document = notation_parse(text, 0);
        g_autoptr(Document) drafted = schema_infer(document);
        g_autofree char *found = notation_format(document_root(drafted));
        g_autofree char *wanted = g_strdup_printf(
                        "{$schema: 'https://json-schema.org/draft/2020-12/schema', %s}", expected);

        /* The key $schema is in quotes there; all behind it is compared. */
        g_assert_cmpstr(strchr(found, ','), ==, strchr(wanted, ','));
}

static void test_infer(void)
{
        assert_inferred("{}", "type: 'object'");
        assert_inferred("{a: 1, b: 'x', c: null, d: [], e: {}}",
                        "additionalProperties: false, properties: {a: {type: 'integer'}, b: {type: "
                        "'string'}, c: {type: "
                        "'null'}, d: {type: 'array'}, e: {type: 'object'}}, required: ['a', 'b', 'c', 'd', "
                        "'e'], type: "
                        "'object'");
        assert_inferred("{l: [1, 2.5, 'x', true]}", "additionalProperties: false, properties: {l: {items: "
                                                    "{type: ['number', 'string', 'boolean']}, "
                                                    "type: 'array'}}, required: ['l'], type: 'object'");
        assert_inferred("{l: [{a: 1, b: 2}, {a: 1.5}]}",
                        "additionalProperties: false, properties: {l: {items: {additionalProperties: false, "
                        "properties: "
                        "{a: {type: 'number'}, b: {type: 'integer'}}, required: ['a'], type: 'object'}, "
                        "type: 'array'}}, "
                        "required: ['l'], type: 'object'");
}

static Failure *refuse(const char *path, Document **ret, void *userdata)
{
        g_assert_not_reached();
}

/* Documents of every depth fit the schema that is made of them. */
static void test_infer_deep(void)
{
        for (unsigned depth = 1; depth <= DOCUMENT_MAX_DEPTH; depth++) {
                g_autoptr(GString) text = g_string_new("1");
                g_autoptr(Document) document = NULL;
                g_autoptr(Document) drafted = NULL;
                g_autoptr(Schema) schema = NULL;

                for (unsigned i = 1; i <= depth; i++) {
                        bool is_list = i % 3 == 0 && i < depth;

                        g_string_prepend(text, is_list ? "[" : "{k: ");
                        g_string_append(text, is_list ? "]" : "}");
                }
                document = notation_parse(text->str, 0);
                drafted = schema_infer(document);
                g_assert_null(schema_new("/x/s.json", drafted, refuse, NULL, &schema));
                g_assert_null(schema_validate(schema, document, NULL, true));
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/schema-apply/coerce-types", test_coerce_types);
        g_test_add_func("/schema-apply/coerce-where", test_coerce_where);
        g_test_add_func("/schema-apply/coerce-below", test_coerce_below);
        g_test_add_func("/schema-apply/coerce-layers", test_coerce_layers);
        g_test_add_func("/schema-apply/defaults", test_defaults);
        g_test_add_func("/schema-apply/defaults-of-references", test_defaults_of_references);
        g_test_add_func("/schema-apply/defaults-by-condition", test_defaults_by_condition);
        g_test_add_func("/schema-apply/defaults-have-no-place", test_defaults_have_no_place);
        g_test_add_func("/schema-apply/defaults-that-are-wrong", test_defaults_that_are_wrong);
        g_test_add_func("/schema-apply/marks", test_marks);
        g_test_add_func("/schema-apply/marks-of-dynamic-references", test_marks_of_dynamic_references);
        g_test_add_func("/schema-apply/marks-at-the-root", test_marks_at_the_root);
        g_test_add_func("/schema-apply/infer", test_infer);
        g_test_add_func("/schema-apply/infer-deep", test_infer_deep);
        return g_test_run();
}
