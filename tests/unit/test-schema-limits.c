/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schemas: whatever they are, there is an answer soon
 *
 * Each of these would take hours or all of the stack if nothing bounded it; how long it takes is not looked
 * at.
 */
#include "daemon/model/schema/pattern.h"
#include "tests/support/validating.h"

#include <string.h>

static void assert_given_up(const char *schema_text, const char *text, const char *part)
{
        g_autoptr(Schema) schema = validating_compile(schema_text);
        g_autofree char *found = validating_problems(schema, text, true);

        g_assert_nonnull(strstr(found, part));
}

/* Each definition asks for the next one twice. */
static char *make_doubling(unsigned count)
{
        g_autoptr(GString) text = g_string_new("$ref: '#/$defs/d0'\n$defs:\n");

        for (unsigned i = 0; i < count; i++)
                g_string_append_printf(text,
                                       "  d%u: {anyOf: [{$ref: '#/$defs/d%u'}, {$ref: '#/$defs/d%u'}]}\n", i,
                                       i + 1, i + 1);
        g_string_append_printf(text, "  d%u: {required: [a]}\n", count);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static void test_doubling(void)
{
        g_autofree char *schema = make_doubling(60);

        assert_given_up(schema, "b: 1\n", "validation was given up");
}

/* Negation does not make a limit that was hit a success. */
static void test_doubling_negated(void)
{
        g_autofree char *doubling = make_doubling(60);
        g_autofree char *schema = g_strdup_printf("not: {not: {not: {$ref: '#/$defs/d0'}}}\n%s",
                                                  strchr(doubling, '\n') + 1);

        assert_given_up(schema, "b: 1\n", "validation was given up");
}

static void test_chain_of_references(void)
{
        g_autoptr(GString) text = g_string_new("$ref: '#/$defs/d0'\n$defs:\n");

        for (unsigned i = 0; i < 20000; i++)
                g_string_append_printf(text, "  d%u: {$ref: '#/$defs/d%u'}\n", i, i + 1);
        g_string_append(text, "  d20000: true\n");
        assert_given_up(text->str, "b: 1\n", "the schema refers to itself more than 400 times");
}

static void test_dynamic_loop(void)
{
        assert_given_up("$dynamicAnchor: x\n$dynamicRef: '#x'\n", "b: 1\n",
                        "the schema refers to itself more than 400 times");
}

static void test_equal_lists(void)
{
        g_autoptr(Schema) schema = validating_compile("properties: {list: {uniqueItems: true}}");
        g_autoptr(GString) text = g_string_new("{list: [");
        g_autofree char *found = NULL;

        for (unsigned i = 0; i < 50000; i++)
                g_string_append_printf(text, "[%u], ", i);
        g_string_append(text, "[7.0]]}");
        found = validating_problems(schema, text->str, true);
        g_assert_nonnull(strstr(found,
                                "list.50000: all items must differ, and this one is equal to item 7\n"));
}

/* Very many patterns that cannot be automata, each of which takes its time. */
static void test_slow_patterns(void)
{
        g_autoptr(GString) text = g_string_new("{list: [");

        for (unsigned i = 0; i < 5000; i++)
                g_string_append_printf(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%u, ", i);
        g_string_append(text, "a]}");
        assert_given_up("properties: {list: {items: {pattern: '^(a+)+(?=b)$'}}}", text->str,
                        "takes too many steps to match");
}

static void test_pattern_work(void)
{
        uint64_t work = 0;
        g_autofree char *message = NULL;
        Pattern *pattern = pattern_new("^a[b-d]+$", &work, &message);

        /* No automaton may be made any more, and it is matched all the same. */
        g_assert_nonnull(pattern);
        g_assert_false(pattern_is_linear(pattern));
        g_assert_cmpint(pattern_match(pattern, "abcd", 4), ==, PATTERN_MATCHES);
        g_assert_cmpint(pattern_match(pattern, "abcde", 5), ==, PATTERN_DIFFERS);
        pattern_free(pattern);
}

static void test_patterns_refused(void)
{
        static const char *const nested = "(((((){65535}){65535}){65535}){65535}){65535}";
        g_autofree char *deep = g_strnfill(100, '('), *too_long = g_strnfill(10001, 'a');
        const char *patterns[] = { nested, deep, too_long };

        for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
                uint64_t work = 100000000;
                g_autofree char *message = NULL;

                g_assert_null(pattern_new(patterns[i], &work, &message));
                g_assert_nonnull(message);
        }
}

/* A default that holds itself. */
static void test_endless_defaults(void)
{
        g_autoptr(Schema) schema = validating_compile("$ref: '#/$defs/n'\n"
                                                      "$defs:\n"
                                                      "  n:\n"
                                                      "    default: {}\n"
                                                      "    properties: {a: {$ref: '#/$defs/n'}, b: {$ref: "
                                                      "'#/$defs/n'}, c: {$ref: '#/$defs/n'}}\n");
        g_autoptr(Document) document = document_new_empty();
        g_autoptr(GPtrArray) paths = NULL;
        g_autoptr(Document) filled = schema_fill_defaults(schema, document, &paths);

        g_assert_cmpuint(paths->len, >=, 1);
        g_assert_cmpuint(node_height(document_root(filled)), ==, DOCUMENT_MAX_DEPTH);
        g_assert_cmpuint(node_count(document_root(filled)), <=, 100001);
}

static void test_many_keys(void)
{
        g_autoptr(GString) schema_text = g_string_new("additionalProperties: false\nproperties:\n");
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(Schema) schema = NULL;
        g_autofree char *found = NULL;

        for (unsigned i = 0; i < 20000; i++) {
                g_string_append_printf(schema_text, "  key%05u: true\n", i);
                g_string_append_printf(text, "kye%05u: 1\n", i);
        }
        schema = validating_compile(schema_text->str);
        found = validating_problems(schema, text->str, true);
        g_assert_nonnull(strstr(found,
                                "kye00000: the key kye00000 is unknown here; did you mean \"key00000\"?"));
        g_assert_nonnull(strstr(found, "and 19901 more problems"));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/schema-limits/doubling", test_doubling);
        g_test_add_func("/schema-limits/doubling-negated", test_doubling_negated);
        g_test_add_func("/schema-limits/chain-of-references", test_chain_of_references);
        g_test_add_func("/schema-limits/dynamic-loop", test_dynamic_loop);
        g_test_add_func("/schema-limits/equal-lists", test_equal_lists);
        g_test_add_func("/schema-limits/slow-patterns", test_slow_patterns);
        g_test_add_func("/schema-limits/pattern-work", test_pattern_work);
        g_test_add_func("/schema-limits/patterns-refused", test_patterns_refused);
        g_test_add_func("/schema-limits/endless-defaults", test_endless_defaults);
        g_test_add_func("/schema-limits/many-keys", test_many_keys);
        return g_test_run();
}
