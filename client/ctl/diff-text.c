/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/diff-text.h"

#include "client/ctl/text.h"
#include "client/ctl/value-text.h"

#include <string.h>

/* Two values on one line, up to this many characters. */
#define LONGEST_LINE 160U
/* Lines around those that differ. */
#define AROUND 2U
#define INDENT 2U

typedef struct Writer {
        GString *out;
        const Style *style;
        unsigned indent;
} Writer;

static const Accent accents[] = {
        [CHANGE_ADDED] = ACCENT_GOOD,
        [CHANGE_MODIFIED] = ACCENT_WARNING,
        [CHANGE_REMOVED] = ACCENT_BAD,
};

static const char marks[] = {
        [CHANGE_ADDED] = '+',
        [CHANGE_MODIFIED] = '~',
        [CHANGE_REMOVED] = '-',
};

static void append_line(const Writer *writer, Accent accent, char mark, const char *text)
{
        g_string_append_printf(writer->out, "%*s%s%c %s%s\n", (int) writer->indent, "",
                               style_begin(writer->style, accent), mark, text,
                               style_end(writer->style, accent));
}

static char **split_block(const Node *node)
{
        g_autoptr(GString) block = g_string_new(NULL);

        value_append_block(block, node, INDENT);
        g_string_truncate(block, block->len - 1); /* the last newline */
        return g_strsplit(block->str, "\n", -1);
}

static void append_lines(const Writer *writer, Accent accent, char mark, char **lines, size_t from,
                         size_t to)
{
        for (size_t i = from; i < to; i++)
                append_line(writer, accent, mark, lines[i]);
}

/* What both have in common at their ends is left out but for a few lines. */
static void append_blocks(const Writer *writer, const Node *before, const Node *after)
{
        g_auto(GStrv) old = split_block(before);
        g_auto(GStrv) new = split_block(after);
        size_t n_old = g_strv_length(old), n_new = g_strv_length(new);
        size_t head = 0, tail = 0, end;
        g_autofree char *gap = g_strdup_printf("%*s%s", (int) INDENT, "", style_ellipsis(writer->style));
        size_t first = before->kind == NODE_STRING && g_str_equal(old[0], new[0]) ? 1
                                                                                  : 0; /* without the "|" */

        while (head < MIN(n_old, n_new) && g_str_equal(old[head], new[head]))
                head++;
        while (tail < MIN(n_old, n_new) - head && g_str_equal(old[n_old - 1 - tail], new[n_new - 1 - tail]))
                tail++;

        if (head > first + AROUND)
                append_line(writer, ACCENT_FAINT, ' ', gap);
        append_lines(writer, ACCENT_FAINT, ' ', old, MAX(first, head - MIN(head, AROUND)), head);
        append_lines(writer, ACCENT_BAD, '-', old, head, n_old - tail);
        append_lines(writer, ACCENT_GOOD, '+', new, head, n_new - tail);
        end = n_old - tail + MIN(tail, AROUND);
        append_lines(writer, ACCENT_FAINT, ' ', old, n_old - tail, end);
        if (end < n_old)
                append_line(writer, ACCENT_FAINT, ' ', gap);
}

/* The values behind the path, or false where they do not fit there. */
static bool append_flow(const Writer *writer, const Change *change, GString *line)
{
        gsize length = line->len;

        if ((change->before && change->before->kind == NODE_STRING && value_is_block(change->before)) ||
            (change->after && change->after->kind == NODE_STRING && value_is_block(change->after)))
                return false;

        g_string_append(line, ": ");
        if (change->before)
                value_append_flow(line, change->before);
        if (change->before && change->after)
                g_string_append_printf(line, " %s ", style_arrow(writer->style));
        if (change->after)
                value_append_flow(line, change->after);
        if (line->len - length <= LONGEST_LINE)
                return true;
        g_string_truncate(line, length);
        return false;
}

static void append_change(const Writer *writer, const Change *change, bool restart)
{
        g_autoptr(GString) line = g_string_new(NULL);
        Accent accent = accents[change->kind];
        char mark = marks[change->kind];
        const Node *only = change->before ? change->before : change->after;

        text_append(line, change->path, TEXT_LINE);
        if (append_flow(writer, change, line)) {
                g_string_append(line, restart ? " (restart)" : "");
                append_line(writer, accent, mark, line->str);
                return;
        }

        g_string_append(line, restart ? ": (restart)" : ":");
        append_line(writer, accent, mark, line->str);
        if (change->kind == CHANGE_MODIFIED) {
                append_blocks(writer, change->before, change->after);
        } else {
                g_auto(GStrv) lines = split_block(only);

                append_lines(writer, accent, mark, lines, 0, g_strv_length(lines));
        }
}

void diff_text_append(GString *out, const ChangeList *changes, const Style *style, unsigned indent)
{
        const Writer writer = { .out = out, .style = style, .indent = indent };

        for (guint i = 0; i < changes->items->len; i++) {
                const Change *change = &g_array_index(changes->items, Change, i);

                append_change(&writer, change, change_list_needs_restart(changes, change));
        }
}

void diff_text_append_json(Json *json, const ChangeList *changes)
{
        json_open_array(json);
        for (guint i = 0; i < changes->items->len; i++) {
                const Change *change = &g_array_index(changes->items, Change, i);

                json_open_object(json);
                json_add_key(json, "path");
                json_add_string(json, change->path);
                json_add_key(json, "kind");
                json_add_string(json, change_kind_to_string(change->kind));
                if (change->before) {
                        json_add_key(json, "before");
                        json_add_node(json, change->before);
                }
                if (change->after) {
                        json_add_key(json, "after");
                        json_add_node(json, change->after);
                }
                if (change_list_needs_restart(changes, change)) {
                        json_add_key(json, "restart");
                        json_add_boolean(json, true);
                }
                json_close(json);
        }
        json_close(json);
}
