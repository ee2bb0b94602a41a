/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Redecoding: two texts, and what is made of the second from the first, if anything, is what it decodes to
 *
 * The texts have their beginning and their end in common: the input is four parts with a byte 0xFF between
 * them, of which the second stands in the first text and the third in the other.
 */
#include "daemon/model/redecode.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/decoding.h"

#include <string.h>

#define LAYER 3
#define SEPARATOR 0xFF
#define N_PARTS 4U

static void split(Text input, Text parts[N_PARTS])
{
        for (unsigned i = 0; i < N_PARTS; i++) {
                const char *end = i + 1 < N_PARTS ? memchr(input.data, SEPARATOR, input.length) : NULL;
                size_t length = end ? (size_t) (end - input.data) : input.length;

                parts[i] = (Text){ input.data, length };
                input.data += end ? length + 1 : length;
                input.length -= end ? length + 1 : length;
        }
}

static GString *join(const Text *start, const Text *middle, const Text *end)
{
        GString *text = g_string_new(NULL);

        g_string_append_len(text, start->data, (gssize) start->length);
        g_string_append_len(text, middle->data, (gssize) middle->length);
        g_string_append_len(text, end->data, (gssize) end->length);
        return text;
}

static void try_pair(const GString *before, const GString *after)
{
        g_autoptr(Document) document = decoding_try(FORMAT_YAML, NULL, before->str, before->len);
        g_autoptr(Document) made = NULL, anew = NULL;

        if (!document)
                return;
        made = redecode("file", LAYER, document, (Text){ before->str, before->len },
                        (Text){ after->str, after->len });
        if (!made)
                return;
        anew = decoding_try(FORMAT_YAML, NULL, after->str, after->len);
        g_assert_nonnull(anew);
        decoding_assert_identical(made, anew);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Text parts[N_PARTS];
        GString *before, *after;

        split((Text){ size > 0 ? (const char *) data : "", size }, parts);
        before = join(&parts[0], &parts[1], &parts[3]);
        after = join(&parts[0], &parts[2], &parts[3]);
        try_pair(before, after);
        try_pair(after, before);
        g_string_free(before, TRUE);
        g_string_free(after, TRUE);
        return 0;
}
