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

static size_t count_columns(void)
{
        const char *value = g_getenv("COLUMNS");
        struct winsize size = { 0 };
        guint64 columns;

        if (value && g_ascii_string_to_unsigned(value, 10, 1, 10000, &columns, NULL))
                return columns;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) >= 0 && size.ws_col > 0)
                return size.ws_col;
        return 80;
}

Style style_detect(bool full, bool legend)
{
        bool terminal = isatty(STDOUT_FILENO);

        return (Style){
                .terminal = terminal,
                .colors = wants_colors(terminal),
                .unicode = g_get_charset(NULL),
                .legend = legend,
                .columns = terminal && !full ? count_columns() : 0,
        };
}

Style style_for_errors(const Style *style)
{
        Style errors = *style;

        errors.terminal = isatty(STDERR_FILENO);
        errors.colors = wants_colors(errors.terminal);
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
