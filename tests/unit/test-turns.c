/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns: who is served before whom, and who waits in vain
 *
 * A connection is named by its user, as ":1000.1"; what is served is noted by name, in order.
 */
#include "daemon/turns.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Scene {
        sd_event *event;
        sd_bus *bus;
        int fds[2]; /* ours, and the bus's */
        Turns *turns;
        GString *served;
        unsigned n_served;
        const char *stopped; /* a connection, or NULL */
        bool knows_nobody;
        size_t answer; /* bytes that are written for each */
        bool signals;  /* a message is sent for each */
} Scene;

static int serve(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        Scene *scene = userdata;
        g_autofree char *answer = g_malloc0(scene->answer);

        g_string_append_printf(scene->served, "%s%s ", sd_bus_message_get_sender(call),
                               sd_bus_message_get_member(call));
        scene->n_served++;
        if (scene->signals)
                g_assert_cmpint(sd_bus_emit_signal(scene->bus, "/", "a.b", "C", NULL), >=, 0);
        if (scene->answer > 0)
                g_assert_cmpint(write(scene->fds[0], answer, scene->answer), ==, scene->answer);
        return 1;
}

static uid_t find_user(const char *name, void *userdata)
{
        const Scene *scene = userdata;

        return scene->knows_nobody ? (uid_t) -1 : (uid_t) strtoul(name + 1, NULL, 10);
}

static bool must_stop(const char *name, void *userdata)
{
        const Scene *scene = userdata;

        return g_strcmp0(scene->stopped, name) == 0;
}

static const TurnsLimits limits = { .per_connection = 100, .per_user = 450 };
static const TurnsHandler handler = { .serve = serve, .find_user = find_user, .must_stop = must_stop };

static void set_up(Scene *scene, const void *unused)
{
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, scene->fds), ==,
                        0);
        g_assert_cmpint(sd_bus_new(&scene->bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(scene->bus, scene->fds[0], scene->fds[0]), >=, 0);
        g_assert_cmpint(sd_bus_start(scene->bus), >=, 0);
        g_assert_cmpint(turns_new(scene->bus, scene->event, &limits, &handler, scene, &scene->turns), >=, 0);
        scene->served = g_string_new(NULL);
}

static void tear_down(Scene *scene, const void *unused)
{
        turns_free(scene->turns);
        sd_bus_close(scene->bus);
        sd_bus_unref(scene->bus);
        close(scene->fds[1]);
        sd_event_unref(scene->event);
        g_string_free(scene->served, TRUE);
}

static sd_bus_message *call_new(Scene *scene, const char *name, const char *member)
{
        sd_bus_message *call = NULL;

        g_assert_cmpint(sd_bus_message_new_method_call(scene->bus, &call, "a.b", "/", "a.b", member), >=, 0);
        g_assert_cmpint(sd_bus_message_set_sender(call, name), >=, 0);
        g_assert_cmpint(sd_bus_message_seal(call, 1, 0), >=, 0);
        return call;
}

/* False where it was refused. */
static bool make_call(Scene *scene, const char *name, const char *member)
{
        sd_bus_message *call = call_new(scene, name, member);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        bool is_taken = turns_take(scene->turns, call, &error) >= 0;

        if (!is_taken)
                g_assert_cmpstr(error.name, ==, "org.reconf.Reconf1.Error.LimitExceeded");
        sd_bus_error_free(&error);
        sd_bus_message_unref(call);
        return is_taken;
}

/* Each letter is a call. */
static void make_calls(Scene *scene, const char *name, const char *members)
{
        for (; *members != '\0'; members++)
                g_assert_true(make_call(scene, name, (char[]){ *members, '\0' }));
}

/* Until there is nothing to do. */
static void run(Scene *scene)
{
        int r;

        while ((r = sd_event_run(scene->event, 0)) > 0)
                ;
        g_assert_cmpint(r, ==, 0);
}

static void assert_served(Scene *scene, const char *expected)
{
        g_assert_cmpstr(scene->served->str, ==, expected);
        g_string_truncate(scene->served, 0);
}

static void test_at_once(Scene *scene, const void *unused)
{
        make_calls(scene, ":1000.1", "abc");
        assert_served(scene, ":1000.1a :1000.1b ");
        g_assert_true(turns_is_busy(scene->turns));
        run(scene);
        assert_served(scene, ":1000.1c ");
        g_assert_false(turns_is_busy(scene->turns));
        /* Once there was time to see that nothing else came, it begins anew. */
        make_calls(scene, ":1000.1", "d");
        assert_served(scene, ":1000.1d ");
}

static void test_connections_take_turns(Scene *scene, const void *unused)
{
        make_calls(scene, ":1000.1", "abcdef");
        make_calls(scene, ":1000.2", "abc");
        assert_served(scene, ":1000.1a :1000.1b :1000.2a :1000.2b ");
        run(scene);
        assert_served(scene, ":1000.1c :1000.2c :1000.1d :1000.1e :1000.1f ");
}

/* However many connections one of them has. */
static void test_users_take_turns(Scene *scene, const void *unused)
{
        make_calls(scene, ":1000.1", "abcd");
        make_calls(scene, ":1000.2", "abcd");
        make_calls(scene, ":1000.3", "abcd");
        make_calls(scene, ":2000.4", "abcde");
        g_string_truncate(scene->served, 0);
        run(scene);
        assert_served(scene,
                      ":1000.1c :2000.4c :1000.2c :2000.4d :1000.3c :2000.4e :1000.1d :1000.2d :1000.3d ");
}

/* Nobody is served more at once for having many connections. */
static void test_many_connections(Scene *scene, const void *unused)
{
        for (unsigned i = 0; i < 100; i++) {
                g_autofree char *name = g_strdup_printf(":1000.%u", i);

                make_calls(scene, name, "a");
        }
        g_assert_cmpuint(scene->n_served, ==, 8);
        g_string_truncate(scene->served, 0);
        make_calls(scene, ":2000.1", "a");
        assert_served(scene, ":2000.1a ");
        run(scene);
        g_assert_cmpuint(scene->n_served, ==, 101);
        /* Those that have nothing to wait for need not be known by name. */
        for (unsigned i = 0; i < 100; i++) {
                g_autofree char *name = g_strdup_printf(":1000.%u", i);

                make_calls(scene, name, "a");
                run(scene);
        }
        g_assert_cmpuint(scene->n_served, ==, 201);
}

static void test_limit_per_connection(Scene *scene, const void *unused)
{
        for (unsigned i = 0; i < 2 + limits.per_connection; i++)
                g_assert_true(make_call(scene, ":1000.1", "a"));
        g_assert_false(make_call(scene, ":1000.1", "a"));
        g_assert_true(make_call(scene, ":1000.2", "a"));
        run(scene);
        g_assert_cmpuint(scene->n_served, ==, 3 + limits.per_connection);
        g_assert_true(make_call(scene, ":1000.1", "a"));
}

static void test_limit_per_user(Scene *scene, const void *unused)
{
        unsigned taken = 0;

        for (unsigned i = 0; i < 5; i++) {
                g_autofree char *name = g_strdup_printf(":1000.%u", i);

                while (make_call(scene, name, "a"))
                        taken++;
        }
        g_assert_cmpuint(taken, ==, 8 + limits.per_user);
        g_assert_false(make_call(scene, ":1000.6", "a"));
        g_assert_true(make_call(scene, ":2000.7", "a"));
}

/* It is found out who calls. */
static void test_stop(Scene *scene, const void *unused)
{
        scene->knows_nobody = true;
        scene->stopped = ":1000.1";
        make_calls(scene, ":1000.1", "abcd");
        make_calls(scene, ":1000.2", "abc");
        assert_served(scene, ":1000.1a :1000.2a :1000.2b ");
        run(scene);
        assert_served(scene, ":1000.2c ");
        g_assert_true(turns_is_busy(scene->turns));

        scene->knows_nobody = false;
        scene->stopped = NULL;
        turns_resume(scene->turns, ":1000.1");
        make_calls(scene, ":2000.3", "abcd");
        assert_served(scene, ":2000.3a :2000.3b ");
        run(scene);
        assert_served(scene, ":1000.1b :2000.3c :1000.1c :2000.3d :1000.1d ");
        /* Of no consequence, where it was not stopped. */
        turns_resume(scene->turns, ":1000.1");
        turns_resume(scene->turns, ":1000.9");
}

/* Who is stopped once more by a call that had waited. */
static void test_stop_again(Scene *scene, const void *unused)
{
        make_calls(scene, ":1000.1", "abcde");
        scene->stopped = ":1000.1";
        run(scene);
        assert_served(scene, ":1000.1a :1000.1b :1000.1c ");
        scene->stopped = NULL;
        turns_resume(scene->turns, ":1000.1");
        run(scene);
        assert_served(scene, ":1000.1d :1000.1e ");
}

static unsigned read_all(Scene *scene)
{
        char bytes[4096];
        unsigned count = 0;
        ssize_t size;

        while ((size = read(scene->fds[1], bytes, sizeof bytes)) > 0)
                count += (unsigned) size;
        return count;
}

/* What the bus has not read yet cannot be overtaken. */
static void test_answers_that_nobody_reads(Scene *scene, const void *unused)
{
        unsigned before;

        scene->answer = 1024;
        for (unsigned i = 0; i < limits.per_connection; i++)
                g_assert_true(make_call(scene, ":1000.1", "a"));
        run(scene);
        g_assert_cmpuint(scene->n_served, <, 30);
        before = scene->n_served;
        g_assert_cmpuint(read_all(scene), >=, before * 1024);
        run(scene);
        g_assert_cmpuint(scene->n_served, >, before);
        g_assert_cmpuint(scene->n_served, <, 60);
        while (scene->n_served < 100) {
                g_assert_cmpuint(read_all(scene), >, 0);
                run(scene);
        }
        /* With nobody waiting there is room again. */
        (void) read_all(scene);
        scene->answer = 32768;
        make_calls(scene, ":1000.1", "b");
}

/* Nor can what was not sent yet: nothing is, before the other end has let us in. */
static void test_answers_that_are_not_sent(Scene *scene, const void *unused)
{
        scene->signals = true;
        make_calls(scene, ":1000.1", "abcd");
        for (unsigned i = 0; i < 100; i++)
                g_assert_cmpint(sd_event_run(scene->event, 0), >=, 0);
        assert_served(scene, ":1000.1a :1000.1b ");
        /* Nor are more served at once by and by. */
        make_calls(scene, ":1000.1", "e");
        make_calls(scene, ":1000.2", "abc");
        for (unsigned i = 0; i < 100; i++)
                g_assert_cmpint(sd_event_run(scene->event, 0), >=, 0);
        assert_served(scene, ":1000.2a :1000.2b ");
}

static void test_what_cannot_wait(Scene *scene, const void *unused)
{
        sd_bus_message *call = call_new(scene, ":1000.1", "Introspect");
        unsigned count = 0;

        while (turns_count(scene->turns, call))
                count++;
        g_assert_cmpuint(count, >=, 16);
        g_assert_cmpuint(count, <=, 64);
        sd_bus_message_unref(call);
        call = call_new(scene, ":1000.2", "Introspect");
        g_assert_true(turns_count(scene->turns, call));
        sd_bus_message_unref(call);
        run(scene);
        call = call_new(scene, ":1000.1", "Introspect");
        g_assert_true(turns_count(scene->turns, call));
        sd_bus_message_unref(call);
}

/* Nothing is answered, and nothing is left. */
static void test_end(Scene *scene, const void *unused)
{
        for (unsigned i = 0; i < 10; i++) {
                make_calls(scene, ":1000.1", "a");
                make_calls(scene, ":2000.2", "a");
        }
        scene->turns = turns_free(scene->turns);
        run(scene);
        g_assert_cmpuint(scene->n_served, ==, 4);
}

static void add(const char *path, void (*test)(Scene *, const void *))
{
        g_test_add(path, Scene, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("/turns/at-once", test_at_once);
        add("/turns/connections-take-turns", test_connections_take_turns);
        add("/turns/users-take-turns", test_users_take_turns);
        add("/turns/many-connections", test_many_connections);
        add("/turns/limit-per-connection", test_limit_per_connection);
        add("/turns/limit-per-user", test_limit_per_user);
        add("/turns/stop", test_stop);
        add("/turns/stop-again", test_stop_again);
        add("/turns/answers-that-nobody-reads", test_answers_that_nobody_reads);
        add("/turns/answers-that-are-not-sent", test_answers_that_are_not_sent);
        add("/turns/what-cannot-wait", test_what_cannot_wait);
        add("/turns/end", test_end);
        return g_test_run();
}
