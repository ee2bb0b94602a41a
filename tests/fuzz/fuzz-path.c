/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths: any text is refused or has one normal form, and any key comes back from it
 */
#include "daemon/model/path.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/notation.h"

#include <string.h>

static Path *parse_good(const char *text)
{
        Path *path = NULL;
        g_autoptr(Failure) failure = path_parse(text, &path);

        g_assert_null(failure);
        return path;
}

static void assert_slashed(const Path *path)
{
        g_autofree char *slashed = path_format_slashed(path);
        size_t slashes = 0;

        for (const char *p = slashed; *p != '\0'; p++)
                slashes += *p == '/';
        g_assert_cmpuint(slashes, ==, path_length(path) + 1);
        g_assert_true(g_str_has_suffix(slashed, "/"));
}

static void try_path(const char *text, const Document *document)
{
        g_autoptr(Path) path = NULL;
        g_autoptr(Path) again = NULL;
        g_autoptr(Failure) failure = path_parse(text, &path);
        g_autofree char *normal = NULL, *normal_again = NULL;

        if (failure) {
                g_assert_cmpint(failure->code, ==, FAILURE_INVALID_PATH);
                return;
        }
        normal = path_format(path);
        again = parse_good(normal);
        normal_again = path_format(again);
        g_assert_cmpstr(normal, ==, normal_again);
        g_assert_cmpuint(path_length(again), ==, path_length(path));
        g_assert_true(path_touches(path, again));
        assert_slashed(path);
        g_assert_true(path_find(path, document_root(document)) == path_find(again, document_root(document)));
}

/* The text as a key of its own, whatever is in it. */
static void try_key(const char *key, size_t length)
{
        g_autoptr(GString) text = g_string_new("a");
        g_autoptr(Path) path = NULL;

        if (!g_utf8_validate(key, (gssize) length, NULL))
                return;
        path_append_dotted(text, key, length);
        path_append_dotted(text, "b", 1);
        path = parse_good(text->str);
        g_assert_cmpuint(path_length(path), ==, 3);
        g_assert_cmpstr(path_segment(path, 1, NULL), ==, key);
        assert_slashed(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *text = g_strndup((const char *) data, size);
        g_autoptr(Document) document = notation_parse("{a: {b: [1, {c: 2}], '': 3}, '0': [[4]]}", 0);

        try_path(text, document);
        try_key(text, strlen(text));
        return 0;
}
