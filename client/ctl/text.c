/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/text.h"

#include <math.h>
#include <string.h>

bool text_is_visible(gunichar c)
{
        switch (g_unichar_type(c)) {
        case G_UNICODE_LINE_SEPARATOR:
        case G_UNICODE_PARAGRAPH_SEPARATOR:
                return false;
        default:
                /* Leaves out controls, and the invisible ones that change how others are shown. */
                return g_unichar_isprint(c);
        }
}

static void append_escape(GString *out, gunichar c)
{
        switch (c) {
        case '\n':
                g_string_append(out, "\\n");
                break;
        case '\t':
                g_string_append(out, "\\t");
                break;
        case '\r':
                g_string_append(out, "\\r");
                break;
        default:
                g_string_append_printf(out, c < 0x80 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
        }
}

/* One character, or the byte there where it is none. */
static const char *append_character(GString *out, const char *text, TextForm form)
{
        gunichar c = g_utf8_get_char_validated(text, -1);

        if (c == (gunichar) -1 || c == (gunichar) -2) {
                /* Names of files need not be UTF-8. */
                g_string_append_printf(out, "\\x%02x", (unsigned char) *text);
                return text + 1;
        }

        if (form == TEXT_LINES && (c == '\n' || c == '\t'))
                g_string_append_unichar(out, c);
        else if (form == TEXT_QUOTED && (c == '"' || c == '\\'))
                g_string_append_printf(out, "\\%c", (char) c);
        else if (text_is_visible(c))
                g_string_append_unichar(out, c);
        else
                append_escape(out, c);
        return g_utf8_next_char(text);
}

void text_append(GString *out, const char *text, TextForm form)
{
        while (*text)
                text = append_character(out, text, form);
}

char *text_escape(const char *text)
{
        GString *out;

        if (!text)
                return NULL;
        out = g_string_sized_new(strlen(text));
        text_append(out, text, TEXT_LINE);
        return g_string_free(out, FALSE);
}

static size_t character_width(gunichar c)
{
        if (g_unichar_iszerowidth(c))
                return 0;
        return g_unichar_iswide(c) ? 2 : 1;
}

size_t text_width(const char *text)
{
        size_t width = 0;

        for (; *text; text = g_utf8_next_char(text))
                width += character_width(g_utf8_get_char(text));
        return width;
}

char *text_ellipsize(const char *text, size_t columns, bool unicode)
{
        const char *ellipsis = unicode ? "\xe2\x80\xa6" : "...";
        size_t room, width = 0;
        const char *end;

        if (text_width(text) <= columns)
                return g_strdup(text);

        room = columns - MIN(columns, text_width(ellipsis));
        for (end = text; *end; end = g_utf8_next_char(end)) {
                width += character_width(g_utf8_get_char(end));
                if (width > room)
                        break;
        }
        return g_strdup_printf("%.*s%s", (int) (end - text), text, ellipsis);
}

void text_append_double(GString *out, double number)
{
        char buffer[G_ASCII_DTOSTR_BUF_SIZE];

        if (isnan(number)) {
                g_string_append(out, ".nan");
                return;
        }
        if (isinf(number)) {
                g_string_append(out, number < 0 ? "-.inf" : ".inf");
                return;
        }

        for (int digits = 15; digits <= 17; digits++) {
                char format[8];

                g_snprintf(format, sizeof format, "%%.%dg", digits);
                g_ascii_formatd(buffer, sizeof buffer, format, number);
                if (g_ascii_strtod(buffer, NULL) == number)
                        break;
        }
        g_string_append(out, buffer);
        if (!strpbrk(buffer, ".e"))
                g_string_append(out, ".0");
}
