/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Doubles from here on are above any int64_t, and from the second on above any uint64_t. */
#define TWO_TO_63 9223372036854775808.0
#define TWO_TO_64 18446744073709551616.0

/* digits times ten to the power of exponent. */
typedef struct Decimal {
        uint64_t digits;
        int exponent;
} Decimal;

bool number_is(const Node *node)
{
        return node->kind == NODE_INTEGER || node->kind == NODE_UNSIGNED || node->kind == NODE_DOUBLE;
}

bool number_is_integer(const Node *node)
{
        if (node->kind == NODE_DOUBLE)
                return isfinite(node->number) && node->number == trunc(node->number);
        return node->kind == NODE_INTEGER || node->kind == NODE_UNSIGNED;
}

static int compare_integer(int64_t a, int64_t b)
{
        return (a > b) - (a < b);
}

static int compare_unsigned(uint64_t a, uint64_t b)
{
        return (a > b) - (a < b);
}

/* The sign of what is left of a double behind its integer part tells where that part is equal. */
static int sign_of_fraction(double number)
{
        double fraction = number - trunc(number);

        return (fraction > 0) - (fraction < 0);
}

static int compare_to_double(const Node *a, double b)
{
        int order;

        if (isnan(b))
                return NUMBER_UNORDERED;
        if (a->kind == NODE_DOUBLE)
                return isnan(a->number) ? NUMBER_UNORDERED : (a->number > b) - (a->number < b);
        if (a->kind == NODE_UNSIGNED) {
                if (b >= TWO_TO_64 || b < 0)
                        return b < 0 ? 1 : -1;
                order = compare_unsigned(a->unsigned_integer, (uint64_t) b);
        } else {
                if (b >= TWO_TO_63 || b < -TWO_TO_63)
                        return b < 0 ? 1 : -1;
                order = compare_integer(a->integer, (int64_t) b);
        }
        return order != 0 ? order : -sign_of_fraction(b);
}

int number_compare(const Node *a, const Node *b)
{
        int order;

        if (a->kind == NODE_INTEGER && b->kind == NODE_INTEGER)
                return compare_integer(a->integer, b->integer);
        if (b->kind == NODE_DOUBLE)
                return compare_to_double(a, b->number);
        if (a->kind == NODE_DOUBLE) {
                order = compare_to_double(b, a->number);
                return order == NUMBER_UNORDERED ? order : -order;
        }
        /* Whatever is NODE_UNSIGNED is above whatever is NODE_INTEGER. */
        if (a->kind != b->kind)
                return a->kind == NODE_UNSIGNED ? 1 : -1;
        return compare_unsigned(a->unsigned_integer, b->unsigned_integer);
}

/* The shortest decimal fraction that reads back as that double. */
static void format_double(double number, char *buffer, size_t size)
{
        for (int precision = 15; precision <= 17; precision++) {
                char format[8];

                g_snprintf(format, sizeof format, "%%.%dg", precision);
                g_ascii_formatd(buffer, (int) size, format, number);
                if (g_ascii_strtod(buffer, NULL) == number)
                        return;
        }
}

/* The magnitude of a number, signs make no difference to multiples. */
static Decimal to_decimal(const Node *node)
{
        char text[64];
        Decimal decimal = { 0, 0 };
        bool is_fraction = false;

        if (node->kind == NODE_UNSIGNED)
                return (Decimal){ node->unsigned_integer, 0 };
        if (node->kind == NODE_INTEGER)
                return (Decimal){ node->integer < 0 ? 0 - (uint64_t) node->integer
                                                    : (uint64_t) node->integer,
                                  0 };

        format_double(fabs(node->number), text, sizeof text);
        for (const char *at = text; *at != '\0'; at++) {
                if (*at == '.') {
                        is_fraction = true;
                } else if (*at == 'e') {
                        decimal.exponent += atoi(at + 1);
                        break;
                } else {
                        decimal.digits = decimal.digits * 10 + (uint64_t) (*at - '0');
                        decimal.exponent -= is_fraction;
                }
        }
        return decimal;
}

/* digits times ten to the power of exponent, modulo something. */
static uint64_t scale_modulo(uint64_t digits, int exponent, uint64_t modulus)
{
        unsigned __int128 value = digits % modulus;

        for (; exponent > 0 && value != 0; exponent--)
                value = value * 10 % modulus;
        return (uint64_t) value;
}

bool number_is_multiple(const Node *value, const Node *divisor)
{
        Decimal a, b;

        if (value->kind == NODE_INTEGER && divisor->kind == NODE_INTEGER)
                return value->integer % divisor->integer == 0;
        if (value->kind == NODE_DOUBLE && !isfinite(value->number))
                return false;

        a = to_decimal(value);
        b = to_decimal(divisor);
        if (a.digits == 0)
                return true;
        if (b.digits == 0)
                return false;
        for (; a.exponent < b.exponent; b.exponent--)
                /* Once the divisor has passed it, a number other than 0 is no multiple. */
                if (__builtin_mul_overflow(b.digits, 10, &b.digits) || b.digits > a.digits)
                        return false;
        return scale_modulo(a.digits, a.exponent - b.exponent, b.digits) == 0;
}

char *number_format(const Node *node)
{
        char text[64];

        if (node->kind == NODE_INTEGER)
                return g_strdup_printf("%" G_GINT64_FORMAT, node->integer);
        if (node->kind == NODE_UNSIGNED)
                return g_strdup_printf("%" G_GUINT64_FORMAT, node->unsigned_integer);
        if (isnan(node->number))
                return g_strdup(".nan");
        if (isinf(node->number))
                return g_strdup(node->number < 0 ? "-.inf" : ".inf");
        format_double(node->number, text, sizeof text);
        return g_strdup(text);
}
