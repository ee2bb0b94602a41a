/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Feeds where there is no bus: nothing to read, and an end at any time
 */
#include "client/gsettings/feed.h"

static const char *const names[] = { "a", "b", NULL };

static void never(size_t index, ReconfChange *change, void *data)
{
        g_assert_not_reached();
}

static void tell_freed(void *queue)
{
        g_async_queue_push(queue, queue);
}

static void wait_freed(GAsyncQueue *queue)
{
        g_assert_true(g_async_queue_pop(queue) == queue);
        g_async_queue_unref(queue);
}

static void test_no_bus(void)
{
        GAsyncQueue *queue = g_async_queue_new();
        Feed *feed = feed_new(names, never, queue, tell_freed);

        g_test_expect_message("reconf", G_LOG_LEVEL_WARNING,
                              "Settings have their defaults until the service can be reached: *");
        g_assert_null(feed_read(feed, 0, "x"));
        g_test_assert_expected_messages();
        g_assert_null(feed_read(feed, 1, ""));
        g_assert_null(feed_end(feed));
        wait_freed(queue);
}

static void test_end(void)
{
        GAsyncQueue *queue = g_async_queue_new();

        g_assert_null(feed_end(NULL));
        g_assert_null(feed_end(feed_new(names, never, queue, tell_freed)));
        wait_freed(queue);
}

static gboolean is_fatal(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
        return FALSE;
}

/* Whether it has come as far as to warn is a matter of luck. */
static void test_end_at_once(void)
{
        g_test_log_set_fatal_handler(is_fatal, NULL);
        for (unsigned i = 0; i < 20; i++) {
                GAsyncQueue *queue = g_async_queue_new();
                Feed *feed = feed_new(names, never, queue, tell_freed);

                feed_start(feed);
                feed_start(feed);
                feed_end(feed);
                wait_freed(queue);
        }
}

static void test_none(void)
{
        const char *const none[] = { NULL };
        GAsyncQueue *queue = g_async_queue_new();
        Feed *feed = feed_new(none, never, queue, tell_freed);

        feed_start(feed);
        feed_end(feed);
        wait_freed(queue);
}

int main(int argc, char **argv)
{
        g_setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/gsettings-feed/no-bus", test_no_bus);
        g_test_add_func("/gsettings-feed/end", test_end);
        g_test_add_func("/gsettings-feed/end-at-once", test_end_at_once);
        g_test_add_func("/gsettings-feed/none", test_none);
        return g_test_run();
}
