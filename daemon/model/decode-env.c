/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ENV: assignments as .env files hold them
 *
 * There is no standard; this is what the common readers of such files agree on, and an error where they do
 * not.
 *
 * - A line is KEY=VALUE, a comment that begins with '#', or blank. "export " before the key is passed over.
 * Keys match [A-Za-z_][A-Za-z0-9_.-]*. Blanks at the beginning of a line and around '=' are left out.
 * - A bare value ends with its line, or where a blank is followed by '#'. Blanks around it are left out;
 * backslashes and quotes inside stand for themselves.
 * - In single quotes all stands for itself. In double quotes \n \r \t \\ \" and \$ are escapes, and any
 * other backslash stands for itself. Both may run over several lines, which are then joined by line feeds
 * however the file ends its lines. Behind a closing quote there is room for a comment only.
 * - Nothing is expanded: $HOME is five characters.
 * - With a separator, a key is put in lower case and split at each separator, from the left: with "__",
 *   DATABASE__POOL__SIZE=7 is size in pool in database, and PORT=1 is port. An empty part is an error.
 * - A key twice, one that others go below, and a key without '=' (after export, too) are errors.
 */
#include "daemon/model/decode-private.h"
#include "daemon/model/line-cursor.h"
#include "daemon/model/string-tree.h"

#include <string.h>

typedef struct Reader {
        LineCursor cursor;
        StringTree *tree;
        const char *separator; /* or NULL */
        GString *key;          /* in lower case */
        GString *text;         /* a value in quotes */
} Reader;

static bool is_key_start(char c)
{
        return g_ascii_isalpha(c) || c == '_';
}

static bool is_key_part(char c)
{
        return g_ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
}

/* Moves over "export" and blanks, unless what follows shows it to be the key itself. */
static void skip_export(LineCursor *cursor)
{
        static const char word[] = "export";
        const size_t length = sizeof word - 1;
        const char *start = cursor->at;

        if ((size_t) (cursor->end - start) <= length || memcmp(start, word, length) != 0 ||
            !line_is_blank(start[length]))
                return;
        cursor->at += length;
        if (line_cursor_skip_blanks(cursor) && *cursor->at == '=')
                cursor->at = start;
}

/* Reads up to and with the equals sign. */
static Failure *read_key(LineCursor *cursor, const char **ret, size_t *ret_length)
{
        const char *key;

        skip_export(cursor);
        key = cursor->at;
        if (key == cursor->end || !is_key_start(*key))
                return line_cursor_fail(cursor, line_cursor_place(cursor, key),
                                        "expected a key, which begins with a letter or '_'");
        while (cursor->at < cursor->end && is_key_part(*cursor->at))
                cursor->at++;
        *ret = key;
        *ret_length = (size_t) (cursor->at - key);

        if (!line_cursor_skip_blanks(cursor) || *cursor->at != '=')
                return line_cursor_fail(
                                cursor, line_cursor_place(cursor, cursor->at),
                                "expected '=' after the key, which holds letters, digits, '_', '.' and "
                                "'-'");
        cursor->at++;
        return NULL;
}

/* Decodes the escape that the cursor stands on, or takes the backslash for itself. */
static void read_escape(Reader *reader)
{
        static const char letters[] = "nrt\\\"$", meanings[] = "\n\r\t\\\"$";
        LineCursor *cursor = &reader->cursor;
        const char *letter = NULL;

        if (cursor->end - cursor->at > 1)
                letter = memchr(letters, cursor->at[1], sizeof letters - 1);
        g_string_append_c(reader->text, letter ? meanings[letter - letters] : '\\');
        cursor->at += letter ? 2 : 1;
}

/* Reads a value in quotes, the first of which the cursor stands on, into reader->text. */
static Failure *read_quoted(Reader *reader)
{
        LineCursor *cursor = &reader->cursor;
        Place opened = line_cursor_place(cursor, cursor->at);
        char quote = *cursor->at++;

        g_string_truncate(reader->text, 0);
        for (;;) {
                const char *start = cursor->at;

                while (cursor->at < cursor->end && *cursor->at != quote &&
                       (*cursor->at != '\\' || quote == '\''))
                        cursor->at++;
                g_string_append_len(reader->text, start, cursor->at - start);

                if (cursor->at == cursor->end) {
                        if (!line_cursor_next(cursor))
                                return line_cursor_fail(cursor, opened,
                                                        "the quote that opens here is not closed");
                        g_string_append_c(reader->text, '\n');
                } else if (*cursor->at == quote) {
                        break;
                } else {
                        read_escape(reader);
                }
        }

        cursor->at++;
        if (line_cursor_skip_blanks(cursor) && *cursor->at != '#')
                return line_cursor_fail(cursor, line_cursor_place(cursor, cursor->at),
                                        "expected nothing but a comment after the closing quote");
        return NULL;
}

/* Reads a value without quotes from its first character on. */
static void read_bare(LineCursor *cursor, const char **ret, size_t *ret_length)
{
        const char *start = cursor->at;

        for (; cursor->at < cursor->end; cursor->at++)
                if (*cursor->at == '#' && line_is_blank(cursor->at[-1]))
                        break;
        *ret = start;
        *ret_length = (size_t) (line_trim_end(start, cursor->at) - start);
}

static void lower(char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                text[i] = g_ascii_tolower(text[i]);
}

/* Splits the key in reader->key, adds the groups that it names, and gives the last of them and what is left.
 */
static Failure *add_groups(Reader *reader, Place place, StringNode **ret_group, const char **ret_key)
{
        size_t width = strlen(reader->separator);
        char *key = reader->key->str, *end;

        while ((end = strstr(key, reader->separator)) && end > key) {
                Failure *failure;

                lower(key, (size_t) (end - key));
                failure = string_tree_add_group(reader->tree, *ret_group, place, key, (size_t) (end - key),
                                                ret_group);
                if (failure)
                        return failure;
                key = end + width;
        }
        if (end == key || *key == '\0')
                return line_cursor_fail(&reader->cursor, place,
                                        "expected a name on both sides of each separator in the key");
        lower(key, strlen(key));
        *ret_key = key;
        return NULL;
}

static Failure *read_assignment(Reader *reader)
{
        LineCursor *cursor = &reader->cursor;
        StringNode *group = string_tree_root(reader->tree);
        Place key_place, place;
        const char *key = NULL, *text;
        size_t key_length = 0, length;
        Failure *failure = read_key(cursor, &key, &key_length);

        if (failure)
                return failure;
        key_place = line_cursor_place(cursor, key);
        if (reader->separator) {
                g_string_truncate(reader->key, 0);
                g_string_append_len(reader->key, key, (gssize) key_length);
                failure = add_groups(reader, key_place, &group, &key);
                if (failure)
                        return failure;
                key_length = strlen(key);
        }

        line_cursor_skip_blanks(cursor);
        place = line_cursor_place(cursor, cursor->at);
        if (cursor->at < cursor->end && (*cursor->at == '"' || *cursor->at == '\'')) {
                failure = read_quoted(reader);
                if (failure)
                        return failure;
                text = reader->text->str;
                length = reader->text->len;
        } else {
                read_bare(cursor, &text, &length);
        }
        return string_tree_add_value(reader->tree, group, key_place, key, key_length, place, text, length);
}

Failure *decode_env(Builder *builder, const char *text, size_t length, const char *file,
                    const char *separator)
{
        g_autoptr(StringTree) tree = string_tree_new(file);
        g_autoptr(GString) key = g_string_new(NULL), value = g_string_new(NULL);
        Reader reader = {
                .tree = tree,
                .separator = separator && *separator ? separator : NULL,
                .key = key,
                .text = value,
        };

        line_cursor_init(&reader.cursor, text, length, file);
        while (line_cursor_next(&reader.cursor)) {
                Failure *failure;

                if (!line_cursor_skip_blanks(&reader.cursor) || *reader.cursor.at == '#')
                        continue;
                failure = read_assignment(&reader);
                if (failure)
                        return failure;
        }
        return string_tree_build(tree, builder);
}
