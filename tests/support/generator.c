/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/generator.h"

#include "daemon/model/builder.h"

#include <string.h>

#define MAX_LARGE 2U
#define LARGE_LENGTH 66000U

/* Keys whose order as strings and as parts of a path differ, and those that need quotes or escapes. */
static const char *const keys[] = {
        "a",  "b",    "c",        "a-", "a.b", "a b", "",     "-",   "0",
        "1",  "10",   "A",        "_",  "~",   "/",   "~1",   "\"",  "\\",
        "\n", "\x7f", "\xc3\xa9", "ab", "a\"", "aa",  "\"\"", "a/b", "\xf0\x9f\x8e\x88",
        "z",
};

static const Place nowhere = { 0, 0 };

void generator_init(Generator *generator, const void *data, size_t length)
{
        *generator = (Generator){ .data = data, .length = length, .n_large = MAX_LARGE };
}

static uint8_t take_byte(Generator *generator)
{
        if (generator->length == 0)
                return 0;
        generator->length--;
        return *generator->data++;
}

static uint64_t take_word(Generator *generator)
{
        uint64_t word = 0;

        for (unsigned i = 0; i < sizeof(word); i++)
                word = word << 8 | take_byte(generator);
        return word;
}

/* Few bytes mostly, sometimes more than one or two bytes can count. */
static char *take_text(Generator *generator, size_t *ret_length)
{
        uint8_t byte = take_byte(generator);
        char *text;

        *ret_length = byte < 200 ? byte % 20 : byte;
        if (byte == UINT8_MAX && generator->n_large > 0) {
                *ret_length = LARGE_LENGTH + take_byte(generator);
                generator->n_large--;
        }
        text = g_malloc(*ret_length + 1);
        memset(text, 'a' + byte % 26, *ret_length);
        text[*ret_length] = '\0';
        return text;
}

static Failure *add_value(Generator *generator, Builder *builder, unsigned depth);

static Failure *add_items(Generator *generator, Builder *builder, unsigned depth)
{
        Failure *failure = builder_open_list(builder, nowhere);

        for (unsigned left = take_byte(generator) % 8; left > 0 && !failure; left--)
                failure = add_value(generator, builder, depth + 1);
        return failure ?: builder_close(builder);
}

/* Members of an open map, none whose key it has. */
static Failure *add_members(Generator *generator, Builder *builder, unsigned depth)
{
        Failure *failure = NULL;

        for (unsigned left = take_byte(generator) % 8; left > 0 && !failure; left--) {
                const char *key = keys[take_byte(generator) % G_N_ELEMENTS(keys)];

                if (builder_has_key(builder, key, strlen(key)))
                        continue;
                builder_add_key(builder, nowhere, key, strlen(key));
                failure = add_value(generator, builder, depth + 1);
        }
        return failure;
}

static Failure *add_map(Generator *generator, Builder *builder, unsigned depth)
{
        Failure *failure = builder_open_map(builder, nowhere);

        if (!failure)
                failure = add_members(generator, builder, depth);
        return failure ?: builder_close(builder);
}

static void add_text(Generator *generator, Builder *builder)
{
        size_t length;
        g_autofree char *text = take_text(generator, &length);

        builder_add_string(builder, nowhere, text, length);
}

static void add_double(Generator *generator, Builder *builder)
{
        uint64_t word = take_word(generator);
        double number;

        memcpy(&number, &word, sizeof(number));
        builder_add_double(builder, nowhere, number);
}

/* depth is the number of maps and lists around the value. */
static Failure *add_value(Generator *generator, Builder *builder, unsigned depth)
{
        switch (take_byte(generator) % (depth < DOCUMENT_MAX_DEPTH ? 10 : 6)) {
        case 0:
                builder_add_null(builder, nowhere);
                return NULL;
        case 1:
                builder_add_boolean(builder, nowhere, take_byte(generator) % 2 == 1);
                return NULL;
        case 2:
                builder_add_integer(builder, nowhere, (int8_t) take_byte(generator));
                return NULL;
        case 3:
                builder_add_unsigned(builder, nowhere, take_word(generator));
                return NULL;
        case 4:
                add_double(generator, builder);
                return NULL;
        case 5:
                add_text(generator, builder);
                return NULL;
        case 6:
                return add_items(generator, builder, depth);
        default:
                return add_map(generator, builder, depth);
        }
}

Document *generator_document(Generator *generator)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, generator->length);
        g_autoptr(Failure) failure = add_map(generator, builder, 0);

        g_assert_null(failure);
        return builder_end(builder);
}

/* A copy that shares nothing, so that only its hashes tell that it is equal. */
static Failure *add_copy(Builder *builder, const Node *node)
{
        Failure *failure;

        switch ((NodeKind) node->kind) {
        case NODE_STRING:
                builder_add_string(builder, nowhere, node->string, node->length);
                return NULL;
        case NODE_LIST:
                failure = builder_open_list(builder, nowhere);
                for (uint32_t i = 0; i < node->length && !failure; i++)
                        failure = add_copy(builder, &node->list->items[i]);
                return failure ?: builder_close(builder);
        case NODE_MAP:
                failure = builder_open_map(builder, nowhere);
                for (uint32_t i = node->length; i > 0 && !failure; i--) {
                        const Member *member = &node->map->members[i - 1];

                        builder_add_key(builder, nowhere, member->key, member->key_length);
                        failure = add_copy(builder, &member->value);
                }
                return failure ?: builder_close(builder);
        default:
                return builder_add_node(builder, node);
        }
}

static Failure *vary_map(Generator *generator, Builder *builder, const Node *map, unsigned depth);

static Failure *vary_member(Generator *generator, Builder *builder, const Member *member, unsigned depth)
{
        uint8_t decision = take_byte(generator) % 6;

        if (decision == 0)
                return builder_add_member(builder, member);
        if (decision == 1) /* dropped */
                return NULL;

        builder_add_key(builder, nowhere, member->key, member->key_length);
        if (decision == 2)
                return add_value(generator, builder, depth);
        if (decision == 3 || member->value.kind != NODE_MAP)
                return add_copy(builder, &member->value);
        return vary_map(generator, builder, &member->value, depth);
}

static Failure *vary_map(Generator *generator, Builder *builder, const Node *map, unsigned depth)
{
        Failure *failure = builder_open_map(builder, nowhere);

        for (uint32_t i = 0; i < map->length && !failure; i++)
                failure = vary_member(generator, builder, &map->map->members[i], depth + 1);
        if (!failure && take_byte(generator) % 4 == 1)
                failure = add_members(generator, builder, depth);
        return failure ?: builder_close(builder);
}

Document *generator_variation(Generator *generator, Document *document)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, generator->length);
        g_autoptr(Failure) failure = NULL;

        builder_borrow(builder, document);
        failure = vary_map(generator, builder, document_root(document), 0);
        g_assert_null(failure);
        return builder_end(builder);
}
