/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The JSON that reconfctl writes
 */
#include "client/ctl/json.h"
#include "tests/support/decoding.h"
#include "tests/support/notation.h"

#include <math.h>

static void assert_end(Json *json, const char *expected)
{
        g_autofree char *text = json_end(json);

        g_assert_cmpstr(text, ==, expected);
}

static void add_all(Json *json)
{
        json_open_object(json);
        json_add_key(json, "list");
        json_open_array(json);
        json_add_null(json);
        json_add_boolean(json, true);
        json_add_integer(json, INT64_MIN);
        json_add_unsigned(json, UINT64_MAX);
        json_add_double(json, 0.1);
        json_open_array(json);
        json_close(json);
        json_open_object(json);
        json_close(json);
        json_close(json);
        json_add_key(json, "text");
        json_add_string(json, "a");
        json_add_key(json, "none");
        json_add_string(json, NULL);
        json_close(json);
}

static void test_short(void)
{
        Json *json = json_new(JSON_SHORT);

        add_all(json);
        assert_end(json, "{\"list\":[null,true,-9223372036854775808,18446744073709551615,0.1,[],{}],"
                         "\"text\":\"a\",\"none\":null}");
}

static void test_pretty(void)
{
        Json *json = json_new(JSON_PRETTY);

        add_all(json);
        assert_end(json, "{\n"
                         "  \"list\": [\n"
                         "    null,\n"
                         "    true,\n"
                         "    -9223372036854775808,\n"
                         "    18446744073709551615,\n"
                         "    0.1,\n"
                         "    [],\n"
                         "    {}\n"
                         "  ],\n"
                         "  \"text\": \"a\",\n"
                         "  \"none\": null\n"
                         "}");
}

static void test_scalar(void)
{
        Json *json = json_new(JSON_SHORT);

        json_add_integer(json, 7);
        assert_end(json, "7");
}

static void test_strings(void)
{
        Json *json = json_new(JSON_SHORT);

        json_open_array(json);
        json_add_string(json, "\"\\/\n\t\r\x1b\x7f");
        json_add_string(json, "ä\xc2\x9b\u202e\U000e0041🙂");
        json_add_string(json, "bad \xff");
        json_close(json);
        assert_end(json, "[\"\\\"\\\\/\\n\\t\\u000d\\u001b\\u007f\","
                         "\"ä\\u009b\\u202e\\udb40\\udc41🙂\","
                         "\"bad \xef\xbf\xbd\"]");
}

/* What JSON has no numbers for. */
static void test_not_finite(void)
{
        Json *json = json_new(JSON_SHORT);

        json_open_array(json);
        json_add_double(json, NAN);
        json_add_double(json, INFINITY);
        json_add_double(json, -INFINITY);
        json_close(json);
        assert_end(json, "[\".nan\",\".inf\",\"-.inf\"]");
}

/* What is written is what the decoder reads. */
static void test_node(void)
{
        g_autoptr(Document) document = notation_parse("{a: [null, true, -1, 18446744073709551615, 2.5, "
                                                      "'ä\n\"', [], {}], '': {b: {c: 'x'}}}",
                                                      0);
        g_autofree char *text = NULL;
        Json *json = json_new(JSON_SHORT);

        json_add_node(json, document_root(document));
        text = json_end(json);
        decoding_assert(FORMAT_JSON, NULL, text,
                        "{a: [null, true, -1, 18446744073709551615, 2.5, 'ä\n\"', [], {}], '': {b: {c: "
                        "'x'}}}");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-json/short", test_short);
        g_test_add_func("/ctl-json/pretty", test_pretty);
        g_test_add_func("/ctl-json/scalar", test_scalar);
        g_test_add_func("/ctl-json/strings", test_strings);
        g_test_add_func("/ctl-json/not-finite", test_not_finite);
        g_test_add_func("/ctl-json/node", test_node);
        return g_test_run();
}
