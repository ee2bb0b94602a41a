/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/style.h"

#include <glib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool wants_colors(bool terminal)
{
        const char *value = g_getenv("SYSTEMD_COLORS");
        const char *term = g_getenv("TERM");

        if (value && *value)
                return !g_strv_contains((const char *[]){ "0", "no", "false", "off", NULL }, value);
        value = g_getenv("NO_COLOR");
        if (value && *value)
                return false;
        return terminal && term && !g_str_equal(term, "dumb");
}

/* As the environment has it, or the terminal, or as terminals were once. */
static size_t measure(const char *variable, unsigned short of_terminal, size_t fallback)
{
        const char *value = g_getenv(variable);
        guint64 number;

        if (value && g_ascii_string_to_unsigned(value, 10, 1, 10000, &number, NULL))
                return number;
        return of_terminal > 0 ? of_terminal : fallback;
}

/* Leaves both at 0 where it is no terminal. */
static void find_size(int fd, size_t *columns, size_t *rows)
{
        struct winsize size = { 0 };

        if (!isatty(fd))
                return;
        (void) ioctl(fd, TIOCGWINSZ, &size);
        *columns = measure("COLUMNS", size.ws_col, 80);
        *rows = measure("LINES", size.ws_row, 24);
}

Style style_detect(bool full, bool legend)
{
        bool terminal = isatty(STDOUT_FILENO);
        Style style = {
                .terminal = terminal,
                .colors = wants_colors(terminal),
                .unicode = g_get_charset(NULL),
                .legend = legend,
        };

        find_size(STDOUT_FILENO, &style.columns, &style.rows);
        if (full)
                style.columns = 0;
        return style;
}

Style style_for_errors(const Style *style)
{
        Style errors = *style;

        errors.terminal = isatty(STDERR_FILENO);
        errors.colors = wants_colors(errors.terminal);
        errors.columns = errors.rows = 0;
        find_size(STDERR_FILENO, &errors.columns, &errors.rows);
        return errors;
}

const char *style_begin(const Style *style, Accent accent)
{
        static const char *const sequences[] = {
                [ACCENT_NONE] = "",         [ACCENT_STRONG] = "\x1b[1m",   [ACCENT_FAINT] = "\x1b[2m",
                [ACCENT_GOOD] = "\x1b[32m", [ACCENT_WARNING] = "\x1b[33m", [ACCENT_BAD] = "\x1b[31m",
        };

        return style->colors ? sequences[accent] : "";
}

const char *style_end(const Style *style, Accent accent)
{
        return style->colors && accent != ACCENT_NONE ? "\x1b[0m" : "";
}

const char *style_dot(const Style *style)
{
        return style->unicode ? "\xe2\x97\x8f" : "*";
}

const char *style_arrow(const Style *style)
{
        return style->unicode ? "\xe2\x86\x92" : "->";
}

const char *style_ellipsis(const Style *style)
{
        return style->unicode ? "\xe2\x80\xa6" : "...";
}
