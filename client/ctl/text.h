/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text: what may go to a terminal, and how wide it is there
 *
 * Whoever writes a config decides what we print, and a terminal obeys what it is sent: escape sequences, C1
 * controls, and characters that turn the direction of what follows. So nothing that is not plainly visible
 * goes out as it is. Letters stay as they are, whatever their script.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum TextForm {
        TEXT_LINE,   /* all on one line */
        TEXT_LINES,  /* newlines and tabs stay */
        TEXT_QUOTED, /* for between double quotes: these and backslashes are escaped, too; YAML reads it */
} TextForm;

/* True for what is visible, and a space. */
bool text_is_visible(gunichar c);

void text_append(GString *out, const char *text, TextForm form);
/* The same as TEXT_LINE, or NULL for NULL. */
char *text_escape(const char *text);

/* Columns that escaped text takes. */
size_t text_width(const char *text);
/* Escaped text cut to so many columns, with an ellipsis at the end. */
char *text_ellipsize(const char *text, size_t columns, bool unicode);

/* The shortest decimal that reads back as the same number; always with a point, an exponent, or .inf, .nan.
 */
void text_append_double(GString *out, double number);
