/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parsing patterns: one function for each level of the grammar
 *
 * Characters of a class and the names of properties have a file of their own, pattern-class.c.
 */
#include "daemon/model/schema/pattern-parser.h"

#include <string.h>

/* Groups within each other. */
#define MAX_DEPTH 50U
/* The most that PCRE repeats anything. */
#define MAX_REPEAT 65535U

PatternNode *pattern_node_free(PatternNode *node)
{
        while (node) {
                PatternNode *next = node->next;

                pattern_node_free(node->child);
                if (node->set)
                        g_array_unref(node->set);
                if (node->properties)
                        g_ptr_array_unref(node->properties);
                g_free(node->name);
                g_free(node);
                node = next;
        }
        return NULL;
}

PatternNode *pattern_node_new(PatternKind kind)
{
        PatternNode *node = g_new0(PatternNode, 1);

        node->kind = kind;
        return node;
}

void *pattern_fail(PatternParser *parser, const char *message)
{
        if (!parser->message)
                parser->message = g_strdup_printf("%s at character %ld", message,
                                                  g_utf8_pointer_to_offset(parser->text, parser->at) + 1);
        return NULL;
}

bool pattern_take(PatternParser *parser, const char *word)
{
        if (!g_str_has_prefix(parser->at, word))
                return false;
        parser->at += strlen(word);
        return true;
}

char *pattern_take_name(PatternParser *parser)
{
        const char *start = parser->at;

        while (g_ascii_isalnum(*parser->at) || *parser->at == '_' || *parser->at == '$')
                parser->at++;
        if (parser->at == start || g_ascii_isdigit(*start) || *parser->at != '>')
                return pattern_fail(parser, "a group's name and '>' are expected");
        parser->at++;
        return g_strndup(start, (gsize) (parser->at - 1 - start));
}

/* A decimal number, cut off where it is too big for any use. */
static bool take_number(PatternParser *parser, uint32_t *ret)
{
        const char *start = parser->at;
        uint64_t value = 0;

        for (; g_ascii_isdigit(*parser->at); parser->at++)
                value = MIN(value * 10 + (uint64_t) (*parser->at - '0'), UINT32_MAX - 1);
        *ret = (uint32_t) value;
        return parser->at > start;
}

/* The braces of a repetition; what is in braces and is none stands for itself. */
static bool take_braces(PatternParser *parser, uint32_t *low, uint32_t *high)
{
        const char *start = parser->at;

        if (pattern_take(parser, "{") && take_number(parser, low)) {
                *high = *low;
                if (pattern_take(parser, ",") && !take_number(parser, high))
                        *high = PATTERN_NO_END;
                if (pattern_take(parser, "}"))
                        return true;
        }
        parser->at = start;
        return false;
}

static bool take_quantifier(PatternParser *parser, uint32_t *low, uint32_t *high)
{
        *low = 0;
        *high = PATTERN_NO_END;
        if (pattern_take(parser, "*"))
                return true;
        if (pattern_take(parser, "+")) {
                *low = 1;
                return true;
        }
        if (pattern_take(parser, "?")) {
                *high = 1;
                return true;
        }
        return take_braces(parser, low, high);
}

static bool can_repeat(const PatternNode *node)
{
        return node->kind != PATTERN_START && node->kind != PATTERN_END && node->kind != PATTERN_WORD_EDGE &&
               node->kind != PATTERN_LOOK;
}

/* Takes the node. */
static PatternNode *parse_quantifier(PatternParser *parser, PatternNode *node)
{
        g_autoptr(PatternNode) child = node;
        const char *start = parser->at;
        PatternNode *repeat;
        uint32_t low, high;

        if (!take_quantifier(parser, &low, &high))
                return g_steal_pointer(&child);
        if (!can_repeat(child)) {
                parser->at = start;
                return pattern_fail(parser, "there is nothing to repeat");
        }
        if (low > high)
                return pattern_fail(parser, "the ends of a repetition are the wrong way round");
        if (low > MAX_REPEAT || (high != PATTERN_NO_END && high > MAX_REPEAT))
                return pattern_fail(parser, "too many repetitions");

        repeat = pattern_node_new(PATTERN_REPEAT);
        repeat->low = low;
        repeat->high = high;
        repeat->lazy = pattern_take(parser, "?");
        repeat->child = g_steal_pointer(&child);
        return repeat;
}

static PatternNode *parse_choice(PatternParser *parser);

/* What an opening parenthesis begins, told by what is behind it. */
static PatternNode *parse_group_start(PatternParser *parser)
{
        PatternNode *group = pattern_node_new(PATTERN_GROUP);

        if (pattern_take(parser, "?:"))
                return group;
        if (g_str_has_prefix(parser->at, "?=") || g_str_has_prefix(parser->at, "?!") ||
            g_str_has_prefix(parser->at, "?<=") || g_str_has_prefix(parser->at, "?<!")) {
                group->kind = PATTERN_LOOK;
                group->behind = parser->at[1] == '<';
                group->negated = parser->at[group->behind ? 2 : 1] == '!';
                parser->at += group->behind ? 3 : 2;
                return group;
        }
        group->captures = true;
        parser->n_groups++;
        if (pattern_take(parser, "?<")) {
                group->name = pattern_take_name(parser);
                if (group->name && !g_hash_table_insert(parser->names, g_strdup(group->name),
                                                        GUINT_TO_POINTER(parser->n_groups)))
                        pattern_fail(parser, "two groups have one name");
        } else if (*parser->at == '?') {
                pattern_fail(parser, "a group cannot begin like this");
        }
        return group;
}

static PatternNode *parse_group(PatternParser *parser)
{
        g_autoptr(PatternNode) group = NULL;

        if (++parser->depth > MAX_DEPTH)
                return pattern_fail(parser, "groups are nested too deep");
        group = parse_group_start(parser);
        if (parser->message)
                return NULL;
        group->child = parse_choice(parser);
        if (!group->child)
                return NULL;
        if (!pattern_take(parser, ")"))
                return pattern_fail(parser, "a closing parenthesis is missing");
        parser->depth--;
        return g_steal_pointer(&group);
}

static PatternNode *parse_atom(PatternParser *parser)
{
        PatternNode *node;

        switch (*parser->at) {
        case '^':
        case '$':
                node = pattern_node_new(*parser->at == '^' ? PATTERN_START : PATTERN_END);
                parser->at++;
                return node;
        case '(':
                parser->at++;
                return parse_group(parser);
        case '*':
        case '+':
        case '?':
                return pattern_fail(parser, "there is nothing to repeat");
        case '.':
        case '[':
        case '\\':
                return pattern_parse_class(parser);
        default:
                node = pattern_node_new(PATTERN_SET);
                node->set = code_set_new();
                code_set_add(node->set, g_utf8_get_char(parser->at), g_utf8_get_char(parser->at));
                parser->at = g_utf8_next_char(parser->at);
                return node;
        }
}

static PatternNode *parse_sequence(PatternParser *parser)
{
        g_autoptr(PatternNode) sequence = pattern_node_new(PATTERN_SEQUENCE);
        PatternNode **end = &sequence->child;

        while (*parser->at != '\0' && *parser->at != '|' && *parser->at != ')') {
                PatternNode *node = parse_atom(parser);

                if (node)
                        node = parse_quantifier(parser, node);
                if (!node)
                        return NULL;
                *end = node;
                end = &node->next;
        }
        return g_steal_pointer(&sequence);
}

static PatternNode *parse_choice(PatternParser *parser)
{
        g_autoptr(PatternNode) choice = pattern_node_new(PATTERN_CHOICE);
        PatternNode **end = &choice->child;

        do {
                *end = parse_sequence(parser);
                if (!*end)
                        return NULL;
                end = &(*end)->next;
        } while (pattern_take(parser, "|"));
        return g_steal_pointer(&choice);
}

/* References may stand before the groups that they are to. */
static bool resolve_references(PatternParser *parser, PatternNode *node)
{
        for (; node; node = node->next) {
                if (node->kind == PATTERN_REFERENCE && node->name)
                        node->group = GPOINTER_TO_UINT(g_hash_table_lookup(parser->names, node->name));
                if (node->kind == PATTERN_REFERENCE &&
                    (node->group == 0 || node->group > parser->n_groups)) {
                        parser->message = g_strdup("a reference is to a group that is not there");
                        return false;
                }
                if (!resolve_references(parser, node->child))
                        return false;
        }
        return true;
}

PatternNode *pattern_parse(const char *text, char **ret_message)
{
        g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        PatternParser parser = { .text = text, .at = text, .names = names };
        g_autoptr(PatternNode) root = parse_choice(&parser);

        if (root && *parser.at == ')')
                pattern_fail(&parser, "an opening parenthesis is missing");
        if (root && !parser.message)
                resolve_references(&parser, root);
        if (!parser.message)
                return g_steal_pointer(&root);
        *ret_message = parser.message;
        return NULL;
}
