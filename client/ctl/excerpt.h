/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Excerpts: a line of a file with a caret under one of its characters, as compilers show it
 *
 * What the line holds goes to a terminal, so it is escaped like any other text; the caret stands where the
 * character is shown, whatever tabs, wide characters and escapes come before it. Of a long line only what is
 * around the caret is shown.
 */
#pragma once

#include "client/ctl/style.h"

#include <glib.h>
#include <stdint.h>

/*
 * Appends two lines, each with so many spaces before it; false where the text has no such line. line and
 * column count from 1, in characters; a column behind the end is taken for the end, column 0 for none: then
 * there is no caret.
 */
bool excerpt_append(GString *out, const char *text, size_t length, uint32_t line, uint32_t column,
                    const Style *style, unsigned indent);
