/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/line-cursor.h"

#include <string.h>

void line_cursor_init(LineCursor *cursor, const char *text, size_t length, const char *file)
{
        *cursor = (LineCursor){ .file = file, .next = text, .text_end = text + length };
}

bool line_cursor_next(LineCursor *cursor)
{
        const char *feed;

        if (cursor->next == cursor->text_end)
                return false;

        cursor->start = cursor->at = cursor->next;
        cursor->line++;
        feed = memchr(cursor->start, '\n', (size_t) (cursor->text_end - cursor->start));
        cursor->end = feed ?: cursor->text_end;
        cursor->next = feed ? feed + 1 : cursor->text_end;
        if (cursor->end > cursor->start && cursor->end[-1] == '\r')
                cursor->end--;
        return true;
}

bool line_is_blank(char c)
{
        return c == ' ' || c == '\t';
}

bool line_cursor_skip_blanks(LineCursor *cursor)
{
        while (cursor->at < cursor->end && line_is_blank(*cursor->at))
                cursor->at++;
        return cursor->at < cursor->end;
}

const char *line_trim_end(const char *from, const char *end)
{
        while (end > from && line_is_blank(end[-1]))
                end--;
        return end;
}

Place line_cursor_place(const LineCursor *cursor, const char *at)
{
        return (Place){ cursor->line, (uint32_t) g_utf8_pointer_to_offset(cursor->start, at) + 1 };
}

Failure *line_cursor_fail(const LineCursor *cursor, Place place, const char *message)
{
        return failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, cursor->file, place.line,
                              place.column, NULL, "%s", message);
}
