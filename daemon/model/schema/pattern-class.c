/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/pattern-parser.h"

#include <string.h>

/* What one atom of a class may be: a character, or a set that cannot be the end of a range. */
typedef struct ClassAtom {
        bool is_character;
        gunichar character;
} ClassAtom;

/* General categories by their long names; in the short ones PCRE has them itself. */
static const char *const categories[][2] = {
        { "Letter", "L" },
        { "Cased_Letter", "L&" },
        { "Uppercase_Letter", "Lu" },
        { "Lowercase_Letter", "Ll" },
        { "Titlecase_Letter", "Lt" },
        { "Modifier_Letter", "Lm" },
        { "Other_Letter", "Lo" },
        { "Mark", "M" },
        { "Nonspacing_Mark", "Mn" },
        { "Spacing_Mark", "Mc" },
        { "Enclosing_Mark", "Me" },
        { "Number", "N" },
        { "Decimal_Number", "Nd" },
        { "digit", "Nd" },
        { "Letter_Number", "Nl" },
        { "Other_Number", "No" },
        { "Punctuation", "P" },
        { "punct", "P" },
        { "Connector_Punctuation", "Pc" },
        { "Dash_Punctuation", "Pd" },
        { "Open_Punctuation", "Ps" },
        { "Close_Punctuation", "Pe" },
        { "Initial_Punctuation", "Pi" },
        { "Final_Punctuation", "Pf" },
        { "Other_Punctuation", "Po" },
        { "Symbol", "S" },
        { "Math_Symbol", "Sm" },
        { "Currency_Symbol", "Sc" },
        { "Modifier_Symbol", "Sk" },
        { "Other_Symbol", "So" },
        { "Separator", "Z" },
        { "Space_Separator", "Zs" },
        { "Line_Separator", "Zl" },
        { "Paragraph_Separator", "Zp" },
        { "Other", "C" },
        { "Control", "Cc" },
        { "Format", "Cf" },
        { "Surrogate", "Cs" },
        { "Private_Use", "Co" },
        { "Unassigned", "Cn" },
};

/* \p{…} or \P{…} behind its letter. */
static bool parse_property(PatternParser *parser, PatternNode *node, char letter)
{
        static const char *const prefixes[] = { "General_Category=", "gc=", "Script=", "sc=" };
        const char *close = *parser->at == '{' ? strchr(parser->at, '}') : NULL;
        g_autofree char *name = NULL;
        const char *known;

        if (!close)
                return pattern_fail(parser, "the name of a property in braces is expected");
        name = g_strndup(parser->at + 1, (gsize) (close - parser->at - 1));
        known = name;
        for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
                if (g_str_has_prefix(name, prefixes[i]))
                        known = name + strlen(prefixes[i]);
        for (const char *at = known; *at != '\0' || at == known; at++)
                if (!g_ascii_isalnum(*at) && *at != '_' && *at != '&')
                        return pattern_fail(parser, "this is not the name of a property");
        for (size_t i = 0; i < G_N_ELEMENTS(categories); i++)
                if (strcmp(known, categories[i][0]) == 0)
                        known = categories[i][1];

        if (!node->properties)
                node->properties = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(node->properties, g_strdup_printf("\\%c{%s}", letter, known));
        parser->at = close + 1;
        return true;
}

static bool take_hex(PatternParser *parser, unsigned n_digits, gunichar *ret)
{
        gunichar value = 0;

        for (unsigned i = 0; i < n_digits; i++) {
                if (!g_ascii_isxdigit(parser->at[i]))
                        return pattern_fail(parser, "a hexadecimal digit is expected");
                value = value * 16 + (gunichar) g_ascii_xdigit_value(parser->at[i]);
        }
        parser->at += n_digits;
        *ret = value;
        return true;
}

/* Behind \u: four digits, two times four that are a pair of surrogates, or any number in braces. */
static bool take_code_point(PatternParser *parser, gunichar *ret)
{
        gunichar low = 0;

        if (pattern_take(parser, "{")) {
                for (*ret = 0; g_ascii_isxdigit(*parser->at) && *ret <= CODE_MAX; parser->at++)
                        *ret = *ret * 16 + (gunichar) g_ascii_xdigit_value(*parser->at);
                if (*ret > CODE_MAX || parser->at[-1] == '{' || !pattern_take(parser, "}"))
                        return pattern_fail(parser, "a code point and '}' are expected");
                return true;
        }
        if (!take_hex(parser, 4, ret))
                return false;
        if (*ret >= 0xD800 && *ret < 0xDC00 && pattern_take(parser, "\\u")) {
                if (!take_hex(parser, 4, &low))
                        return false;
                if (low < 0xDC00 || low >= 0xE000)
                        return pattern_fail(parser, "half of a surrogate pair is missing");
                *ret = 0x10000 + ((*ret - 0xD800) << 10) + (low - 0xDC00);
        }
        return true;
}

/* An escape that is one character; parser->at is behind the backslash. */
static bool take_escape(PatternParser *parser, gunichar *ret)
{
        static const char names[] = "fnrtv", meanings[] = "\f\n\r\t\v";
        char letter = *parser->at;
        const char *known = letter != '\0' ? strchr(names, letter) : NULL;

        if (letter == '\0')
                return pattern_fail(parser, "something is expected behind the backslash");
        if (known || g_ascii_ispunct(letter) || letter == ' ') {
                *ret = (gunichar) (known ? meanings[known - names] : letter);
                parser->at++;
                return true;
        }
        parser->at++;
        if (letter == 'x')
                return take_hex(parser, 2, ret);
        if (letter == 'u')
                return take_code_point(parser, ret);
        if (letter == 'c' && g_ascii_isalpha(*parser->at)) {
                *ret = (gunichar) *parser->at++ % 32;
                return true;
        }
        if (letter == '0' && !g_ascii_isdigit(*parser->at)) {
                *ret = 0;
                return true;
        }
        parser->at--;
        return pattern_fail(parser, "this escape is unknown");
}

/* An escape that is a set. False where it is none, or broken. */
static bool take_set(PatternParser *parser, PatternNode *node)
{
        char letter = parser->at[1];

        if (*parser->at != '\\' || letter == '\0' || !strchr("dDsSwWpP", letter))
                return false;
        parser->at += 2;
        if (letter == 'p' || letter == 'P')
                return parse_property(parser, node, letter);
        code_set_add_class(node->set, letter);
        return true;
}

static bool take_class_atom(PatternParser *parser, PatternNode *node, ClassAtom *ret)
{
        *ret = (ClassAtom){ .is_character = false };
        if (*parser->at == '\0')
                return pattern_fail(parser, "a closing bracket is missing");
        if (take_set(parser, node))
                return true;
        if (parser->message)
                return false;

        ret->is_character = true;
        if (pattern_take(parser, "\\b")) {
                ret->character = '\b';
                return true;
        }
        if (pattern_take(parser, "\\"))
                return take_escape(parser, &ret->character);
        ret->character = g_utf8_get_char(parser->at);
        parser->at = g_utf8_next_char(parser->at);
        return true;
}

static bool parse_brackets(PatternParser *parser, PatternNode *node)
{
        node->negated = pattern_take(parser, "^");
        while (!pattern_take(parser, "]")) {
                ClassAtom low, high;

                if (!take_class_atom(parser, node, &low))
                        return false;
                if (*parser->at != '-' || parser->at[1] == ']') {
                        if (low.is_character)
                                code_set_add(node->set, low.character, low.character);
                        continue;
                }
                parser->at++;
                if (!take_class_atom(parser, node, &high))
                        return false;
                if (!low.is_character || !high.is_character)
                        return pattern_fail(parser, "a range of characters cannot end in a set of them");
                if (low.character > high.character)
                        return pattern_fail(parser, "the ends of a range are the wrong way round");
                code_set_add(node->set, low.character, high.character);
        }
        return true;
}

/* Behind a backslash: a reference to a group, or the edge of a word. */
static bool parse_other_escape(PatternParser *parser, PatternNode *node)
{
        if (*parser->at == 'b' || *parser->at == 'B') {
                node->kind = PATTERN_WORD_EDGE;
                node->negated = *parser->at++ == 'B';
                return true;
        }
        node->kind = PATTERN_REFERENCE;
        if (pattern_take(parser, "k<")) {
                node->name = pattern_take_name(parser);
                return node->name;
        }
        for (; g_ascii_isdigit(*parser->at) && node->group < 1000; parser->at++)
                node->group = node->group * 10 + (unsigned) (*parser->at - '0');
        return true;
}

static bool parse_escape(PatternParser *parser, PatternNode *node)
{
        gunichar character;

        if (take_set(parser, node))
                return true;
        if (parser->message)
                return false;
        parser->at++;
        if ((*parser->at >= '1' && *parser->at <= '9') || *parser->at == 'b' || *parser->at == 'B' ||
            g_str_has_prefix(parser->at, "k<"))
                return parse_other_escape(parser, node);
        if (!take_escape(parser, &character))
                return false;
        code_set_add(node->set, character, character);
        return true;
}

PatternNode *pattern_parse_class(PatternParser *parser)
{
        g_autoptr(PatternNode) node = pattern_node_new(PATTERN_SET);
        bool parsed = true;

        node->set = code_set_new();
        if (pattern_take(parser, ".")) {
                code_set_add(node->set, '\n', '\n');
                code_set_add(node->set, '\r', '\r');
                code_set_add(node->set, 0x2028, 0x2029);
                node->negated = true;
        } else if (pattern_take(parser, "[")) {
                parsed = parse_brackets(parser, node);
        } else {
                parsed = parse_escape(parser, node);
        }
        if (!parsed)
                return NULL;

        code_set_normalize(node->set);
        if (node->kind == PATTERN_SET && node->negated && !node->properties) {
                code_set_invert(node->set);
                node->negated = false;
        }
        return g_steal_pointer(&node);
}
