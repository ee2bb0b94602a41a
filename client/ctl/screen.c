/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/screen.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

/* A line that is too long must not take two rows. */
#define NO_WRAP "\x1b[?7l"
#define WRAP "\x1b[?7h"
#define ERASE_BELOW "\x1b[J"
#define CLEAR "\x1b[H\x1b[2J"

bool screen_is_possible(void)
{
        const char *term = g_getenv("TERM");

        return isatty(STDOUT_FILENO) && term && *term && !g_str_equal(term, "dumb");
}

static size_t count_lines(const char *text)
{
        size_t count = 0;

        for (; (text = strchr(text, '\n')); text++)
                count++;
        return count;
}

static const char *skip_lines(const char *text, size_t count)
{
        for (; count > 0; count--)
                text = strchr(text, '\n') + 1;
        return text;
}

/* The cursor needs the last row. */
static void append_text(GString *out, Screen *screen, const char *text, size_t rows)
{
        size_t lines = count_lines(text), room = MAX(rows, 3) - 1;

        g_string_append(out, NO_WRAP);
        if (lines <= room) {
                g_string_append(out, text);
                screen->drawn = lines;
        } else {
                g_string_append_len(out, text, skip_lines(text, room - 1) - text);
                g_string_append_printf(out, "(%" G_GSIZE_FORMAT " more)\n", lines - (room - 1));
                screen->drawn = room;
        }
        g_string_append(out, WRAP);
}

char *screen_format(Screen *screen, const char *text, size_t rows)
{
        GString *out = g_string_new(NULL);

        if (screen->drawn > 0)
                g_string_append_printf(out, "\r\x1b[%" G_GSIZE_FORMAT "A" ERASE_BELOW, screen->drawn);
        append_text(out, screen, text, rows);
        return g_string_free(out, FALSE);
}

char *screen_format_anew(Screen *screen, const char *text, size_t rows)
{
        GString *out = g_string_new(CLEAR);

        append_text(out, screen, text, rows);
        return g_string_free(out, FALSE);
}
