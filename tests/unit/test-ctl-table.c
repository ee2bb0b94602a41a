/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables, for people and as JSON
 */
#include "client/ctl/table.h"
#include "client/ctl/text.h"

#include <string.h>

static const Column columns[] = {
        { "NAME", "name", COLUMN_SHRINKS },
        { "N", "number", COLUMN_RIGHT },
        { "FILE", "file", COLUMN_SHRINKS },
        { "EXTRA", "extra", COLUMN_JSON_ONLY },
};

static Table *make_table(void)
{
        Table *table = table_new(columns, G_N_ELEMENTS(columns));

        table_add_text(table, "one", ACCENT_GOOD);
        table_add_unsigned(table, 7);
        table_add_text(table, "/a/file/with/a/long/name", ACCENT_NONE);
        table_add_boolean(table, true);
        table_add_text(table, "漢字", ACCENT_NONE);
        table_add_unsigned(table, 1234);
        table_add_text(table, NULL, ACCENT_NONE);
        table_add_text(table, "x\ny", ACCENT_NONE);
        return table;
}

static void test_plain(void)
{
        g_autoptr(Table) table = make_table();
        const Style style = { .legend = true, .unicode = true };
        g_autofree char *text = table_format(table, &style);

        g_assert_cmpuint(table_count(table), ==, 2);
        g_assert_cmpstr(text, ==,
                        "NAME    N FILE\n"
                        "one     7 /a/file/with/a/long/name\n"
                        "漢字 1234 -\n");
}

static void test_no_legend(void)
{
        g_autoptr(Table) table = make_table();
        const Style style = { 0 };
        g_autofree char *text = table_format(table, &style);

        g_assert_cmpstr(text, ==,
                        "one     7 /a/file/with/a/long/name\n"
                        "漢字 1234 -\n");
}

static void test_colors(void)
{
        g_autoptr(Table) table = make_table();
        const Style style = { .colors = true };
        g_autofree char *text = table_format(table, &style);

        g_assert_true(g_str_has_prefix(text, "\x1b[32mone\x1b[0m     7 "));
}

static void test_narrow(void)
{
        for (size_t width = 24; width <= 40; width++) {
                g_autoptr(Table) table = make_table();
                const Style style = { .columns = width, .unicode = true };
                g_autofree char *text = table_format(table, &style);
                g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

                for (char **line = lines; *line; line++)
                        g_assert_cmpuint(text_width(*line), <=, width);
                g_assert_true(!strstr(text, "…") == (width >= 34));
                g_assert_nonnull(strstr(text, "one     7 "));
        }
}

/* Narrower than readable: lines get longer than the terminal rather than nothing be left of them. */
static void test_too_narrow(void)
{
        g_autoptr(Table) table = make_table();
        const Style style = { .columns = 1, .unicode = true };
        g_autofree char *text = table_format(table, &style);

        g_assert_nonnull(strstr(text, "one     7 /a/file…"));
}

static void test_bytes(void)
{
        static const Column one[] = { { "SIZE", "size", COLUMN_RIGHT } };
        static const uint64_t sizes[] = { 0, 1023, 1024, 1536, 1048575, 10485760, UINT64_MAX };
        g_autoptr(Table) table = table_new(one, 1);
        const Style style = { 0 };
        g_autofree char *text = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
                table_add_bytes(table, sizes[i]);
        text = table_format(table, &style);
        g_assert_cmpstr(text, ==, "   0B\n1023B\n 1.0K\n 1.5K\n 1.0M\n10.0M\n16.0E\n");
}

static void test_json(void)
{
        g_autoptr(Table) table = make_table();
        Json *json = json_new(JSON_SHORT);
        g_autofree char *text = NULL;

        table_append_json(table, json);
        text = json_end(json);
        g_assert_cmpstr(text, ==,
                        "[{\"name\":\"one\",\"number\":7,\"file\":\"/a/file/with/a/long/"
                        "name\",\"extra\":true},"
                        "{\"name\":\"漢字\",\"number\":1234,\"file\":null,\"extra\":\"x\\ny\"}]");
}

static void test_escaped(void)
{
        static const Column one[] = { { "NAME", "name", 0 } };
        g_autoptr(Table) table = table_new(one, 1);
        const Style style = { 0 };
        g_autofree char *text = NULL;

        table_add_text(table, "a\x1b[2Jb\nc", ACCENT_NONE);
        text = table_format(table, &style);
        g_assert_cmpstr(text, ==, "a\\x1b[2Jb\\nc\n");
}

/* People and JSON need not see the same. */
static void test_shown(void)
{
        static const Column two[] = { { "PROGRAM", "program", 0 }, { "BEHIND", "behind", COLUMN_RIGHT } };
        g_autoptr(Table) table = table_new(two, G_N_ELEMENTS(two));
        const Style style = { 0 };
        Json *json = json_new(JSON_SHORT);
        g_autofree char *text = NULL, *as_json = NULL;

        table_add_shown(table, "a\n(b)", "b", ACCENT_NONE);
        table_add_amount(table, 0);
        table_add_shown(table, "?", NULL, ACCENT_NONE);
        table_add_amount(table, 12);
        text = table_format(table, &style);
        g_assert_cmpstr(text, ==,
                        "a\\n(b)  -\n"
                        "?      12\n");

        json_open_object(json);
        table_append_json_row(table, 1, json);
        json_close(json);
        as_json = json_end(json);
        g_assert_cmpstr(as_json, ==, "{\"program\":null,\"behind\":12}");
        json = json_new(JSON_SHORT);
        table_append_json(table, json);
        g_free(as_json);
        as_json = json_end(json);
        g_assert_true(g_str_has_prefix(as_json, "[{\"program\":\"b\",\"behind\":0},"));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-table/plain", test_plain);
        g_test_add_func("/ctl-table/no-legend", test_no_legend);
        g_test_add_func("/ctl-table/colors", test_colors);
        g_test_add_func("/ctl-table/narrow", test_narrow);
        g_test_add_func("/ctl-table/too-narrow", test_too_narrow);
        g_test_add_func("/ctl-table/bytes", test_bytes);
        g_test_add_func("/ctl-table/json", test_json);
        g_test_add_func("/ctl-table/escaped", test_escaped);
        g_test_add_func("/ctl-table/shown", test_shown);
        return g_test_run();
}
