/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scalars: text to null, boolean or number
 *
 * Most scalars in a config are strings, and most of those begin with a letter that nothing else begins with: one
 * look at the first byte settles them. A float goes to strtod only once its form is known to be right, since
 * strtod takes much that YAML and JSON do not (hexadecimal floats, "infinity", white space).
 */
#include "daemon/model/scalar.h"

#include <math.h>
#include <string.h>

/* A number this long or shorter is copied to the stack for strtod, which wants a NUL behind it. */
#define USUAL_NUMBER 64U

static bool is_text(const char *text, size_t length, const char *expected)
{
        return length == strlen(expected) && memcmp(text, expected, length) == 0;
}

static bool is_one_of(const char *text, size_t length, const char *const *expected)
{
        for (; *expected; expected++)
                if (is_text(text, length, *expected))
                        return true;
        return false;
}

/* How many of the bytes from text on are decimal digits. */
static size_t count_digits(const char *text, size_t length)
{
        size_t count = 0;

        while (count < length && g_ascii_isdigit(text[count]))
                count++;
        return count;
}

static bool has_sign(const char *text, size_t length)
{
        return length > 0 && (*text == '-' || *text == '+');
}

/* The value of digits alone, in base 8, 10 or 16. */
static ScalarResult parse_digits(const char *text, size_t length, unsigned base, uint64_t *ret)
{
        uint64_t value = 0;
        bool overflow = false;

        if (length == 0)
                return SCALAR_INVALID;
        for (size_t i = 0; i < length; i++) {
                int digit = g_ascii_xdigit_value(text[i]);

                if (digit < 0 || (unsigned) digit >= base)
                        return SCALAR_INVALID;
                overflow |= __builtin_mul_overflow(value, base, &value);
                overflow |= __builtin_add_overflow(value, (uint64_t) digit, &value);
        }
        *ret = value;
        return overflow ? SCALAR_OUT_OF_RANGE : SCALAR_VALID;
}

static void set_unsigned(Scalar *ret, uint64_t value)
{
        if (value > INT64_MAX)
                *ret = (Scalar){ .kind = NODE_UNSIGNED, .unsigned_integer = value };
        else
                *ret = (Scalar){ .kind = NODE_INTEGER, .integer = (int64_t) value };
}

ScalarResult scalar_parse_integer(const char *text, size_t length, Scalar *ret)
{
        size_t sign = has_sign(text, length) ? 1 : 0;
        uint64_t value = 0;
        ScalarResult result = parse_digits(text + sign, length - sign, 10, &value);

        if (result != SCALAR_VALID)
                return result;
        if (sign == 0 || *text == '+') {
                set_unsigned(ret, value);
                return SCALAR_VALID;
        }
        if (value > (uint64_t) INT64_MAX + 1)
                return SCALAR_OUT_OF_RANGE;
        *ret = (Scalar){ .kind = NODE_INTEGER, .integer = (int64_t) (0 - value) };
        return SCALAR_VALID;
}

static bool is_double(const char *text, size_t length)
{
        size_t at = has_sign(text, length) ? 1 : 0;
        size_t whole = count_digits(text + at, length - at), fraction = 0;

        at += whole;
        if (at < length && text[at] == '.') {
                at++;
                fraction = count_digits(text + at, length - at);
                at += fraction;
        }
        if (whole + fraction == 0)
                return false;
        if (at < length && (text[at] == 'e' || text[at] == 'E')) {
                size_t digits;

                at++;
                if (has_sign(text + at, length - at))
                        at++;
                digits = count_digits(text + at, length - at);
                if (digits == 0)
                        return false;
                at += digits;
        }
        return at == length;
}

ScalarResult scalar_parse_double(const char *text, size_t length, Scalar *ret)
{
        char usual[USUAL_NUMBER + 1];
        g_autofree char *long_one = NULL;
        char *copy = usual;
        double value;

        if (!is_double(text, length))
                return SCALAR_INVALID;

        if (length > USUAL_NUMBER)
                copy = long_one = g_malloc(length + 1);
        memcpy(copy, text, length);
        copy[length] = '\0';

        value = g_ascii_strtod(copy, NULL);
        if (isinf(value))
                return SCALAR_OUT_OF_RANGE;
        *ret = (Scalar){ .kind = NODE_DOUBLE, .number = value };
        return SCALAR_VALID;
}

ScalarResult scalar_parse_null(const char *text, size_t length, Scalar *ret)
{
        static const char *const names[] = { "", "~", "null", "Null", "NULL", NULL };

        if (!is_one_of(text, length, names))
                return SCALAR_INVALID;
        *ret = (Scalar){ .kind = NODE_NULL };
        return SCALAR_VALID;
}

ScalarResult scalar_parse_boolean(const char *text, size_t length, Scalar *ret)
{
        static const char *const yes[] = { "true", "True", "TRUE", NULL };
        static const char *const no[] = { "false", "False", "FALSE", NULL };
        bool value = is_one_of(text, length, yes);

        if (!value && !is_one_of(text, length, no))
                return SCALAR_INVALID;
        *ret = (Scalar){ .kind = NODE_BOOLEAN, .boolean = value };
        return SCALAR_VALID;
}

ScalarResult scalar_parse_core_integer(const char *text, size_t length, Scalar *ret)
{
        unsigned base = 10;
        uint64_t value = 0;
        ScalarResult result;

        if (length > 2 && text[0] == '0' && text[1] == 'o')
                base = 8;
        else if (length > 2 && text[0] == '0' && text[1] == 'x')
                base = 16;
        if (base == 10)
                return scalar_parse_integer(text, length, ret);

        result = parse_digits(text + 2, length - 2, base, &value);
        if (result == SCALAR_VALID)
                set_unsigned(ret, value);
        return result;
}

ScalarResult scalar_parse_core_float(const char *text, size_t length, Scalar *ret)
{
        static const char *const infinities[] = { ".inf", ".Inf", ".INF", NULL };
        static const char *const nans[] = { ".nan", ".NaN", ".NAN", NULL };
        size_t sign = has_sign(text, length) ? 1 : 0;

        if (is_one_of(text + sign, length - sign, infinities))
                *ret = (Scalar){ .kind = NODE_DOUBLE, .number = *text == '-' ? -INFINITY : INFINITY };
        else if (is_one_of(text, length, nans))
                *ret = (Scalar){ .kind = NODE_DOUBLE, .number = NAN };
        else
                return scalar_parse_double(text, length, ret);
        return SCALAR_VALID;
}

ScalarResult scalar_resolve(const char *text, size_t length, Scalar *ret)
{
        ScalarResult result = SCALAR_INVALID;

        switch (length > 0 ? *text : '~') {
        case '~':
        case 'n':
        case 'N':
                result = scalar_parse_null(text, length, ret);
                break;
        case 't':
        case 'T':
        case 'f':
        case 'F':
                result = scalar_parse_boolean(text, length, ret);
                break;
        case '0' ... '9':
        case '+':
        case '-':
        case '.':
                result = scalar_parse_core_integer(text, length, ret);
                if (result == SCALAR_INVALID)
                        result = scalar_parse_core_float(text, length, ret);
                break;
        default:
                break;
        }
        if (result != SCALAR_INVALID)
                return result;
        *ret = (Scalar){ .kind = NODE_STRING };
        return SCALAR_VALID;
}
