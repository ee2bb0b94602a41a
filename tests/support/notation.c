/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/notation.h"

#include <math.h>
#include <string.h>

#define PLAIN_LETTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-"

typedef struct Reader {
        Builder *builder;
        const char *text;
        const char *at;
} Reader;

static Place place_here(const Reader *reader)
{
        return (Place){ 1, (uint32_t) (reader->at - reader->text) + 1 };
}

static void skip(Reader *reader, const char *letters)
{
        reader->at += strspn(reader->at, letters);
}

static bool take(Reader *reader, const char *word)
{
        if (!g_str_has_prefix(reader->at, word))
                return false;
        reader->at += strlen(word);
        return true;
}

/* What stands between quotes. */
static const char *take_quoted(Reader *reader, size_t *ret_length)
{
        const char *start = reader->at + 1;
        const char *end = strchr(start, '\'');

        g_assert_nonnull(end);
        reader->at = end + 1;
        *ret_length = (size_t) (end - start);
        return start;
}

static void read_key(Reader *reader)
{
        Place place = place_here(reader);
        const char *key = reader->at;
        size_t length;

        if (*key == '\'') {
                key = take_quoted(reader, &length);
        } else {
                skip(reader, PLAIN_LETTERS);
                length = (size_t) (reader->at - key);
        }
        builder_add_key(reader->builder, place, key, length);
        skip(reader, " ");
        g_assert_true(take(reader, ":"));
        skip(reader, " ");
}

static void read_number(Reader *reader)
{
        Place place = place_here(reader);
        size_t length = strspn(reader->at, "+-.0123456789eE");
        g_autofree char *word = g_strndup(reader->at, length);

        g_assert_cmpuint(length, >, 0);
        reader->at += length;
        if (strpbrk(word, ".eE"))
                builder_add_double(reader->builder, place, g_ascii_strtod(word, NULL));
        else if (*word == '-')
                builder_add_integer(reader->builder, place, g_ascii_strtoll(word, NULL, 10));
        else
                builder_add_unsigned(reader->builder, place, g_ascii_strtoull(word, NULL, 10));
}

static Failure *read_value(Reader *reader);

/* Behind the bracket that opens, up to and with the one that closes. */
static Failure *read_members(Reader *reader, const char *closing)
{
        skip(reader, " ");
        while (!take(reader, closing)) {
                Failure *failure;

                if (*closing == '}')
                        read_key(reader);
                failure = read_value(reader);
                if (failure)
                        return failure;
                skip(reader, " ,");
        }
        return builder_close(reader->builder);
}

static Failure *read_value(Reader *reader)
{
        Place place = place_here(reader);
        const char *text;
        size_t length;

        if (take(reader, "{"))
                return builder_open_map(reader->builder, place) ?: read_members(reader, "}");
        if (take(reader, "["))
                return builder_open_list(reader->builder, place) ?: read_members(reader, "]");

        if (*reader->at == '\'') {
                text = take_quoted(reader, &length);
                builder_add_string(reader->builder, place, text, length);
        } else if (take(reader, "true")) {
                builder_add_boolean(reader->builder, place, true);
        } else if (take(reader, "false")) {
                builder_add_boolean(reader->builder, place, false);
        } else if (take(reader, "null")) {
                builder_add_null(reader->builder, place);
        } else if (take(reader, "nan")) {
                builder_add_double(reader->builder, place, NAN);
        } else {
                read_number(reader);
        }
        return NULL;
}

Failure *notation_add(Builder *builder, const char *text)
{
        Reader reader = { .builder = builder, .text = text, .at = text };
        Failure *failure = read_value(&reader);

        if (!failure)
                g_assert_cmpstr(reader.at, ==, "");
        return failure;
}

Document *notation_parse(const char *text, unsigned layer)
{
        g_autoptr(Builder) builder = builder_new(NULL, layer, strlen(text));
        g_autoptr(Failure) failure = notation_add(builder, text);

        g_assert_null(failure);
        return builder_end(builder);
}

static void append_node(GString *text, const Node *node);

static void append_key(GString *text, const char *key)
{
        bool plain = *key && strspn(key, PLAIN_LETTERS) == strlen(key);

        g_string_append_printf(text, plain ? "%s: " : "'%s': ", key);
}

static void append_members(GString *text, const Node *node)
{
        bool is_map = node->kind == NODE_MAP;

        g_string_append_c(text, is_map ? '{' : '[');
        for (uint32_t i = 0; i < node->length; i++) {
                if (i > 0)
                        g_string_append(text, ", ");
                if (is_map)
                        append_key(text, node->map->members[i].key);
                append_node(text, is_map ? &node->map->members[i].value : &node->list->items[i]);
        }
        g_string_append_c(text, is_map ? '}' : ']');
}

static void append_double(GString *text, double number)
{
        char buffer[G_ASCII_DTOSTR_BUF_SIZE];

        g_ascii_dtostr(buffer, sizeof(buffer), number);
        g_string_append(text, buffer);
        if (isfinite(number) && !strpbrk(buffer, ".e"))
                g_string_append(text, ".0");
}

static void append_node(GString *text, const Node *node)
{
        switch ((NodeKind) node->kind) {
        case NODE_NULL:
                g_string_append(text, "null");
                return;
        case NODE_BOOLEAN:
                g_string_append(text, node->boolean ? "true" : "false");
                return;
        case NODE_INTEGER:
                g_string_append_printf(text, "%" G_GINT64_FORMAT, node->integer);
                return;
        case NODE_UNSIGNED:
                g_string_append_printf(text, "%" G_GUINT64_FORMAT, node->unsigned_integer);
                return;
        case NODE_DOUBLE:
                append_double(text, node->number);
                return;
        case NODE_STRING:
                g_string_append_printf(text, "'%s'", node->string);
                return;
        case NODE_LIST:
        case NODE_MAP:
                append_members(text, node);
                return;
        }
}

char *notation_format(const Node *node)
{
        g_autoptr(GString) text = g_string_new(NULL);

        append_node(text, node);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

const Node *member_value(const Node *map, const char *key)
{
        const Member *member = node_find_member(map, key, strlen(key));

        g_assert_nonnull(member);
        g_assert_cmpstr(member->key, ==, key);
        return &member->value;
}
