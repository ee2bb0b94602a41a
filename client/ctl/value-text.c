/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/value-text.h"

#include "client/ctl/text.h"

#include <string.h>

#define INDENT 2

static bool is_reserved(const char *text)
{
        /* What YAML 1.1 or 1.2 reads as null or boolean. */
        static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off", "y", "n" };

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_ascii_strcasecmp(text, words[i]) == 0)
                        return true;
        return false;
}

/* True if the text can stand without quotes, in blocks and in flow. */
static bool is_plain(const char *text)
{
        size_t length = strlen(text);

        if (length == 0 || is_reserved(text) || text[length - 1] == ' ' || text[length - 1] == ':' ||
            strstr(text, ": "))
                return false;
        if (!g_ascii_isalpha(*text) && *text != '_' && *text != '/' && (unsigned char) *text < 0x80)
                return false;

        for (const char *p = text; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);

                if (c < 0x80 ? !g_ascii_isalnum((char) c) && !strchr("_-./@%+~:=() ", (char) c)
                             : !g_unichar_isgraph(c) || !text_is_visible(c))
                        return false;
        }
        return true;
}

static void append_string(GString *out, const char *text)
{
        if (is_plain(text)) {
                g_string_append(out, text);
                return;
        }
        g_string_append_c(out, '"');
        text_append(out, text, TEXT_QUOTED);
        g_string_append_c(out, '"');
}

/* True if the string can be shown line by line behind a "|". */
static bool is_literal(const char *text)
{
        if (!strchr(text, '\n') || *text == ' ' || *text == '\n' || *text == '\t')
                return false;

        for (const char *p = text; *p; p = g_utf8_next_char(p))
                if (*p != '\n' && *p != '\t' && !text_is_visible(g_utf8_get_char(p)))
                        return false;
        return true;
}

bool value_is_block(const Node *node)
{
        switch (node->kind) {
        case NODE_LIST:
        case NODE_MAP:
                return node->length > 0;
        case NODE_STRING:
                return is_literal(node->string);
        default:
                return false;
        }
}

static void append_scalar(GString *out, const Node *node)
{
        switch (node->kind) {
        case NODE_NULL:
                g_string_append(out, "null");
                break;
        case NODE_BOOLEAN:
                g_string_append(out, node->boolean ? "true" : "false");
                break;
        case NODE_INTEGER:
                g_string_append_printf(out, "%" G_GINT64_FORMAT, node->integer);
                break;
        case NODE_UNSIGNED:
                g_string_append_printf(out, "%" G_GUINT64_FORMAT, node->unsigned_integer);
                break;
        case NODE_DOUBLE:
                text_append_double(out, node->number);
                break;
        default:
                append_string(out, node->string);
        }
}

void value_append_flow(GString *out, const Node *node)
{
        if (node->kind == NODE_LIST) {
                g_string_append_c(out, '[');
                for (uint32_t i = 0; i < node->length; i++) {
                        g_string_append(out, i > 0 ? ", " : "");
                        value_append_flow(out, &node->list->items[i]);
                }
                g_string_append_c(out, ']');
        } else if (node->kind == NODE_MAP) {
                g_string_append_c(out, '{');
                for (uint32_t i = 0; i < node->length; i++) {
                        g_string_append(out, i > 0 ? ", " : "");
                        append_string(out, node->map->members[i].key);
                        g_string_append(out, ": ");
                        value_append_flow(out, &node->map->members[i].value);
                }
                g_string_append_c(out, '}');
        } else
                append_scalar(out, node);
}

static void append_indent(GString *out, unsigned indent)
{
        g_string_append_printf(out, "%*s", (int) indent, "");
}

/* The header says what becomes of newlines at the end: one, none, or all of them. */
static void append_literal(GString *out, const char *text, unsigned indent)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        unsigned n_lines = g_strv_length(lines);
        bool ends = g_str_has_suffix(text, "\n");

        g_string_append(out, !ends ? "|-" : g_str_has_suffix(text, "\n\n") ? "|+" : "|");
        g_string_append_c(out, '\n');
        for (unsigned i = 0; i < n_lines - (ends ? 1 : 0); i++) {
                if (*lines[i])
                        append_indent(out, indent);
                g_string_append(out, lines[i]);
                g_string_append_c(out, '\n');
        }
}

/* The value behind "key:" or "-". */
static void append_behind(GString *out, const Node *node, unsigned indent)
{
        if (!value_is_block(node)) {
                g_string_append_c(out, ' ');
                value_append_flow(out, node);
                g_string_append_c(out, '\n');
        } else if (node->kind == NODE_STRING) {
                g_string_append_c(out, ' ');
                append_literal(out, node->string, indent);
        } else {
                g_string_append_c(out, '\n');
                value_append_block(out, node, indent);
        }
}

static void append_list(GString *out, const Node *list, unsigned indent)
{
        for (uint32_t i = 0; i < list->length; i++) {
                const Node *item = &list->list->items[i];

                append_indent(out, indent);
                g_string_append_c(out, '-');
                if (item->kind == NODE_STRING || !value_is_block(item)) {
                        append_behind(out, item, indent + INDENT);
                } else {
                        /* Its first line goes behind the dash, in place of the indent. */
                        gsize start = out->len;

                        value_append_block(out, item, indent + INDENT);
                        g_string_erase(out, (gssize) start, (gssize) indent + 1);
                }
        }
}

void value_append_block(GString *out, const Node *node, unsigned indent)
{
        if (!value_is_block(node)) {
                append_indent(out, indent);
                value_append_flow(out, node);
                g_string_append_c(out, '\n');
        } else if (node->kind == NODE_STRING) {
                append_indent(out, indent);
                append_literal(out, node->string, indent + INDENT);
        } else if (node->kind == NODE_LIST) {
                append_list(out, node, indent);
        } else {
                for (uint32_t i = 0; i < node->length; i++) {
                        append_indent(out, indent);
                        append_string(out, node->map->members[i].key);
                        g_string_append_c(out, ':');
                        append_behind(out, &node->map->members[i].value, indent + INDENT);
                }
        }
}

void value_append_plain(GString *out, const Node *node, bool escape)
{
        if (node->kind != NODE_STRING) {
                value_append_block(out, node, 0);
                return;
        }

        if (escape)
                text_append(out, node->string, TEXT_LINES);
        else
                g_string_append(out, node->string);
        g_string_append_c(out, '\n');
}
