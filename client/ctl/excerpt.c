/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/excerpt.h"

#include "client/ctl/text.h"

#include <string.h>

#define TAB_WIDTH 8U
/* Of a line where no terminal says how much there is room for. */
#define USUAL_WIDTH 120U
#define SHORTEST_WIDTH 20U
/* "%5u | " */
#define GUTTER_WIDTH 8U

/* The bytes of one line, without what ends it. */
typedef struct Line {
        const char *start, *end;
} Line;

static bool find_line(const char *text, size_t length, uint32_t number, Line *ret)
{
        const char *end = text + length;
        const char *start = text;

        for (uint32_t i = 1; i < number; i++) {
                start = start < end ? memchr(start, '\n', (size_t) (end - start)) : NULL;
                if (!start)
                        return false;
                start++;
        }
        *ret = (Line){ .start = start,
                       .end = start < end ? memchr(start, '\n', (size_t) (end - start)) : end };
        if (!ret->end)
                ret->end = end;
        if (ret->end > ret->start && ret->end[-1] == '\r')
                ret->end--;
        return number > 0;
}

/* Bytes of the character there; what is none is shown byte by byte. */
static size_t character_length(const char *at, const char *end)
{
        gunichar c = g_utf8_get_char_validated(at, end - at);

        return c == (gunichar) -1 || c == (gunichar) -2 ? 1 : (size_t) (g_utf8_next_char(at) - at);
}

/* Appends one character as it is to be shown; from is the width of what is before it. Returns its own. */
static size_t append_character(GString *out, const char *at, size_t length, size_t from)
{
        char character[8] = { 0 };
        gsize before = out->len;

        if (*at == '\t') {
                size_t width = TAB_WIDTH - from % TAB_WIDTH;

                g_string_append_printf(out, "%*s", (int) width, "");
                return width;
        }
        memcpy(character, at, length);
        if (*at == '\0')
                g_string_append(out, "\\x00");
        else
                text_append(out, character, TEXT_LINE);
        return text_width(out->str + before);
}

/* What a character takes at most. */
static size_t character_width(const char *at, size_t length)
{
        g_autoptr(GString) shown = g_string_new(NULL);

        return append_character(shown, at, length, 0);
}

static const char *find_column(const Line *line, uint32_t column)
{
        const char *at = line->start;

        for (uint32_t i = 1; i < column && at < line->end; i++)
                at += character_length(at, line->end);
        return at;
}

static const char *previous_character(const Line *line, const char *at)
{
        const char *start = g_utf8_find_prev_char(line->start, at);

        /* What only looks like the start of a character is none that reaches up to here. */
        return start && start + character_length(start, line->end) == at ? start : at - 1;
}

/* Where to begin, so that what is before the place takes no more than that. */
static const char *find_window(const Line *line, const char *place, size_t room)
{
        const char *at = place;
        size_t width = 0;

        while (at > line->start) {
                const char *before = previous_character(line, at);

                width += character_width(before, (size_t) (at - before));
                if (width > room)
                        break;
                at = before;
        }
        return at;
}

/* Appends the line, from the window on; returns what is before the place. */
static size_t append_line(GString *out, const Line *line, const char *window, const char *place, size_t room,
                          const Style *style)
{
        const char *ellipsis = style_ellipsis(style);
        size_t width = 0, before = 0;

        if (window > line->start) {
                g_string_append(out, ellipsis);
                width = text_width(ellipsis);
        }
        for (const char *at = window; at < line->end;) {
                size_t length = character_length(at, line->end);
                gsize end = out->len;
                size_t own = append_character(out, at, length, width);

                if (width + own > room && at > place) {
                        g_string_truncate(out, end);
                        g_string_append(out, ellipsis);
                        break;
                }
                if (at == place)
                        before = width;
                width += own;
                at += length;
        }
        return place == line->end ? width : before;
}

bool excerpt_append(GString *out, const char *text, size_t length, uint32_t number, uint32_t column,
                    const Style *style, unsigned indent)
{
        size_t columns = style->columns > 0 ? style->columns : USUAL_WIDTH;
        size_t room = MAX(columns - MIN(columns, indent + GUTTER_WIDTH), SHORTEST_WIDTH);
        const char *place, *window;
        size_t before;
        Line line;

        if (!find_line(text, length, number, &line))
                return false;

        place = find_column(&line, column);
        window = find_window(&line, place, room / 2);
        /* A line that fits as a whole is shown as a whole. */
        if (window > line.start && find_window(&line, line.end, room) == line.start)
                window = line.start;

        g_string_append_printf(out, "%*s%s%5u |%s ", (int) indent, "", style_begin(style, ACCENT_FAINT),
                               number, style_end(style, ACCENT_FAINT));
        before = append_line(out, &line, window, place, room, style);
        g_string_append_c(out, '\n');
        if (column > 0)
                g_string_append_printf(out, "%*s%s      |%s %*s%s^%s\n", (int) indent, "",
                                       style_begin(style, ACCENT_FAINT), style_end(style, ACCENT_FAINT),
                                       (int) before, "", style_begin(style, ACCENT_BAD),
                                       style_end(style, ACCENT_BAD));
        return true;
}
