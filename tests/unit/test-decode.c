/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoders: names of formats, and what holds for the text of them all
 */
#include "tests/support/decoding.h"

#include <string.h>

static void test_names(void)
{
        static const char *const names[] = { "yaml", "json", "env", "ini" };

        for (Format format = FORMAT_NONE + 1; format < N_FORMATS; format++) {
                g_assert_cmpstr(format_to_string(format), ==, names[format - 1]);
                g_assert_cmpint(format_from_string(names[format - 1]), ==, format);
        }
        g_assert_cmpstr(format_to_string(FORMAT_NONE), ==, "");
        g_assert_cmpint(format_from_string(""), ==, FORMAT_NONE);
        g_assert_cmpint(format_from_string("YAML"), ==, FORMAT_NONE);
        g_assert_cmpint(format_from_string("yml"), ==, FORMAT_NONE);
        g_assert_cmpint(format_from_string("toml"), ==, FORMAT_NONE);
}

static void test_files(void)
{
        static const struct {
                const char *file;
                Format format;
        } files[] = {
                { "/etc/a.yaml", FORMAT_YAML },
                { "a.yml", FORMAT_YAML },
                { "/etc/x.d/a.json", FORMAT_JSON },
                { "/srv/.env", FORMAT_ENV },
                { ".env.local", FORMAT_ENV },
                { "/srv/.env.production", FORMAT_ENV },
                { "web.env", FORMAT_ENV },
                { "a.b.ini", FORMAT_INI },
                { "/etc/x.yaml/config", FORMAT_NONE },
                { "yaml", FORMAT_NONE },
                { "a.conf", FORMAT_NONE },
                { "a.yaml~", FORMAT_NONE },
                { "a.", FORMAT_NONE },
                { "", FORMAT_NONE },
                { "/.env.d/config", FORMAT_NONE },
                { "a.toml", FORMAT_NONE },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
                if (format_from_file(files[i].file) != files[i].format)
                        g_error("%s is taken for '%s'", files[i].file,
                                format_to_string(format_from_file(files[i].file)));
}

static void test_no_format(void)
{
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure = decode(FORMAT_NONE, "/etc/a.conf", 0, "a: 1", 4, NULL, &document);

        g_assert_nonnull(failure);
        g_assert_null(document);
        g_assert_cmpint(failure->code, ==, FAILURE_INVALID_ARGUMENT);
}

static void test_dispatch(void)
{
        decoding_assert(FORMAT_YAML, NULL, "a: 1", "{a: 1}");
        decoding_assert(FORMAT_JSON, NULL, "{\"a\": 1}", "{a: 1}");
        decoding_assert(FORMAT_ENV, NULL, "A__B=1", "{A__B: '1'}");
        decoding_assert(FORMAT_ENV, "__", "A__B=1", "{a: {b: '1'}}");
        decoding_assert(FORMAT_INI, NULL, "[s]\na=1", "{s: {a: '1'}}");
}

static void test_byte_order_mark(void)
{
        static const char *const texts[N_FORMATS] = {
                [FORMAT_YAML] = "\xef\xbb\xbf"
                                "a: x",
                [FORMAT_JSON] = "\xef\xbb\xbf{\"a\": \"x\"}",
                [FORMAT_ENV] = "\xef\xbb\xbf"
                               "a=x",
                [FORMAT_INI] = "\xef\xbb\xbf"
                               "a=x",
        };

        for (Format format = FORMAT_NONE + 1; format < N_FORMATS; format++)
                decoding_assert(format, NULL, texts[format], "{a: 'x'}");
        decoding_assert(FORMAT_YAML, NULL, "\xef\xbb\xbf", "{}");
}

/* One byte in the middle of otherwise good text, at each distance from where words of eight bytes begin. */
static void assert_bad_byte(char byte, const char *before, const char *part)
{
        for (size_t pad = 0; pad < 20; pad++) {
                g_autofree char *padding = g_strnfill(pad, 'x');
                g_autofree char *text =
                                g_strdup_printf("# %s\r\n# %s%s@ and behind", before, before, padding);
                g_autoptr(Document) document = NULL;
                g_autoptr(Failure) failure = NULL;
                size_t length = strlen(text);
                const Problem *problem;

                *strchr(text, '@') = byte;
                failure = decode(FORMAT_YAML, "file", 0, text, length, NULL, &document);
                g_assert_nonnull(failure);
                g_assert_null(document);
                g_assert_cmpint(failure->code, ==, FAILURE_PARSE_FAILED);
                g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_PARSE);
                problem = g_ptr_array_index(failure->problems, 0);
                g_assert_cmpstr(problem->file, ==, "file");
                g_assert_cmpuint(problem->line, ==, 2);
                g_assert_cmpuint(problem->column, ==, 3 + pad + (size_t) g_utf8_strlen(before, -1));
                g_assert_nonnull(strstr(problem->message, part));
        }
}

static void test_bad_bytes(void)
{
        static const char accents[] = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xc3\xa9";

        assert_bad_byte('\0', "", "NUL");
        assert_bad_byte('\0', accents, "NUL");
        assert_bad_byte('\xff', "", "UTF-8");
        assert_bad_byte('\xff', accents, "UTF-8");
        assert_bad_byte('\x80', accents, "UTF-8");
        assert_bad_byte('\xc3', accents, "UTF-8");

        for (Format format = FORMAT_NONE + 1; format < N_FORMATS; format++) {
                decoding_assert_refused(format, NULL,
                                        "\xff\xfe"
                                        "a",
                                        FAILURE_PARSE_FAILED, 1, 1, "UTF-8");
                decoding_assert_refused(format, NULL, "\xed\xa0\x80", FAILURE_PARSE_FAILED, 1, 1, "UTF-8");
                decoding_assert_refused(format, NULL, "\n\xc0\xaf", FAILURE_PARSE_FAILED, 2, 1, "UTF-8");
                decoding_assert_refused(format, NULL, "\r \xe2\x82", FAILURE_PARSE_FAILED, 2, 2, "UTF-8");
        }
}

/* Characters that begin in one stretch of validated bytes and end in the next. */
static void test_long_text(void)
{
        for (size_t pad = 0; pad < 9; pad++) {
                g_autoptr(GString) text = g_string_new("a: \"");
                g_autoptr(Document) document = NULL;
                const Member *member;

                for (size_t i = 0; i < pad; i++)
                        g_string_append_c(text, 'x');
                for (size_t i = 0; i < 100; i++)
                        g_string_append(text, "\xf0\x9f\x98\x80\xe2\x82\xac");
                g_string_append(text, "\"\n");

                document = decoding_take(FORMAT_YAML, NULL, text->str);
                member = node_find_member(document_root(document), "a", 1);
                g_assert_cmpuint(member->value.length, ==, pad + 700);
        }
}

static void test_nothing(void)
{
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure = decode(FORMAT_YAML, NULL, 0, NULL, 0, NULL, &document);

        g_assert_null(failure);
        g_assert_cmpuint(document_root(document)->length, ==, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/decode/names", test_names);
        g_test_add_func("/decode/files", test_files);
        g_test_add_func("/decode/no-format", test_no_format);
        g_test_add_func("/decode/dispatch", test_dispatch);
        g_test_add_func("/decode/byte-order-mark", test_byte_order_mark);
        g_test_add_func("/decode/bad-bytes", test_bad_bytes);
        g_test_add_func("/decode/long-text", test_long_text);
        g_test_add_func("/decode/nothing", test_nothing);
        return g_test_run();
}
