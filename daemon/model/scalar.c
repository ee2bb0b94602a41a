/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scalars: text to null, boolean or number
 *
 * Most scalars in a config are strings, and most of those begin with a letter that nothing else begins with:
 * one look at the first byte settles them. A float goes to strtod only once its form is known to be right,
 * since strtod takes much that YAML and JSON do not (hexadecimal floats, "infinity", white space).
 */
#include "daemon/model/scalar.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A number this long or shorter is copied to the stack for strtod, which wants a NUL behind it. */
#define USUAL_NUMBER 64U

/* True if the text is that literal. */
#define IS(text, length, word) ((length) == sizeof(word) - 1 && memcmp(text, word, sizeof(word) - 1) == 0)

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
                int digit = g_ascii_isdigit(text[i]) ? text[i] - '0' : g_ascii_xdigit_value(text[i]);

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

/*
 * The number that a text of the right form stands for where one division makes it, correctly rounded since
 * both sides of it are exact: no exponent, and no more digits than any integer that a double holds can have.
 * False for others, which take strtod a tenth of a microsecond.
 */
static bool divide_double(const char *text, size_t length, double *ret)
{
        static const double powers[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
        size_t at = has_sign(text, length) ? 1 : 0, fraction = 0;
        bool is_fraction = false;
        uint64_t digits = 0;
        double value;

        if (FLT_EVAL_METHOD != 0 || length > DBL_DIG)
                return false;
        for (; at < length; at++) {
                if (text[at] == '.') {
                        is_fraction = true;
                        continue;
                }
                if (!g_ascii_isdigit(text[at]))
                        return false;
                digits = digits * 10 + (uint64_t) (text[at] - '0');
                fraction += is_fraction;
        }
        value = (double) digits / powers[fraction];
        *ret = *text == '-' ? -value : value;
        return true;
}

ScalarResult scalar_parse_double(const char *text, size_t length, Scalar *ret)
{
        char usual[USUAL_NUMBER + 1];
        g_autofree char *long_one = NULL;
        char *copy = usual;
        double value;

        if (!is_double(text, length))
                return SCALAR_INVALID;

        if (divide_double(text, length, &value)) {
                *ret = (Scalar){ .kind = NODE_DOUBLE, .number = value };
                return SCALAR_VALID;
        }

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
        if (length > 0 && !IS(text, length, "~") && !IS(text, length, "null") && !IS(text, length, "Null") &&
            !IS(text, length, "NULL"))
                return SCALAR_INVALID;
        *ret = (Scalar){ .kind = NODE_NULL };
        return SCALAR_VALID;
}

ScalarResult scalar_parse_boolean(const char *text, size_t length, Scalar *ret)
{
        bool is_true = IS(text, length, "true") || IS(text, length, "True") || IS(text, length, "TRUE");

        if (!is_true && !IS(text, length, "false") && !IS(text, length, "False") &&
            !IS(text, length, "FALSE"))
                return SCALAR_INVALID;
        *ret = (Scalar){ .kind = NODE_BOOLEAN, .boolean = is_true };
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
        size_t sign = has_sign(text, length) ? 1 : 0, rest = length - sign;

        if (IS(text + sign, rest, ".inf") || IS(text + sign, rest, ".Inf") || IS(text + sign, rest, ".INF"))
                *ret = (Scalar){ .kind = NODE_DOUBLE, .number = *text == '-' ? -INFINITY : INFINITY };
        else if (IS(text, length, ".nan") || IS(text, length, ".NaN") || IS(text, length, ".NAN"))
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
