/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/evaluated.h"

#include <glib.h>
#include <string.h>

static size_t count_words(const Evaluated *evaluated)
{
        return (evaluated->length + 63) / 64;
}

void evaluated_init(Evaluated *evaluated, size_t length)
{
        *evaluated = (Evaluated){ .length = length };
        evaluated->words = length > 64 * EVALUATED_USUAL_WORDS ? g_new0(uint64_t, count_words(evaluated))
                                                               : NULL;
}

static uint64_t *get_words(Evaluated *evaluated)
{
        return evaluated->words ?: evaluated->usual;
}

void evaluated_clear(Evaluated *evaluated)
{
        g_free(evaluated->words);
}

void evaluated_add(Evaluated *evaluated, size_t index)
{
        get_words(evaluated)[index / 64] |= (uint64_t) 1 << (index % 64);
}

void evaluated_add_all(Evaluated *evaluated)
{
        memset(get_words(evaluated), 0xFF, count_words(evaluated) * sizeof(uint64_t));
}

void evaluated_join(Evaluated *evaluated, const Evaluated *other)
{
        uint64_t *words = get_words(evaluated);
        const uint64_t *others = other->words ?: other->usual;

        for (size_t i = 0; i < count_words(evaluated); i++)
                words[i] |= others[i];
}

bool evaluated_has(const Evaluated *evaluated, size_t index)
{
        const uint64_t *words = evaluated->words ?: evaluated->usual;

        return words[index / 64] >> (index % 64) & 1;
}
