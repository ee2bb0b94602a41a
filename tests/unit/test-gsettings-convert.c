/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Converting: each type from what suits it, and from what does not
 */
#include "client/gsettings/convert.h"
#include "client/lib/reconf/reconf.h"

/* What is at v in a document. */
static GVariant *take(const char *yaml)
{
        g_autofree char *text = g_strdup_printf("{v: %s}", yaml);
        g_autoptr(GError) error = NULL;
        g_autoptr(ReconfConfig) config = reconf_config_new_for_data(text, -1, "yaml", &error);

        g_assert_no_error(error);
        return reconf_config_get_variant(config, "v");
}

static void assert_fits(const char *yaml, const char *type, const char *expected)
{
        g_autoptr(GVariant) value = take(yaml);
        g_autoptr(GVariant) converted = convert_value(value, G_VARIANT_TYPE(type));
        g_autoptr(GVariant) wanted = g_variant_parse(G_VARIANT_TYPE(type), expected, NULL, NULL, NULL);

        g_assert_nonnull(wanted);
        if (!converted)
                g_error("%s does not fit %s", yaml, type);
        g_assert_cmpvariant(converted, wanted);
        g_assert_false(g_variant_is_floating(converted));
}

static void assert_misfits(const char *yaml, const char *type)
{
        g_autoptr(GVariant) value = take(yaml);
        g_autoptr(GVariant) converted = convert_value(value, G_VARIANT_TYPE(type));

        if (converted)
                g_error("%s fits %s", yaml, type);
}

static void test_integers(void)
{
        static const struct {
                const char *type, *low, *high, *too_low, *too_high;
        } ranges[] = {
                { "y", "0", "255", "-1", "256" },
                { "n", "-32768", "32767", "-32769", "32768" },
                { "q", "0", "65535", "-1", "65536" },
                { "i", "-2147483648", "2147483647", "-2147483649", "2147483648" },
                { "u", "0", "4294967295", "-1", "4294967296" },
                { "x", "-9223372036854775808", "9223372036854775807", "1.5", "9223372036854775808" },
                { "t", "0", "18446744073709551615", "-1", "1e3" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
                assert_fits(ranges[i].low, ranges[i].type, ranges[i].low);
                assert_fits(ranges[i].high, ranges[i].type, ranges[i].high);
                assert_misfits(ranges[i].too_low, ranges[i].type);
                assert_misfits(ranges[i].too_high, ranges[i].type);
                assert_misfits("1.0", ranges[i].type);
                assert_misfits("true", ranges[i].type);
                assert_misfits("null", ranges[i].type);
                assert_misfits("[1]", ranges[i].type);
                assert_misfits("{a: 1}", ranges[i].type);
        }
}

static void test_others(void)
{
        assert_fits("1.5", "d", "1.5");
        assert_fits("-3", "d", "-3.0");
        assert_fits("18446744073709551615", "d", "18446744073709551615.0");
        assert_fits(".inf", "d", "inf");
        assert_misfits("true", "d");
        assert_fits("true", "b", "true");
        assert_misfits("1", "b");
        assert_fits("''", "s", "''");
        assert_fits("\"'quoted'\"", "s", "\"'quoted'\"");
        assert_misfits("5", "s");
        assert_misfits("true", "s");
        assert_misfits("null", "s");
        assert_fits("/a/b", "o", "'/a/b'");
        assert_misfits("a/b", "o");
        assert_fits("'a{sv}'", "g", "'a{sv}'");
        assert_misfits("'!'", "g");
        assert_misfits("null", "g");
}

static void test_containers(void)
{
        assert_fits("[]", "as", "[]");
        assert_fits("[a, b]", "as", "['a', 'b']");
        assert_misfits("[a, 1]", "as");
        assert_misfits("[a, null]", "as");
        assert_misfits("{a: b}", "as");
        assert_fits("[[1, 2], []]", "aai", "[[1, 2], []]");
        assert_fits("{a: b}", "a{ss}", "{'a': 'b'}");
        assert_fits("{}", "a{ss}", "{}");
        assert_misfits("{a: 1}", "a{ss}");
        assert_misfits("[[a, b]]", "a{ss}");
        assert_fits("{'-1': x, '5': y}", "a{is}", "{-1: 'x', 5: 'y'}");
        assert_misfits("{a: x}", "a{is}");
        assert_fits("[a, 1, [true]]", "(sy(b))", "('a', 1, (true,))");
        assert_fits("[]", "()", "()");
        assert_misfits("[a]", "(ss)");
        assert_misfits("[a, b, c]", "(ss)");
        assert_misfits("[a, 1]", "(ss)");
        assert_fits("[[xkb, us]]", "a(ss)", "[('xkb', 'us')]");
}

static void test_maybe(void)
{
        assert_fits("null", "mi", "nothing");
        assert_fits("5", "mi", "just 5");
        assert_misfits("x", "mi");
        assert_fits("[null, 5]", "ami", "[nothing, 5]");
        assert_fits("null", "mmi", "nothing");
}

static void test_variants(void)
{
        assert_fits("5", "v", "<5>");
        assert_fits("-2147483649", "v", "<int64 -2147483649>");
        assert_fits("2147483648", "v", "<int64 2147483648>");
        assert_fits("18446744073709551615", "v", "<uint64 18446744073709551615>");
        assert_fits("a", "v", "<'a'>");
        assert_fits("[a, b]", "v", "<['a', 'b']>");
        assert_fits("[a, 1]", "v", "<[<'a'>, <1>]>");
        assert_fits("[[1], [2, 3]]", "v", "<[[1], [2, 3]]>");
        assert_fits("[]", "v", "<@av []>");
        assert_fits("{a: {b: 1.5}, c: true}", "v", "<{'a': <{'b': <1.5>}>, 'c': <true>}>");
        assert_fits("{a: 5}", "a{sv}", "{'a': <5>}");
}

/* A string is read as GVariant text only where it is of no use as it stands. */
static void test_text(void)
{
        assert_fits("'5'", "i", "5");
        assert_fits("'0x10'", "y", "16");
        assert_misfits("'256'", "y");
        assert_fits("'true'", "b", "true");
        assert_misfits("'yes'", "b");
        assert_fits("\"['a']\"", "as", "['a']");
        assert_fits("\"('a', 5)\"", "(si)", "('a', 5)");
        assert_fits("\"{'a': <uint32 5>}\"", "a{sv}", "{'a': <uint32 5>}");
        assert_fits("\"b'abc'\"", "ay", "b'abc'");
        assert_fits("'nothing'", "mi", "nothing");
        assert_fits("['5', 6]", "ai", "[5, 6]");
        assert_misfits("'5 6'", "i");
        assert_misfits("''", "i");
        assert_fits("'5'", "v", "<'5'>");
}

static void test_words(void)
{
        static const struct {
                const char *yaml, *words;
        } cases[] = {
                { "1", "an integer" }, { "18446744073709551615", "an integer" },
                { "1.5", "a number" }, { "true", "a boolean" },
                { "x", "a string" },   { "null", "null" },
                { "[]", "a list" },    { "{}", "a map" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GVariant) value = take(cases[i].yaml);

                g_assert_cmpstr(convert_describe(value), ==, cases[i].words);
                g_assert_cmpint(convert_is_null(value), ==, g_str_equal(cases[i].yaml, "null"));
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/gsettings-convert/integers", test_integers);
        g_test_add_func("/gsettings-convert/others", test_others);
        g_test_add_func("/gsettings-convert/containers", test_containers);
        g_test_add_func("/gsettings-convert/maybe", test_maybe);
        g_test_add_func("/gsettings-convert/variants", test_variants);
        g_test_add_func("/gsettings-convert/text", test_text);
        g_test_add_func("/gsettings-convert/words", test_words);
        return g_test_run();
}
