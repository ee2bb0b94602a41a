/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text that is drawn where it was drawn before
 */
#include "client/ctl/screen.h"

#include <glib.h>

#define BEGIN "\x1b[?7l"
#define END "\x1b[?7h"

static void assert_drawn(Screen *screen, const char *text, size_t rows, const char *expected)
{
        g_autofree char *sent = screen_format(screen, text, rows);

        g_assert_cmpstr(sent, ==, expected);
}

static void test_in_place(void)
{
        Screen screen = { 0 };

        assert_drawn(&screen, "a\nb\nc\n", 24, BEGIN "a\nb\nc\n" END);
        assert_drawn(&screen, "d\n", 24, "\r\x1b[3A\x1b[J" BEGIN "d\n" END);
        assert_drawn(&screen, "", 24, "\r\x1b[1A\x1b[J" BEGIN END);
        assert_drawn(&screen, "e\n", 24, BEGIN "e\n" END);
}

/* The last row is the cursor's: what scrolls off could not be drawn over. */
static void test_too_long(void)
{
        Screen screen = { 0 };

        assert_drawn(&screen, "a\nb\nc\n", 4, BEGIN "a\nb\nc\n" END);
        assert_drawn(&screen, "a\nb\nc\nd\n", 4, "\r\x1b[3A\x1b[J" BEGIN "a\nb\n(2 more)\n" END);
        g_assert_cmpuint(screen.drawn, ==, 3);
        assert_drawn(&screen, "a\nb\nc\n", 1, "\r\x1b[3A\x1b[J" BEGIN "a\n(2 more)\n" END);
        assert_drawn(&screen, "a\nb\n", 0, "\r\x1b[2A\x1b[J" BEGIN "a\nb\n" END);
}

static void test_anew(void)
{
        Screen screen = { .drawn = 7 };
        g_autofree char *sent = screen_format_anew(&screen, "a\nb\n", 24);

        g_assert_cmpstr(sent, ==, "\x1b[H\x1b[2J" BEGIN "a\nb\n" END);
        g_assert_cmpuint(screen.drawn, ==, 2);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-screen/in-place", test_in_place);
        g_test_add_func("/ctl-screen/too-long", test_too_long);
        g_test_add_func("/ctl-screen/anew", test_anew);
        return g_test_run();
}
