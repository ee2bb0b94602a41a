/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Redecoding: where it has an answer, it is that of decoding anew
 *
 * Texts begin with lines that nothing happens to, since what is no smaller than half of a text is not cut
 * out.
 */
#include "daemon/model/redecode.h"
#include "tests/support/decoding.h"

#include <string.h>

#define LAYER 3
#define N_TEXTS 300U
#define N_EDITS 30U
#define SEED 1U

static const char *const filling = "filling:\n"
                                   "  one: words that make the text twice as long as it would be else\n"
                                   "  two: words that make the text twice as long as it would be else\n"
                                   "  three: words that make the text twice as long as it would be else\n";

/* The result, having compared it; NULL where there is none. */
static Document *try_redecode(Document *document, Text before, Text after)
{
        g_autoptr(Document) made = redecode("file", LAYER, document, before, after);
        g_autoptr(Document) anew = NULL;

        if (!made)
                return NULL;
        anew = decoding_try(FORMAT_YAML, NULL, after.data, after.length);
        g_assert_nonnull(anew);
        decoding_assert_identical(made, anew);
        return g_steal_pointer(&made);
}

static void assert_case(const char *before, const char *after, bool expected)
{
        g_autofree char *old = g_strconcat(filling, before, NULL), *new = g_strconcat(filling, after, NULL);
        g_autoptr(Document) document = decoding_take(FORMAT_YAML, NULL, old);
        g_autoptr(Document) made =
                        try_redecode(document, (Text){ old, strlen(old) }, (Text){ new, strlen(new) });

        if (!!made != expected)
                g_error("%s is%s redecoded after %s", new, made ? "" : " not", old);
}

static void test_values(void)
{
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 20\nc: 3\n", true);
        assert_case("a: 1\nb: 2\nc: 3", "a: 1\nb: 2\nc: 4", true);
        assert_case("a: 1\nb: 2\nc: 3", "a: 1\nb: 2\nc: 3\n", true);
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 2\nc: 3", true);
        assert_case("a:\n  b:\n    c: 1\n    d: 2\ne: 1\n", "a:\n  b:\n    c: 1\n    d: x\ne: 1\n", true);
        assert_case("a: [1, 2]\nb: 2\n", "a: [1, 2, {c: d}]\nb: 2\n", true);
        assert_case("a: |\n  text\n  more\nb: 2\n", "a: |\n  text\n  other\nb: 2\n", true);
        assert_case("a: 'one\n\n  two'\nb: 2\n", "a: 'one\n\n  three'\nb: 2\n", true);
        assert_case("a: 1\r\nb: 2\r\nc: 3\r\n", "a: 1\r\nb: 4\r\nc: 3\r\n", true);
        assert_case("\"a b\": 1\n'c': 2\n", "\"a b\": 1\n'c': 3\n", true);
        assert_case("a: !!str 1\nb: 2\n", "a: !!str 1\nb: 3\n", true);
}

static void test_lines(void)
{
        /* Added, taken out, moved, and what is behind them has other places. */
        assert_case("a: 1\nb: 2\nc:\n  d: 3\n", "a: 1\nx: 1\nb: 2\nc:\n  d: 3\n", true);
        assert_case("a: 1\nb: 2\nc:\n  d: 3\n", "a: 1\nc:\n  d: 3\n", true);
        assert_case("a: 1\nb: 2\nc:\n  d: 3\n", "b: 2\na: 1\nc:\n  d: 3\n", true);
        assert_case("a:\n  b: 1\n  c: 2\nd:\n- 1\n- 2\n", "a:\n  b: 1\n\n  # more\n  c: 2\nd:\n- 1\n- 2\n",
                    true);
        assert_case("a:\n  b: 1\nc: 2\n", "a:\n  b: 1\n  x: 1\nc: 2\n", true);
        assert_case("a:\n  b: 1\nc: 2\n", "a:\n  b: 1\nx: 1\nc: 2\n", true);
        assert_case("a:\n  b: 1\nc: 2\n", "a: 1\nc: 2\n", true);
        assert_case("a: 1\nc: 2\n", "a:\n  b: 1\nc: 2\n", true);
        assert_case("a:\n  b:\n    c: 1\n", "a:\n  b:\n    c: 1\n  d: 1\n", true);
        assert_case("a:\n  b:\n    c: 1\n", "a:\n  b:\n    c: 1\nd: 1\n", true);
}

static void test_not_certain(void)
{
        /* What is elsewhere may mean something else, or did. */
        assert_case("a: &x 1\nb: *x\nc: 1\n", "a: &x 1\nb: *x\nc: 2\n", false);
        assert_case("a: 1\nb: 2\n", "a: &x 1\nb: 2\n", false);
        assert_case("a: {c: 1}\n<<: {b: 1}\n", "a: {c: 2}\n<<: {b: 1}\n", false);
        assert_case("a: 1\nb: 2\n...\n", "a: 1\nb: 3\n...\n", false);
        assert_case("a: 1\nb: 2\n", "a: 1\nb: 2\n---\n", false);
        assert_case("? a\n: 1\n? b\n: 2\n", "? a\n: 1\n? b\n: 3\n", false);
        assert_case("a: 1\n\xc2\x85"
                    "b: 2\n",
                    "a: 1\n\xc2\x85"
                    "b: 3\n",
                    false);
}

static void test_not_good(void)
{
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\nb: [\nc: 3\n", false);
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\nb: \"2\nc: 3\n", false);
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\nb 2\nc: 3\n", false);
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\na: 2\nc: 3\n", false);
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\nfilling: 2\nc: 3\n", false);
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\n  b: 2\nc: 3\n", false);
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\nb: \xff\nc: 3\n", false);
        assert_case("a: 1\nb: 2\nc: 3\n", "a: 1\nb: !!map 2\nc: 3\n", false);
}

static void test_quotes_that_meet(void)
{
        /* Alone, each part would be well-formed. */
        assert_case("a: \"1\nb: 2\"\nc: 3\n", "a: \"1\nb: 20\"\nc: 3\n", true);
        assert_case("a: 1\nb: 2\nc: \"3\"\n", "a: \"1\nb: 2\nc: \"3\"\n", false);
        assert_case("a: 1\nb: \"\n2: \"\nc: 3\n", "a: \"1\nb: \"\n2: \"\nc: 3\n", false);
        assert_case("a: 1\nb: 2\nc: 3\n", "a: |\n  1\nb: 2\nc: 3\n", true);
        assert_case("a: |\n  1\nb: 2\nc: 3\n", "a: |\n  1\n  b: 2\nc: 3\n", true);
        assert_case("a:\nb: 2\nc: 3\n", "a:\n- b: 2\nc: 3\n", true);
}

static void test_other_texts(void)
{
        g_autoptr(Document) document = decoding_take(FORMAT_YAML, NULL, "a: 1\nb: 2\n");
        g_autoptr(Document) empty = decoding_take(FORMAT_YAML, NULL, "# none\n");
        g_autoptr(Document) flow = decoding_take(FORMAT_YAML, NULL, "{a: 1,\nb: 2}\n");

        /* What the document was not made of, an empty map, one in brackets; nothing left. */
        g_assert_null(redecode("file", LAYER, document, (Text){ "a: 1\n", 5 }, (Text){ "a: 2\n", 5 }));
        g_assert_null(redecode("file", LAYER, empty, (Text){ "# none\n", 7 }, (Text){ "a: 2\n", 5 }));
        g_assert_null(redecode("file", LAYER, flow, (Text){ "{a: 1,\nb: 2}\n", 13 },
                               (Text){ "{a: 1,\nb: 3}\n", 13 }));
        g_assert_null(redecode("file", LAYER, document, (Text){ "a: 1\nb: 2\n", 10 }, (Text){ "", 0 }));
}

/* Lines that a text is made of, and that edits bring. Most fit somewhere. */
static const char *const snippets[] = {
        "a: 1",
        "b: two words",
        "c:",
        "d: \"quoted: text\"",
        "e: 'open",
        "end'",
        "f: [1, 2,",
        "3]",
        "g: {h: 1, i: 2}",
        "j: |",
        "k: >-",
        "# a comment",
        "",
        "- item",
        "- l: 1",
        "m: null # why",
        "? n",
        ": 1",
        "o: \"",
        "\"",
        "p: 1\r",
        "text that goes on",
        "---",
        "q: &r 1",
        "s: *r",
        "<<: {t: 1}",
        "u:",
        "v:",
        "w: true",
        "\"x\": 0.5",
        "\tz",
        "\xc3\xa9: 1",
        "a1: 1",
        "a2: 2",
        "a3: 3",
        "a4:",
        "a5:",
        "a6: 6",
        "a7: 7",
};

static GString *any_line(GRand *random, unsigned kinds)
{
        GString *line = g_string_new(NULL);

        for (int i = g_rand_int_range(random, 0, 4); i > 0; i--)
                g_string_append(line, "  ");
        g_string_append(line, snippets[g_rand_int_range(random, 0, (gint32) kinds)]);
        return line;
}

static void release_line(void *line)
{
        g_string_free(line, TRUE);
}

static void *copy_line(const void *line, void *userdata)
{
        return g_string_new(((const GString *) line)->str);
}

static GString *join(const GPtrArray *lines)
{
        GString *text = g_string_new(filling);

        for (guint i = 0; i < lines->len; i++) {
                const GString *line = g_ptr_array_index(lines, i);

                g_string_append_len(text, line->str, (gssize) line->len);
                g_string_append_c(text, '\n');
        }
        return text;
}

/* Lines that make a good text, which is *ret. */
static GPtrArray *grow_lines(GRand *random, Document **ret)
{
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(release_line);
        int wanted = g_rand_int_range(random, 3, 40);

        *ret = decoding_take(FORMAT_YAML, NULL, filling);
        for (int i = 0; i < 8 * wanted && (int) lines->len < wanted; i++) {
                GString *text;
                Document *document;
                int at = g_rand_int_range(random, 0, (gint32) lines->len + 1);

                g_ptr_array_insert(lines, at, any_line(random, G_N_ELEMENTS(snippets)));
                text = join(lines);
                document = decoding_try(FORMAT_YAML, NULL, text->str, text->len);
                if (document) {
                        document_unref(*ret);
                        *ret = document;
                } else {
                        g_ptr_array_remove_index(lines, (guint) at);
                }
                g_string_free(text, TRUE);
        }
        return g_steal_pointer(&lines);
}

/* A line in place of another or before it, mostly with its indent, so that it often fits. */
static void edit_lines(GRand *random, GPtrArray *lines)
{
        guint at = (guint) g_rand_int_range(random, 0, (gint32) lines->len + 1);
        int kind = g_rand_int_range(random, 0, 4);
        GString *line = any_line(random, G_N_ELEMENTS(snippets));

        if (at < lines->len && g_rand_int_range(random, 0, 4) > 0) {
                const GString *present = g_ptr_array_index(lines, at);

                g_string_erase(line, 0, (gssize) strspn(line->str, " "));
                g_string_prepend_len(line, present->str, (gssize) strspn(present->str, " "));
                g_string_append_printf(line, "%d", g_rand_int_range(random, 0, 100));
        }
        if (kind > 0 && at < lines->len)
                g_ptr_array_remove_index(lines, at);
        if (kind != 1)
                g_ptr_array_insert(lines, (gint) MIN(at, lines->len), line);
        else
                g_string_free(line, TRUE);
}

static void test_any_lines(void)
{
        g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
        unsigned made = 0, good = 0;

        for (unsigned i = 0; i < N_TEXTS; i++) {
                Document *first;
                g_autoptr(GPtrArray) lines = grow_lines(random, &first);
                g_autoptr(Document) document = first;
                GString *text = join(lines);

                for (unsigned j = 0; j < N_EDITS; j++) {
                        g_autoptr(Document) next = NULL, anew = NULL;
                        g_autoptr(GPtrArray) tried = g_ptr_array_copy(lines, copy_line, NULL);
                        GString *edited;

                        edit_lines(random, tried);
                        edited = join(tried);
                        anew = decoding_try(FORMAT_YAML, NULL, edited->str, edited->len);
                        next = try_redecode(document, (Text){ text->str, text->len },
                                            (Text){ edited->str, edited->len });
                        made += next != NULL;
                        good += anew != NULL;
                        if (anew) {
                                /* So that one is made of another, again and again. */
                                g_ptr_array_unref(lines);
                                lines = g_steal_pointer(&tried);
                                document_unref(document);
                                document = next ? g_steal_pointer(&next) : g_steal_pointer(&anew);
                                g_string_assign(text, edited->str);
                        }
                        g_string_free(edited, TRUE);
                }
                g_string_free(text, TRUE);
        }
        g_test_message("%u of %u good texts were redecoded", made, good);
        g_assert_cmpuint(made, >, good / 3);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/redecode/values", test_values);
        g_test_add_func("/redecode/lines", test_lines);
        g_test_add_func("/redecode/not-certain", test_not_certain);
        g_test_add_func("/redecode/not-good", test_not_good);
        g_test_add_func("/redecode/quotes-that-meet", test_quotes_that_meet);
        g_test_add_func("/redecode/other-texts", test_other_texts);
        g_test_add_func("/redecode/any-lines", test_any_lines);
        return g_test_run();
}
