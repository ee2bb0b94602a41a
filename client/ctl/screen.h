/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Screen: text that is drawn again where it was drawn before
 *
 * The terminal keeps what was above, and the last state of the text when the program ends, however it ends:
 * nothing has to be put back. What has no room is left out at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct Screen {
        size_t drawn; /* lines that are there now, the cursor being under them */
} Screen;

/* Whether standard output is a terminal that can do it. */
bool screen_is_possible(void);
/* What to send to a terminal of so many rows; text is lines that end in newlines. To be freed. */
char *screen_format(Screen *screen, const char *text, size_t rows);
/* The same after the terminal's size changed, which moved what was drawn: from a cleared screen. */
char *screen_format_anew(Screen *screen, const char *text, size_t rows);
