/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes: what is found between any two documents leads from one to the other
 */
#include "daemon/model/changes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/generator.h"

#include <string.h>

static Path *parse_good(const char *text)
{
        Path *path = NULL;
        g_autoptr(Failure) failure = path_parse(text, &path);

        g_assert_null(failure);
        return path;
}

static void assert_change(const Change *change, const Document *before, const Document *after,
                          const char *root)
{
        g_autoptr(Path) path = parse_good(change->path);
        g_autofree char *slashed = path_format_slashed(path);

        g_assert_true(path_find(path, document_root(before)) == change->before);
        g_assert_true(path_find(path, document_root(after)) == change->after);
        g_assert_true(g_str_has_prefix(slashed, root));
        g_assert_cmpint(change->kind == CHANGE_ADDED, ==, !change->before);
        g_assert_cmpint(change->kind == CHANGE_REMOVED, ==, !change->after);
        if (change->kind == CHANGE_MODIFIED)
                g_assert_false(node_equal(change->before, change->after));
}

/* Of all changes, those at one's own path are that one. */
static void assert_filtered(Changes *changes, size_t index)
{
        const Change *change = changes_get(changes, index);
        g_autoptr(Path) path = parse_good(change->path);
        g_autofree char *slashed = path_format_slashed(path);
        g_autoptr(Changes) filtered = changes_filter(changes, &path, 1);

        g_assert_cmpuint(changes_count(filtered), ==, 1);
        g_assert_cmpstr(changes_get(filtered, 0)->path, ==, change->path);
        g_assert_cmpstr(changes_root(filtered), ==, slashed);
}

static void try_pair(Document *before, Document *after)
{
        g_autoptr(Changes) changes = changes_new(before, after);
        g_autoptr(Document) made = changes_apply(changes, before);
        size_t count = changes_count(changes);

        g_assert_true(document_equal(made, after));
        g_assert_cmpint(count == 0, ==, document_equal(before, after));
        for (size_t i = 0; i < count; i++) {
                assert_change(changes_get(changes, i), before, after, changes_root(changes));
                if (i > 0)
                        g_assert_cmpint(strcmp(changes_get(changes, i - 1)->path,
                                               changes_get(changes, i)->path),
                                        <, 0);
        }
        if (count > 0)
                assert_filtered(changes, count / 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Generator generator;
        g_autoptr(Document) first = NULL;
        g_autoptr(Document) relative = NULL;
        g_autoptr(Document) stranger = NULL;

        generator_init(&generator, data, size / 2);
        first = generator_document(&generator);
        generator_init(&generator, data + size / 2, size - size / 2);
        relative = generator_variation(&generator, first);
        generator_init(&generator, data + size / 2, size - size / 2);
        stranger = generator_document(&generator);

        try_pair(first, relative);
        try_pair(relative, first);
        try_pair(first, stranger);
        return 0;
}
