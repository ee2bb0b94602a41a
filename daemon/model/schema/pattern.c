/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/pattern.h"

#include "daemon/model/schema/automaton.h"
#include "daemon/model/schema/pattern-tree.h"

#include <string.h>

/* A longer pattern is refused. */
#define MAX_LENGTH 10000U
/* What GRegex may do for one match: steps back, and how many of them may wait; and its memory in KiB. */
#define LIMITS "(*LIMIT_MATCH=20000)(*LIMIT_DEPTH=5000)(*LIMIT_HEAP=8192)"
#define WORD "[A-Za-z0-9_]"

struct Pattern {
        char *text;
        Automaton *automaton; /* or else */
        GRegex *regex;
};

static void write_set(GString *text, const PatternNode *node)
{
        if (node->set->len == 0 && !node->properties) {
                g_string_append(text, node->negated ? "(?s:.)" : "(?!)");
                return;
        }
        g_string_append(text, node->negated ? "[^" : "[");
        for (guint i = 0; i < node->set->len; i++) {
                CodeRange range = g_array_index(node->set, CodeRange, i);

                g_string_append_printf(text, "\\x{%X}-\\x{%X}", range.low, range.high);
        }
        for (guint i = 0; node->properties && i < node->properties->len; i++)
                g_string_append(text, g_ptr_array_index(node->properties, i));
        g_string_append_c(text, ']');
}

static void write_node(GString *text, const PatternNode *node);

static void write_repeat(GString *text, const PatternNode *node)
{
        g_string_append(text, "(?:");
        write_node(text, node->child);
        g_string_append_printf(text, "){%u,", node->low);
        if (node->high != PATTERN_NO_END)
                g_string_append_printf(text, "%u", node->high);
        g_string_append(text, node->lazy ? "}?" : "}");
}

static void write_inside(GString *text, const char *open, const PatternNode *node)
{
        g_string_append(text, open);
        write_node(text, node->child);
        g_string_append_c(text, ')');
}

static void write_children(GString *text, const PatternNode *node)
{
        for (const PatternNode *child = node->child; child; child = child->next) {
                if (node->kind == PATTERN_CHOICE && child != node->child)
                        g_string_append_c(text, '|');
                write_node(text, child);
        }
}

/* The pattern in the dialect of PCRE, where no letter means what it means in ECMA-262. */
static void write_node(GString *text, const PatternNode *node)
{
        switch (node->kind) {
        case PATTERN_SET:
                write_set(text, node);
                break;
        case PATTERN_REPEAT:
                write_repeat(text, node);
                break;
        case PATTERN_GROUP:
                write_inside(text, node->captures ? "(" : "(?:", node);
                break;
        case PATTERN_LOOK:
                if (node->behind)
                        write_inside(text, node->negated ? "(?<!" : "(?<=", node);
                else
                        write_inside(text, node->negated ? "(?!" : "(?=", node);
                break;
        case PATTERN_START:
                g_string_append(text, "\\A");
                break;
        case PATTERN_END:
                g_string_append(text, "\\z");
                break;
        case PATTERN_WORD_EDGE:
                g_string_append(text,
                                node->negated ? "(?:(?<=" WORD ")(?=" WORD ")|(?<!" WORD ")(?!" WORD "))"
                                              : "(?:(?<=" WORD ")(?!" WORD ")|(?<!" WORD ")(?=" WORD "))");
                break;
        case PATTERN_REFERENCE:
                /* One to a group that has no part in the match is to nothing, and matches. */
                g_string_append_printf(text, "(?(%u)\\g{%u})", node->group, node->group);
                break;
        default:
                write_children(text, node);
                break;
        }
}

static GRegex *compile_regex(const PatternNode *tree, char **ret_message)
{
        g_autoptr(GString) text = g_string_new(LIMITS);
        g_autoptr(GError) error = NULL;
        GRegex *regex;

        write_node(text, tree);
        regex = g_regex_new(text->str, 0, 0, &error);
        if (!regex)
                *ret_message = g_strdup(g_error_matches(error, G_REGEX_ERROR,
                                                        G_REGEX_ERROR_VARIABLE_LENGTH_LOOKBEHIND)
                                                        ? "what is looked behind for may be of any length, "
                                                          "which is not supported"
                                                        : "it is too complex to be matched");
        return regex;
}

Pattern *pattern_new(const char *text, uint64_t *work, char **ret_message)
{
        g_autoptr(PatternNode) tree = NULL;
        g_autoptr(Automaton) automaton = NULL;
        GRegex *regex = NULL;
        Pattern *pattern;

        if (strlen(text) > MAX_LENGTH) {
                *ret_message = g_strdup_printf("it is longer than %u bytes", MAX_LENGTH);
                return NULL;
        }
        tree = pattern_parse(text, ret_message);
        if (!tree)
                return NULL;
        automaton = automaton_new(tree, work);
        if (!automaton) {
                regex = compile_regex(tree, ret_message);
                if (!regex)
                        return NULL;
        }

        pattern = g_new(Pattern, 1);
        *pattern = (Pattern){ .text = g_strdup(text),
                              .automaton = g_steal_pointer(&automaton),
                              .regex = regex };
        return pattern;
}

Pattern *pattern_free(Pattern *pattern)
{
        if (!pattern)
                return NULL;

        g_free(pattern->text);
        automaton_free(pattern->automaton);
        if (pattern->regex)
                g_regex_unref(pattern->regex);
        g_free(pattern);
        return NULL;
}

const char *pattern_text(const Pattern *pattern)
{
        return pattern->text;
}

bool pattern_is_linear(const Pattern *pattern)
{
        return pattern->automaton;
}

PatternResult pattern_match(const Pattern *pattern, const char *text, size_t length)
{
        g_autoptr(GError) error = NULL;
        bool found;

        if (pattern->automaton)
                return automaton_match(pattern->automaton, text, length) ? PATTERN_MATCHES : PATTERN_DIFFERS;

        found = g_regex_match_full(pattern->regex, text, (gssize) length, 0, 0, NULL, &error);
        if (error)
                return PATTERN_GAVE_UP;
        return found ? PATTERN_MATCHES : PATTERN_DIFFERS;
}

char *pattern_check(const char *text)
{
        char *message = NULL;

        pattern_node_free(pattern_parse(text, &message));
        return message;
}
