/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Line cursors: a text read line by line
 *
 * For the formats that are made of lines. A line ends at a line feed or with the text; a carriage return
 * right before that end is no part of it. Blanks are spaces and tabs.
 */
#pragma once

#include "daemon/model/builder.h"
#include "daemon/model/failure.h"

typedef struct LineCursor {
        const char *file;
        const char *start; /* of the line */
        const char *at;    /* where to read on, up to end; moved by the reader */
        const char *end;   /* of the line, without what ends it */
        const char *next;  /* start of the line after it */
        const char *text_end;
        uint32_t line;
} LineCursor;

/* Stands before the first line. file is what failures name and may be NULL; both are borrowed. */
void line_cursor_init(LineCursor *cursor, const char *text, size_t length, const char *file);
/* Moves to the start of the next line; false where there is none. */
bool line_cursor_next(LineCursor *cursor);

/* Moves over blanks; true if something else follows in the line. */
bool line_cursor_skip_blanks(LineCursor *cursor);
/* Where the text from a place to another ends once blanks behind it are left out. */
const char *line_trim_end(const char *from, const char *end);
bool line_is_blank(char c);

/* The place of a byte of the line. */
Place line_cursor_place(const LineCursor *cursor, const char *at);
/* A FAILURE_PARSE_FAILED at that place. */
Failure *line_cursor_fail(const LineCursor *cursor, Place place, const char *message);
