/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * International host names: what a label stands for, and whether it may
 *
 * GLib knows IDNA of 2003, which lets through labels that IDNA of 2008 does not; its tables of Unicode serve
 * both.
 */
#include "daemon/model/schema/format-private.h"

#include <glib.h>
#include <string.h>

#define MAX_LABEL 63U
#define ZERO_WIDTH_NON_JOINER 0x200CU
#define ZERO_WIDTH_JOINER 0x200DU
#define MIDDLE_DOT 0xB7U
#define GREEK_KERAIA 0x375U
#define HEBREW_GERESH 0x5F3U
#define HEBREW_GERSHAYIM 0x5F4U
#define KATAKANA_MIDDLE_DOT 0x30FBU
/* What takes away a vowel in the scripts that join letters by it. */
#define COMBINING_VIRAMA 9

typedef struct Label {
        gunichar characters[MAX_LABEL];
        size_t length;
} Label;

static unsigned adapt_bias(unsigned delta, unsigned n_points, bool is_first)
{
        unsigned steps = 0;

        delta /= is_first ? 700 : 2;
        delta += delta / n_points;
        for (; delta > 455; steps += 36)
                delta /= 35;
        return steps + 36 * delta / (delta + 38);
}

static int digit_value(char digit)
{
        if (g_ascii_isdigit(digit))
                return digit - '0' + 26;
        return g_ascii_isalpha(digit) ? g_ascii_tolower(digit) - 'a' : -1;
}

/* One number of variable length, added to *index. */
static bool decode_number(const char **at, const char *end, unsigned bias, unsigned *index)
{
        unsigned weight = 1;

        for (unsigned step = 36;; step += 36) {
                int digit = *at < end ? digit_value(*(*at)++) : -1;
                unsigned threshold = step <= bias ? 1 : MIN(step - bias, 26);
                unsigned part;

                if (digit < 0 || __builtin_mul_overflow((unsigned) digit, weight, &part) ||
                    __builtin_add_overflow(*index, part, index))
                        return false;
                if ((unsigned) digit < threshold)
                        return true;
                if (__builtin_mul_overflow(weight, 36 - threshold, &weight))
                        return false;
        }
}

static bool decode_label(const char *text, size_t length, Label *label)
{
        const char *dash = memrchr(text, '-', length), *at = dash ? dash + 1 : text, *end = text + length;
        unsigned code = 128, index = 0, bias = 72;

        label->length = 0;
        for (const char *plain = text; dash && plain < dash; plain++)
                label->characters[label->length++] = (gunichar) *plain;

        while (at < end) {
                unsigned before = index, count = (unsigned) label->length + 1;

                if (label->length == MAX_LABEL || !decode_number(&at, end, bias, &index))
                        return false;
                bias = adapt_bias(index - before, count, before == 0);
                if (__builtin_add_overflow(code, index / count, &code) || code > 0x10FFFF)
                        return false;
                index %= count;
                memmove(&label->characters[index + 1], &label->characters[index],
                        (label->length - index) * sizeof *label->characters);
                label->characters[index++] = code;
                label->length++;
        }
        return true;
}

/* The code points that may stand in any label; those that may in some contexts are not among them. */
static bool is_valid(gunichar character)
{
        static const gunichar always[] = { 0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007 };
        static const gunichar never[] = { 0x640,  0x7FA,  0x302E, 0x302F, 0x3031,
                                          0x3032, 0x3033, 0x3034, 0x3035, 0x303B };

        for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
                if (character == always[i])
                        return true;
        for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
                if (character == never[i])
                        return false;
        if (character < 128)
                return g_ascii_islower((char) character) || g_ascii_isdigit((char) character) ||
                       character == '-';

        switch (g_unichar_type(character)) {
        case G_UNICODE_LOWERCASE_LETTER:
        case G_UNICODE_OTHER_LETTER:
        case G_UNICODE_MODIFIER_LETTER:
        case G_UNICODE_NON_SPACING_MARK:
        case G_UNICODE_SPACING_MARK:
        case G_UNICODE_DECIMAL_NUMBER:
                return true;
        default:
                return false;
        }
}

static bool is_arabic_digit(gunichar character)
{
        return character >= 0x660 && character <= 0x669;
}

static bool is_extended_arabic_digit(gunichar character)
{
        return character >= 0x6F0 && character <= 0x6F9;
}

static bool has_arabic_digits(const Label *label, bool (*is_digit)(gunichar))
{
        for (size_t i = 0; i < label->length; i++)
                if (is_digit(label->characters[i]))
                        return true;
        return false;
}

static bool has_japanese(const Label *label)
{
        for (size_t i = 0; i < label->length; i++) {
                GUnicodeScript script = g_unichar_get_script(label->characters[i]);

                if (script == G_UNICODE_SCRIPT_HIRAGANA || script == G_UNICODE_SCRIPT_KATAKANA ||
                    script == G_UNICODE_SCRIPT_HAN)
                        return true;
        }
        return false;
}

/* Scripts whose letters change their shape where they join: there it may be held off. */
static bool joins(gunichar character)
{
        GUnicodeScript script = g_unichar_get_script(character);

        return g_unichar_isalpha(character) &&
               (script == G_UNICODE_SCRIPT_ARABIC || script == G_UNICODE_SCRIPT_SYRIAC ||
                script == G_UNICODE_SCRIPT_MONGOLIAN || script == G_UNICODE_SCRIPT_NKO ||
                script == G_UNICODE_SCRIPT_MANDAIC);
}

static bool has_context_rule(gunichar character)
{
        return character == ZERO_WIDTH_NON_JOINER || character == ZERO_WIDTH_JOINER ||
               character == MIDDLE_DOT || character == GREEK_KERAIA || character == HEBREW_GERESH ||
               character == HEBREW_GERSHAYIM || character == KATAKANA_MIDDLE_DOT;
}

/* True if the rule holds for the character at that index, which has one. */
static bool is_valid_in_context(const Label *label, size_t index)
{
        gunichar character = label->characters[index];
        gunichar before = index > 0 ? label->characters[index - 1] : 0;
        gunichar after = index + 1 < label->length ? label->characters[index + 1] : 0;

        switch (character) {
        case ZERO_WIDTH_NON_JOINER:
                return g_unichar_combining_class(before) == COMBINING_VIRAMA ||
                       (joins(before) && joins(after));
        case ZERO_WIDTH_JOINER:
                return g_unichar_combining_class(before) == COMBINING_VIRAMA;
        case MIDDLE_DOT:
                return before == 'l' && after == 'l';
        case GREEK_KERAIA:
                return g_unichar_get_script(after) == G_UNICODE_SCRIPT_GREEK;
        case HEBREW_GERESH:
        case HEBREW_GERSHAYIM:
                return g_unichar_get_script(before) == G_UNICODE_SCRIPT_HEBREW;
        case KATAKANA_MIDDLE_DOT:
                return has_japanese(label);
        default:
                return false;
        }
}

/* No label mixes the two sorts of digits that Arabic has. */
static bool has_valid_digits(const Label *label)
{
        return !has_arabic_digits(label, is_arabic_digit) ||
               !has_arabic_digits(label, is_extended_arabic_digit);
}

static bool is_normalized(const Label *label)
{
        g_autofree char *text = g_ucs4_to_utf8(label->characters, (glong) label->length, NULL, NULL, NULL);
        g_autofree char *normal = text ? g_utf8_normalize(text, -1, G_NORMALIZE_NFC) : NULL;

        return normal && strcmp(text, normal) == 0;
}

static bool is_allowed(const Label *label, size_t index)
{
        gunichar character = label->characters[index];

        if (has_context_rule(character))
                return is_valid_in_context(label, index);
        /* Letters of ASCII may be capitals in a host name, and mean the same. */
        return is_valid(character < 128 ? (gunichar) g_ascii_tolower((char) character) : character);
}

bool format_check_punycode(const char *text, size_t length)
{
        Label label;
        bool is_ascii = true;

        if (!decode_label(text, length, &label) || label.length == 0 ||
            g_unichar_ismark(label.characters[0]))
                return false;
        for (size_t i = 0; i < label.length; i++) {
                is_ascii = is_ascii && label.characters[i] < 128;
                if (!is_allowed(&label, i))
                        return false;
        }
        if (label.length >= 4 && label.characters[2] == '-' && label.characters[3] == '-')
                return false;
        return !is_ascii && has_valid_digits(&label) && is_normalized(&label);
}
