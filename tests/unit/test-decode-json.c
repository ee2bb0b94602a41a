/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON: what RFC 8259 allows, and where what it does not allow is found
 */
#include "tests/support/decoding.h"

#include <string.h>

static void assert_json(const char *text, const char *notation)
{
        decoding_assert(FORMAT_JSON, NULL, text, notation);
}

static void assert_refused(const char *text, uint32_t line, uint32_t column, const char *part)
{
        decoding_assert_refused(FORMAT_JSON, NULL, text, FAILURE_PARSE_FAILED, line, column, part);
}

/* The string that stands under the key k. */
static void assert_string(const char *text, const char *expected)
{
        g_autoptr(Document) document = decoding_take(FORMAT_JSON, NULL, text);
        const Member *member = node_find_member(document_root(document), "k", 1);

        g_assert_nonnull(member);
        g_assert_cmpint(member->value.kind, ==, NODE_STRING);
        g_assert_cmpmem(member->value.string, member->value.length + 1, expected, strlen(expected) + 1);
}

static void test_structure(void)
{
        assert_json("{}", "{}");
        assert_json(" \t\r\n{ \n } \n", "{}");
        assert_json("{\"a\":1,\"b\":[],\"c\":{},\"d\":[[{}]]}", "{a: 1, b: [], c: {}, d: [[{}]]}");
        assert_json("{ \"a\" : [ 1 , 2 ] , \"\" : null }\r\n", "{a: [1, 2], '': null}");
        assert_json("{\"t\":true,\"f\":false,\"n\":null}", "{t: true, f: false, n: null}");
        assert_json("\xef\xbb\xbf{\"a\": 1}", "{a: 1}");
}

static void test_numbers(void)
{
        assert_json("{\"k\":[0,-0,1,-1,120]}", "{k: [0, 0, 1, -1, 120]}");
        assert_json("{\"k\":[9223372036854775807,-9223372036854775808]}",
                    "{k: [9223372036854775807, -9223372036854775808]}");
        assert_json("{\"k\":[9223372036854775808,18446744073709551615]}",
                    "{k: [9223372036854775808, 18446744073709551615]}");
        assert_json("{\"k\":[0.0,-0.0,1.0,1e0,0e1,1E+2,25e-1,0.1,1e-400]}",
                    "{k: [0.0, -0.0, 1.0, 1.0, 0.0, 100.0, 2.5, 0.1, 0.0]}");
        assert_json("{\"k\":1.7976931348623157e308}", "{k: 1.7976931348623157e308}");

        assert_refused("{\"k\":18446744073709551616}", 1, 6, "64 bits");
        assert_refused("{\"k\":-9223372036854775809}", 1, 6, "64 bits");
        assert_refused("{\"k\":123456789012345678901234567890}", 1, 6, "64 bits");
        assert_refused("{\"k\": 1e400}", 1, 7, "out of range");
        assert_refused("{\"k\": -1e400}", 1, 7, "out of range");
        assert_refused("{\"k\":01}", 1, 7, "zeros");
        assert_refused("{\"k\":-01}", 1, 8, "zeros");
        assert_refused("{\"k\":-}", 1, 7, "digit after '-'");
        assert_refused("{\"k\":-", 1, 7, "found the end of the file");
        assert_refused("{\"k\":1.}", 1, 8, "decimal point");
        assert_refused("{\"k\":1.e1}", 1, 8, "decimal point");
        assert_refused("{\"k\":1e}", 1, 8, "exponent");
        assert_refused("{\"k\":1e+}", 1, 9, "exponent");
        assert_refused("{\"k\":+1}", 1, 6, "expected a value");
        assert_refused("{\"k\":.5}", 1, 6, "expected a value");
        assert_refused("{\"k\":0x10}", 1, 7, "',' or '}'");
        assert_refused("{\"k\":1 2}", 1, 8, "found a number");
}

static void test_strings(void)
{
        assert_string("{\"k\":\"\"}", "");
        assert_string("{\"k\":\"plain text, longer than a word\"}", "plain text, longer than a word");
        assert_string("{\"k\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t");
        assert_string("{\"k\":\"before it \\n and behind it\"}", "before it \n and behind it");
        assert_string("{\"k\":\"\\u0041\\u00e9\\u20AC\\ud83c\\udf88\"}", "Aé€🎈");
        assert_string("{\"k\":\"é€🎈\x7f\"}", "é€🎈\x7f");
        assert_string("{\"k\":\"\\uffff\\ufffe\\ue000\\ud7ff\"}",
                      "\xef\xbf\xbf\xef\xbf\xbe\xee\x80\x80\xed\x9f\xbf");
        assert_json("{\"\\u006b\\n\": 1}", "{'k\n': 1}");
}

/* Bytes are looked at eight at a time: each kind of end has to be found at each distance from the start. */
static void test_string_lengths(void)
{
        for (unsigned length = 0; length < 40; length++) {
                g_autofree char *filler = g_strnfill(length, 'x');
                g_autofree char *plain = g_strdup_printf("{\"k\":\"%s\"}", filler);
                g_autofree char *escaped = g_strdup_printf("{\"k\":\"%s\\\\%s\"}", filler, filler);
                g_autofree char *text = g_strdup_printf("%s\\%s", filler, filler);
                g_autofree char *broken = g_strdup_printf("{\"k\":\"%s\x1f \"}", filler);
                g_autofree char *wide = g_strdup_printf("{\"k\":\"%sé€🎈\", ?}", filler);
                g_autofree char *open = g_strdup_printf("{\"k\":\"%s", filler);

                assert_string(plain, filler);
                assert_string(escaped, text);
                assert_refused(broken, 1, 7 + length, "control character");
                assert_refused(wide, 1, 13 + length, "a key in double quotes");
                assert_refused(open, 1, 6, "not closed");
        }
}

static void test_strings_refused(void)
{
        assert_refused("{\"k\":\"abc}\n", 1, 11, "control character");
        assert_refused("{\"k\":\"a\tb\"}", 1, 8, "control character");
        assert_refused("{\"k\":\"a\\\"}", 1, 6, "not closed");
        assert_refused("{\"k\":\"a\\", 1, 8, "unknown escape");
        assert_refused("{\"k\":\"\\x41\"}", 1, 7, "unknown escape");
        assert_refused("{\"k\":\"é\\'\"}", 1, 8, "unknown escape");
        assert_refused("{\"k\":\"\\U0041\"}", 1, 7, "unknown escape");
        assert_refused("{\"k\":\"\\u00\"}", 1, 7, "four hexadecimal digits");
        assert_refused("{\"k\":\"\\u004g\"}", 1, 7, "four hexadecimal digits");
        assert_refused("{\"k\":\"\\u12", 1, 7, "four hexadecimal digits");
        assert_refused("{\"k\":\"\\u0000\"}", 1, 7, "D-Bus");
        assert_refused("{\"\\u0000\":1}", 1, 3, "D-Bus");
        assert_refused("{\"k\":\"\\ud800\"}", 1, 7, "surrogate");
        assert_refused("{\"k\":\"\\udc00\"}", 1, 7, "surrogate");
        assert_refused("{\"k\":\"\\ud800\\ud800\"}", 1, 7, "surrogate");
        assert_refused("{\"k\":\"\\ud800\\u0041\"}", 1, 7, "surrogate");
        assert_refused("{\"k\":\"\\ud800\\u12\"}", 1, 7, "surrogate");
        assert_refused("{\"k\":\"\\ud800\\n\"}", 1, 7, "surrogate");
        assert_refused("{\"k\":'v'}", 1, 6, "single quote");
        assert_refused("{'k':1}", 1, 2, "single quote");
}

static void test_structure_refused(void)
{
        assert_refused("{\"k\":1,}", 1, 8, "expected a key in double quotes, found '}'");
        assert_refused("{\"k\":[1,]}", 1, 9, "expected a value, found ']'");
        assert_refused("{\"k\":[1 2]}", 1, 9, "',' or ']'");
        assert_refused("{\"k\":[1}", 1, 8, "',' or ']', found '}'");
        assert_refused("{\"k\":[,1]}", 1, 7, "found ','");
        assert_refused("{,}", 1, 2, "a key in double quotes");
        assert_refused("{\"k\"}", 1, 5, "':' after the key");
        assert_refused("{\"k\" 1}", 1, 6, "':' after the key");
        assert_refused("{\"k\"::1}", 1, 6, "found ':'");
        assert_refused("{k:1}", 1, 2, "found a word");
        assert_refused("{1:1}", 1, 2, "found a number");
        assert_refused("{\"k\":nul}", 1, 6, "true, false or null");
        assert_refused("{\"k\":True}", 1, 6, "found a word");
        assert_refused("{\"k\":NaN}", 1, 6, "found a word");
        assert_refused("{\"k\":Infinity}", 1, 6, "found a word");
        assert_refused("{\"k\":-Infinity}", 1, 7, "digit after '-'");
        assert_refused("{\"k\":truefalse}", 1, 10, "found a word");
        assert_refused("{} // end", 1, 4, "comment");
        assert_refused("# start\n{}", 1, 1, "comment");
        assert_refused("{}{}", 1, 3, "nothing more after the first value, found '{'");
        assert_refused("{},", 1, 3, "found ','");
        assert_refused("{\"k\":\v1}", 1, 6, "a control character");
        assert_refused("{\"k\":\xc2\xa0 1}", 1, 6, "no meaning");
        assert_refused("{\"k\":1", 1, 7, "found the end of the file");
        assert_refused("{\"k\":", 1, 6, "found the end of the file");
        assert_refused("{\"k\"", 1, 5, "found the end of the file");
        assert_refused("{\n", 2, 1, "found the end of the file");
}

static void test_root(void)
{
        assert_refused("", 1, 1, "the file is empty");
        assert_refused(" \n\n", 3, 1, "the file is empty");
        assert_refused(" []", 1, 2, "found a list");
        assert_refused("\n\"text\"", 2, 1, "found a string");
        assert_refused("12", 1, 1, "found a number");
        assert_refused("18446744073709551615", 1, 1, "found a number");
        assert_refused("1.5", 1, 1, "found a number");
        assert_refused("true", 1, 1, "found a boolean");
        assert_refused("null", 1, 1, "found null");
        /* A syntax error is the better news. */
        assert_refused("[1", 1, 3, "',' or ']'");
}

static void test_duplicates(void)
{
        assert_refused("{\"a\":1,\n \"a\":1}", 2, 2, "line 1");
        assert_refused("{\"k\":{\"a\":1,\"\\u0061\":2}}", 1, 13, "k.a stands twice");
        assert_json("{\"a\":{\"a\":1},\"b\":{\"a\":1}}", "{a: {a: 1}, b: {a: 1}}");
}

static void test_places(void)
{
        g_autoptr(Document) document = decoding_take(FORMAT_JSON, NULL,
                                                     "\n"
                                                     " {\"a\": 1, \"é€🎈\\u00e9\": true,\r\n"
                                                     "\t\"list\": [\"ünï\", \"x\", {\"deep\": null}],\n"
                                                     "        \"after\":\n"
                                                     "          -1.5 }");

        decoding_assert_place(document, "", 2, 2);
        decoding_assert_place(document, "a", 2, 8);
        decoding_assert_place(document, "\"é€🎈é\"", 2, 24);
        decoding_assert_place(document, "list", 3, 10);
        decoding_assert_place(document, "list.0", 3, 11);
        decoding_assert_place(document, "list.1", 3, 18);
        decoding_assert_place(document, "list.2.deep", 3, 32);
        decoding_assert_place(document, "after", 5, 11);
}

static void test_path_of_failure(void)
{
        static const char text[] = "{\"a\": {\"b c\": [1, {\"d\": tru}]}}";
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure = decode(FORMAT_JSON, NULL, 0, text, sizeof text - 1, NULL, &document);
        const Problem *problem;

        g_assert_nonnull(failure);
        problem = g_ptr_array_index(failure->problems, 0);
        g_assert_cmpstr(problem->path, ==, "a.\"b c\".1.d");
        g_assert_cmpstr(problem->file, ==, "");
}

/* A map whose only value is lists within each other, levels in all. */
static char *nest(unsigned levels)
{
        g_autofree char *open = g_strnfill(levels - 1, '['), *close = g_strnfill(levels - 1, ']');

        return g_strdup_printf("{\"k\":%s%s}", open, close);
}

static void test_depth(void)
{
        g_autofree char *deepest = nest(DOCUMENT_MAX_DEPTH), *deeper = nest(DOCUMENT_MAX_DEPTH + 1);
        g_autofree char *lists = g_strnfill(100000, '[');
        g_autoptr(GString) maps = g_string_new(NULL);
        g_autoptr(Document) document = decoding_take(FORMAT_JSON, NULL, deepest);

        g_assert_cmpuint(node_height(document_root(document)), ==, DOCUMENT_MAX_DEPTH);
        decoding_assert_refused(FORMAT_JSON, NULL, deeper, FAILURE_TOO_DEEP, 1, 25, "20 levels");
        decoding_assert_refused(FORMAT_JSON, NULL, lists, FAILURE_TOO_DEEP, 1, 21, "20 levels");
        for (unsigned i = 0; i < 100000; i++)
                g_string_append(maps, "{\"k\":");
        decoding_assert_refused(FORMAT_JSON, NULL, maps->str, FAILURE_TOO_DEEP, 1, 101, "20 levels");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/decode-json/structure", test_structure);
        g_test_add_func("/decode-json/numbers", test_numbers);
        g_test_add_func("/decode-json/strings", test_strings);
        g_test_add_func("/decode-json/string-lengths", test_string_lengths);
        g_test_add_func("/decode-json/strings-refused", test_strings_refused);
        g_test_add_func("/decode-json/structure-refused", test_structure_refused);
        g_test_add_func("/decode-json/root", test_root);
        g_test_add_func("/decode-json/duplicates", test_duplicates);
        g_test_add_func("/decode-json/places", test_places);
        g_test_add_func("/decode-json/path-of-failure", test_path_of_failure);
        g_test_add_func("/decode-json/depth", test_depth);
        return g_test_run();
}
