/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * INI: sections of keys, by the rules of GLib's key files where they apply
 *
 * - A line is [section], key=value, a comment whose first character is '#' or ';', or blank. There are no
 * comments behind a value. Blanks around lines, keys and values are left out.
 * - A section's name that is a dotted path nests: [database.pool] is the map pool in the map database, and
 *   [hosts."example.com"] is example.com in hosts. A name of any other form ([my section], [http://x]) is
 * one key as it stands; brackets and control characters can be in quotes only.
 * - A section that comes again goes on; one without keys is an empty map. Keys before any section are the
 * root's.
 * - A key is taken as it stands: dots do not nest, and name[de] is a key of that name.
 * - A value is a string. In it \s is a space, \n \t \r and \\ are what they look like, and any other
 * backslash stands for itself. Quotes mean nothing.
 * - A key twice in a section, a section in the place of a key, a line without '=' and a key of no characters
 * are errors.
 */
#include "daemon/model/decode-private.h"
#include "daemon/model/line-cursor.h"
#include "daemon/model/path.h"
#include "daemon/model/string-tree.h"

#include <string.h>

typedef struct Reader {
        LineCursor cursor;
        StringTree *tree;
        StringNode *section;
        GString *text; /* a value with escapes, as it reads without them */
} Reader;

/* A name that is no dotted path, as one key. */
static Failure *enter_literal_section(Reader *reader, Place place, const char *name, size_t length)
{
        if (length == 0)
                return line_cursor_fail(&reader->cursor, place, "expected a section's name, found '[]'");
        for (size_t i = 0; i < length; i++) {
                if (name[i] == '[' || name[i] == ']' || g_ascii_iscntrl(name[i]))
                        return line_cursor_fail(&reader->cursor, place,
                                                "brackets and control characters can be in a section's name "
                                                "only as part of a dotted path, in double quotes");
        }
        return string_tree_add_group(reader->tree, reader->section, place, name, length, &reader->section);
}

/* The cursor stands on the opening bracket. */
static Failure *read_section(Reader *reader)
{
        LineCursor *cursor = &reader->cursor;
        const char *end = line_trim_end(cursor->at, cursor->end);
        Place place = line_cursor_place(cursor, cursor->at);
        g_autofree char *name = NULL;
        g_autoptr(Path) path = NULL;
        g_autoptr(Failure) malformed = NULL;

        if (end[-1] != ']')
                return line_cursor_fail(cursor, place, "expected ']' at the end of the section's line");

        reader->section = string_tree_root(reader->tree);
        name = g_strndup(cursor->at + 1, (size_t) (end - cursor->at) - 2);
        malformed = path_parse(name, &path);
        if (malformed || path_length(path) == 0)
                return enter_literal_section(reader, place, name, strlen(name));

        for (size_t i = 0; i < path_length(path); i++) {
                size_t length;
                const char *key = path_segment(path, i, &length);
                Failure *failure = string_tree_add_group(reader->tree, reader->section, place, key, length,
                                                         &reader->section);

                if (failure)
                        return failure;
        }
        return NULL;
}

static void append_unescaped(GString *text, const char *at, const char *end)
{
        static const char letters[] = "sntr\\", meanings[] = " \n\t\r\\";

        while (at < end) {
                const char *letter = NULL;

                if (*at == '\\' && end - at > 1)
                        letter = memchr(letters, at[1], sizeof letters - 1);
                g_string_append_c(text, letter ? meanings[letter - letters] : *at);
                at += letter ? 2 : 1;
        }
}

static Failure *read_key(Reader *reader)
{
        LineCursor *cursor = &reader->cursor;
        const char *key = cursor->at, *end, *value, *value_end;
        const char *sign = memchr(key, '=', (size_t) (cursor->end - key));
        Place place = line_cursor_place(cursor, key);
        size_t length;

        if (!sign)
                return line_cursor_fail(cursor, place, "expected [section], key=value or a comment");
        end = line_trim_end(key, sign);
        if (end == key)
                return line_cursor_fail(cursor, place, "expected a key before '='");

        cursor->at = sign + 1;
        line_cursor_skip_blanks(cursor);
        value = cursor->at;
        value_end = line_trim_end(value, cursor->end);
        length = (size_t) (value_end - value);
        if (memchr(value, '\\', length)) {
                g_string_truncate(reader->text, 0);
                append_unescaped(reader->text, value, value_end);
                value = reader->text->str;
                length = reader->text->len;
        }
        return string_tree_add_value(reader->tree, reader->section, place, key, (size_t) (end - key),
                                     line_cursor_place(cursor, cursor->at), value, length);
}

Failure *decode_ini(Builder *builder, const char *text, size_t length, const char *file)
{
        g_autoptr(StringTree) tree = string_tree_new(file);
        g_autoptr(GString) unescaped = g_string_new(NULL);
        Reader reader = { .tree = tree, .section = string_tree_root(tree), .text = unescaped };

        line_cursor_init(&reader.cursor, text, length, file);
        while (line_cursor_next(&reader.cursor)) {
                Failure *failure;

                if (!line_cursor_skip_blanks(&reader.cursor) || *reader.cursor.at == '#' ||
                    *reader.cursor.at == ';')
                        continue;
                failure = *reader.cursor.at == '[' ? read_section(&reader) : read_key(&reader);
                if (failure)
                        return failure;
        }
        return string_tree_build(tree, builder);
}
