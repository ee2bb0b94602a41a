/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scalars: what text is in the core schema, and where a number stops being one
 */
#include "daemon/model/scalar.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The text stands in a block of its very length, so that a sanitizer hears of any byte read behind it. */
static Scalar resolve(const char *text, ScalarResult expected)
{
        g_autofree char *exact = g_memdup2(text, MAX(1, strlen(text)));
        Scalar scalar = { .kind = NODE_MAP };
        ScalarResult result = scalar_resolve(exact, strlen(text), &scalar);

        if (result != expected)
                g_error("'%s' gives %d", text, result);
        return scalar;
}

static void assert_kind(const char *text, NodeKind kind)
{
        Scalar scalar = resolve(text, SCALAR_VALID);

        if (scalar.kind != kind)
                g_error("'%s' is of kind %d", text, scalar.kind);
}

static void assert_integer(const char *text, int64_t value)
{
        Scalar scalar = resolve(text, SCALAR_VALID);

        g_assert_cmpint(scalar.kind, ==, NODE_INTEGER);
        g_assert_cmpint(scalar.integer, ==, value);
}

static void assert_unsigned(const char *text, uint64_t value)
{
        Scalar scalar = resolve(text, SCALAR_VALID);

        g_assert_cmpint(scalar.kind, ==, NODE_UNSIGNED);
        g_assert_cmpuint(scalar.unsigned_integer, ==, value);
}

static void assert_double(const char *text, double value)
{
        Scalar scalar = resolve(text, SCALAR_VALID);

        g_assert_cmpint(scalar.kind, ==, NODE_DOUBLE);
        g_assert_cmpmem(&scalar.number, sizeof scalar.number, &value, sizeof value);
}

static void test_words(void)
{
        static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
        static const char *const trues[] = { "true", "True", "TRUE" };
        static const char *const falses[] = { "false", "False", "FALSE" };

        for (size_t i = 0; i < G_N_ELEMENTS(nulls); i++)
                assert_kind(nulls[i], NODE_NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(trues); i++) {
                g_assert_true(resolve(trues[i], SCALAR_VALID).boolean);
                assert_kind(trues[i], NODE_BOOLEAN);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(falses); i++) {
                g_assert_false(resolve(falses[i], SCALAR_VALID).boolean);
                assert_kind(falses[i], NODE_BOOLEAN);
        }
}

static void test_strings(void)
{
        static const char *const strings[] = {
                "no",    "on",    "yes",   "off", "y",       "nULL",  "nul",      "nulls",     "~~",
                "tRUE",  "truex", "fals",  "-",   "+",       ".",     "-.",       "1_000",     "0b1",
                "0o",    "0o8",   "0x",    "0xg", "-0x1",    "+0o7",  "1e",       "1e+",       "e1",
                ".e1",   "1.2.3", "12:30", "1 ",  " 1",      "--1",   "+-1",      "inf",       "nan",
                "-.nan", "+.NaN", ".iNF",  "0X1", "0x1p3",   "1.5f",  "2024-1",   "1,5",       ".5.",
                "..inf", "...",   "<<",    "=",   "0.0.0.0", "1e1.5", "\xc3\xa9", "1\xc2\xa0", "infinity",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                assert_kind(strings[i], NODE_STRING);
}

static void test_integers(void)
{
        assert_integer("0", 0);
        assert_integer("-0", 0);
        assert_integer("+0", 0);
        assert_integer("007", 7);
        assert_integer("-12", -12);
        assert_integer("+12", 12);
        assert_integer("0o17", 15);
        assert_integer("0xfF", 255);
        assert_integer("9223372036854775807", INT64_MAX);
        assert_integer("-9223372036854775808", INT64_MIN);
        assert_integer("0000000000000000000000000000000000001", 1);
        assert_integer("0x00000000000000000000000000000000001", 1);
        assert_integer("0x7fffffffffffffff", INT64_MAX);

        assert_unsigned("9223372036854775808", (uint64_t) INT64_MAX + 1);
        assert_unsigned("+18446744073709551615", UINT64_MAX);
        assert_unsigned("0xffffffffffffffff", UINT64_MAX);
        assert_unsigned("0o1777777777777777777777", UINT64_MAX);

        resolve("18446744073709551616", SCALAR_OUT_OF_RANGE);
        resolve("-9223372036854775809", SCALAR_OUT_OF_RANGE);
        resolve("-18446744073709551616", SCALAR_OUT_OF_RANGE);
        resolve("123456789012345678901234567890", SCALAR_OUT_OF_RANGE);
        resolve("0x10000000000000000", SCALAR_OUT_OF_RANGE);
        resolve("0o2000000000000000000000", SCALAR_OUT_OF_RANGE);
}

static void test_floats(void)
{
        g_autofree char *zeros = g_strnfill(1000, '0');
        g_autofree char *fine = g_strdup_printf("0.%s1", zeros);
        g_autofree char *huge = g_strdup_printf("1%s.5", zeros);
        g_autofree char *small = g_strdup_printf("1%se-1000", zeros);

        assert_double("1.0", 1);
        assert_double("1.", 1);
        assert_double(".5", 0.5);
        assert_double("-.5", -0.5);
        assert_double("+1.5", 1.5);
        assert_double("1e3", 1000);
        assert_double("1E+3", 1000);
        assert_double("25e-1", 2.5);
        assert_double("-0.0", -0.0);
        assert_double("0e999999999999", 0);
        assert_double("1e-999999999999", 0);
        assert_double("1.7976931348623157e308", DBL_MAX);
        assert_double("4.9406564584124654e-324", 4.9406564584124654e-324);
        assert_double("0.1", 0.1);
        assert_double(fine, 0);
        assert_double(small, 1);

        resolve("1e309", SCALAR_OUT_OF_RANGE);
        resolve("-1e309", SCALAR_OUT_OF_RANGE);
        resolve("1e999999999999", SCALAR_OUT_OF_RANGE);
        resolve(huge, SCALAR_OUT_OF_RANGE);
}

/* Short numbers are not left to strtod; they must come out as if they were. */
static void test_short_floats(void)
{
        uint32_t seed = 1;

        for (unsigned i = 0; i < 20000; i++) {
                char text[32];
                int length;

                seed = seed * 1664525 + 1013904223;
                length = g_snprintf(text, sizeof text, "%s%u.%0*u", i % 2 == 0 ? "-" : "", seed >> (i % 32),
                                    (int) (i % 7), (seed * 31) % (i % 7 == 6 ? 1000000 : 10));
                assert_double(text, g_ascii_strtod(text, NULL));
                text[length - 1] = '\0';
                if (!g_str_has_suffix(text, "."))
                        assert_double(text, g_ascii_strtod(text, NULL));
        }
        assert_double("999999999999999.", 999999999999999);
        assert_double("0.0000000000001", 0.0000000000001);
        assert_double("-0.", -0.0);
        assert_double(".123456789012345", .123456789012345);
}

static void test_infinities(void)
{
        assert_double(".inf", INFINITY);
        assert_double(".Inf", INFINITY);
        assert_double("+.INF", INFINITY);
        assert_double("-.inf", -INFINITY);
        assert_double(".nan", NAN);
        assert_double(".NaN", NAN);
        assert_double(".NAN", NAN);
}

static void test_parts(void)
{
        Scalar scalar;

        g_assert_cmpint(scalar_parse_integer("12", 1, &scalar), ==, SCALAR_VALID);
        g_assert_cmpint(scalar.integer, ==, 1);
        g_assert_cmpint(scalar_parse_integer("", 0, &scalar), ==, SCALAR_INVALID);
        g_assert_cmpint(scalar_parse_integer("-", 1, &scalar), ==, SCALAR_INVALID);
        g_assert_cmpint(scalar_parse_integer("0x1", 3, &scalar), ==, SCALAR_INVALID);
        g_assert_cmpint(scalar_parse_integer("1.0", 3, &scalar), ==, SCALAR_INVALID);

        g_assert_cmpint(scalar_parse_double("1.55", 3, &scalar), ==, SCALAR_VALID);
        g_assert_cmpfloat(scalar.number, ==, 1.5);
        g_assert_cmpint(scalar_parse_double("7", 1, &scalar), ==, SCALAR_VALID);
        g_assert_cmpint(scalar.kind, ==, NODE_DOUBLE);
        g_assert_cmpint(scalar_parse_double(".inf", 4, &scalar), ==, SCALAR_INVALID);
        g_assert_cmpint(scalar_parse_double("", 0, &scalar), ==, SCALAR_INVALID);

        g_assert_cmpint(scalar_parse_null("x", 1, &scalar), ==, SCALAR_INVALID);
        g_assert_cmpint(scalar_parse_boolean("yes", 3, &scalar), ==, SCALAR_INVALID);
        g_assert_cmpint(scalar_parse_core_integer("0x1f", 4, &scalar), ==, SCALAR_VALID);
        g_assert_cmpint(scalar.integer, ==, 31);
        g_assert_cmpint(scalar_parse_core_float("-.inf", 5, &scalar), ==, SCALAR_VALID);
        g_assert_cmpfloat(scalar.number, ==, -INFINITY);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/scalar/words", test_words);
        g_test_add_func("/scalar/strings", test_strings);
        g_test_add_func("/scalar/integers", test_integers);
        g_test_add_func("/scalar/floats", test_floats);
        g_test_add_func("/scalar/short-floats", test_short_floats);
        g_test_add_func("/scalar/infinities", test_infinities);
        g_test_add_func("/scalar/parts", test_parts);
        return g_test_run();
}
