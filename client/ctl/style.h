/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Style: how output looks on what it is written to
 *
 * Found out once, before a pager takes the place of standard output.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum Accent {
        ACCENT_NONE,
        ACCENT_STRONG,
        ACCENT_FAINT,
        ACCENT_GOOD,
        ACCENT_WARNING,
        ACCENT_BAD,
} Accent;

typedef struct Style {
        bool terminal; /* standard output is one */
        bool colors;
        bool unicode; /* characters outside ASCII may be used for drawing */
        bool legend;
        size_t columns; /* of the terminal; 0 where lines need not be cut */
        size_t rows;    /* of the terminal; 0 where it is none */
} Style;

/* What the environment says: the locale, COLUMNS, and for colors SYSTEMD_COLORS, NO_COLOR, TERM. */
Style style_detect(bool full, bool legend);

/* The same style on standard error, whose lines are to be cut where it is a terminal. */
Style style_for_errors(const Style *style);

/* The sequences to put around text; "" where there is nothing to say. */
const char *style_begin(const Style *style, Accent accent);
const char *style_end(const Style *style, Accent accent);

/* Characters for drawing. */
const char *style_dot(const Style *style);
const char *style_arrow(const Style *style);
const char *style_ellipsis(const Style *style);
