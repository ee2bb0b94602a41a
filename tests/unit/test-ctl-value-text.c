/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values as reconfctl prints them: YAML that reads back as the same
 */
#include "client/ctl/json.h"
#include "client/ctl/value-text.h"
#include "tests/support/decoding.h"
#include "tests/support/generator.h"
#include "tests/support/notation.h"

#include <math.h>
#include <string.h>

static void assert_block(const char *notation, const char *expected)
{
        g_autoptr(Document) document = notation_parse(notation, 0);
        g_autoptr(GString) out = g_string_new(NULL);

        value_append_block(out, document_root(document), 0);
        g_assert_cmpstr(out->str, ==, expected);
}

static void test_block(void)
{
        assert_block("{}", "{}\n");
        assert_block("{a: 1, b: null, c: true, d: 2.5, e: 'x'}", "a: 1\nb: null\nc: true\nd: 2.5\ne: x\n");
        assert_block("{a: {b: {c: []}, d: {}}}", "a:\n  b:\n    c: []\n  d: {}\n");
        assert_block("{a: [1, [2, 3], {b: 4, c: 5}, 'x']}", "a:\n"
                                                            "  - 1\n"
                                                            "  - - 2\n"
                                                            "    - 3\n"
                                                            "  - b: 4\n"
                                                            "    c: 5\n"
                                                            "  - x\n");
}

static void test_flow(void)
{
        g_autoptr(Document) document = notation_parse("{a: [1, {b: 'x y'}], 'c d': ''}", 0);
        g_autoptr(GString) out = g_string_new(NULL);

        value_append_flow(out, document_root(document));
        g_assert_cmpstr(out->str, ==, "{a: [1, {b: x y}], c d: \"\"}");
}

/* A document with one string as key, value and item. */
static Document *wrap(const char *text)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, 0);
        const Place nowhere = { 0 };

        g_assert_null(builder_open_map(builder, nowhere));
        builder_add_key(builder, nowhere, "k", 1);
        builder_add_string(builder, nowhere, text, strlen(text));
        builder_add_key(builder, nowhere, "l", 1);
        g_assert_null(builder_open_list(builder, nowhere));
        builder_add_string(builder, nowhere, text, strlen(text));
        builder_add_string(builder, nowhere, text, strlen(text));
        g_assert_null(builder_close(builder));
        builder_add_key(builder, nowhere, "m", 1);
        g_assert_null(builder_open_map(builder, nowhere));
        builder_add_key(builder, nowhere, text, strlen(text));
        builder_add_integer(builder, nowhere, 1);
        g_assert_null(builder_close(builder));
        g_assert_null(builder_close(builder));
        return builder_end(builder);
}

static const char *const awkward[] = {
        "",    " ",       "a ",       " a",      "null",       "Null",    "~",       "true",   "no",
        "Y",   "1",       "-1",       "1.5",     "0x1f",       "0o7",     "1e3",     ".inf",   ".nan",
        "+",   "-",       "a: b",     "a:",      ":a",         "a #b",    "#a",      "a,b",    "[a]",
        "{a}", "- a",     "? a",      "&a",      "*a",         "!a",      "|",       ">",      "%a",
        "@a",  "`a",      "\"",       "'",       "a\"b'c",     "\\",      "a\\nb",   "a\tb",   "\ta",
        "---", "...",     "=",        "<<",      "/a/b",       "a\n",     "a\nb",    "a\n\n",  "\na",
        "\n",  " a\nb",   "a\n b\n",  "a\n\n b", "a\r\nb",     "\x1b[0m", "\u00a0a", "\u202e", "\ufeffa",
        "ä",   "日本 語", "a\n\tb\n", "a\nb ",   "2001-01-01", "1:30",    "a\n#b\n",
};

static void test_awkward(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(awkward); i++) {
                g_autoptr(Document) document = wrap(awkward[i]);
                g_autoptr(GString) block = g_string_new(NULL);
                g_autoptr(GString) flow = g_string_new(NULL);

                g_test_message("%s", awkward[i]);
                value_append_block(block, document_root(document), 0);
                decoding_assert_same(FORMAT_YAML, NULL, block, document);
                value_append_flow(flow, document_root(document));
                g_assert_null(strchr(flow->str, '\n'));
                decoding_assert_same(FORMAT_YAML, NULL, flow, document);
        }
}

static bool is_finite(const Node *node)
{
        for (uint32_t i = 0; node->kind == NODE_LIST && i < node->length; i++)
                if (!is_finite(&node->list->items[i]))
                        return false;
        for (uint32_t i = 0; node->kind == NODE_MAP && i < node->length; i++)
                if (!is_finite(&node->map->members[i].value))
                        return false;
        return node->kind != NODE_DOUBLE || isfinite(node->number);
}

static void assert_json(const Document *document)
{
        Json *json = json_new(JSON_PRETTY);
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *end = NULL;

        json_add_node(json, document_root(document));
        end = json_end(json);
        g_string_append(text, end);
        decoding_assert_same(FORMAT_JSON, NULL, text, document);
}

/* Whatever a document holds, both forms of it read back as the same. */
static void test_round_trip(void)
{
        for (unsigned i = 0; i < 300; i++) {
                g_autoptr(Document) document = NULL;
                g_autoptr(GString) text = g_string_new(NULL);
                Generator generator;
                uint32_t bytes[64];

                for (size_t j = 0; j < G_N_ELEMENTS(bytes); j++)
                        bytes[j] = g_test_rand_bit() ? (uint32_t) g_test_rand_int() : 0x07070707;
                generator_init(&generator, bytes, sizeof bytes);
                document = generator_document(&generator);
                if (!is_finite(document_root(document)))
                        continue;
                value_append_block(text, document_root(document), 0);
                decoding_assert_same(FORMAT_YAML, NULL, text, document);
                assert_json(document);
        }
}

static void assert_plain(const char *text, bool escape, const char *expected)
{
        g_autoptr(Document) document = wrap(text);
        g_autoptr(GString) out = g_string_new(NULL);

        value_append_plain(out, &node_find_member(document_root(document), "k", 1)->value, escape);
        g_assert_cmpstr(out->str, ==, expected);
}

static void test_plain(void)
{
        assert_plain("true", false, "true\n");
        assert_plain("a\x1b\nb", false, "a\x1b\nb\n");
        assert_plain("a\x1b\nb", true, "a\\x1b\nb\n");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-value-text/block", test_block);
        g_test_add_func("/ctl-value-text/flow", test_flow);
        g_test_add_func("/ctl-value-text/awkward", test_awkward);
        g_test_add_func("/ctl-value-text/round-trip", test_round_trip);
        g_test_add_func("/ctl-value-text/plain", test_plain);
        return g_test_run();
}
