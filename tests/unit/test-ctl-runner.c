/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs that are told of versions, and what becomes of them
 *
 * The programs are shell scripts that write what they hear into a pipe; the test acts on what comes out of
 * it, and on what the runner says.
 */
#include "client/ctl/runner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MILLISECOND UINT64_C(1000)
/* What is to pass soon, what is enough for a shell to act in, and what is not to pass at all. */
#define SOON (50 * MILLISECOND)
#define AMPLE (1000 * MILLISECOND)
#define LATE (60 * 1000 * MILLISECOND)

/* Says when it handles signals, and each that it hears. Waits in pieces, as traps run between commands. */
#define LOOP "echo ready $RECONF_VERSION; while :; do sleep 0.01; done"

typedef struct Scene {
        sd_event *event;
        Runner *runner;
        sd_event_source *output;
        int fds[2];    /* the programs write into the second */
        GString *text; /* what they wrote */
        GString *said; /* by the runner, a line each */
        int status;    /* -1: not ended */
        char *command[4];
} Scene;

static void on_settled(void *userdata, uint64_t version, const char *failure)
{
        Scene *scene = userdata;

        g_string_append_printf(scene->said, "%" G_GUINT64_FORMAT " %s\n", version,
                               failure ? failure : "applied");
}

static void on_ended(void *userdata, int status)
{
        Scene *scene = userdata;

        g_assert_cmpint(scene->status, ==, -1);
        scene->status = status;
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Scene *scene = userdata;
        char text[256];
        ssize_t n = read(fd, text, sizeof text);

        if (n > 0)
                g_string_append_len(scene->text, text, n);
        return 0;
}

/* The script's standard output is the pipe; a shell names only ten descriptors by number. */
static void set_up(Scene *scene, RunnerOptions options, const char *script)
{
        const RunnerHandlers handlers = { on_settled, on_ended, scene };

        *scene = (Scene){ .text = g_string_new(NULL), .said = g_string_new(NULL), .status = -1 };
        g_assert_cmpint(pipe2(scene->fds, O_NONBLOCK), ==, 0);
        g_assert_cmpint(fcntl(scene->fds[0], F_SETFD, FD_CLOEXEC), ==, 0);
        scene->command[0] = g_strdup("sh");
        scene->command[1] = g_strdup("-c");
        scene->command[2] = g_strdup_printf("exec >/proc/self/fd/%d; %s", scene->fds[1], script);
        options.config = "app";
        options.command = scene->command;
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        g_assert_cmpint(sd_event_add_io(scene->event, &scene->output, scene->fds[0], EPOLLIN, on_output,
                                        scene),
                        >=, 0);
        scene->runner = runner_new(scene->event, &options, &handlers);
}

static void clear(Scene *scene)
{
        runner_free(scene->runner);
        sd_event_source_unref(scene->output);
        sd_event_unref(scene->event);
        close(scene->fds[0]);
        close(scene->fds[1]);
        g_string_free(scene->text, TRUE);
        g_string_free(scene->said, TRUE);
        for (size_t i = 0; i < G_N_ELEMENTS(scene->command); i++)
                g_free(scene->command[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, clear)

static void turn(Scene *scene)
{
        g_assert_cmpint(sd_event_run(scene->event, 20 * 1000 * MILLISECOND), >, 0);
}

static void wait_output(Scene *scene, const char *expected)
{
        while (!g_str_equal(scene->text->str, expected)) {
                g_assert_cmpuint(scene->text->len, <=, strlen(expected));
                turn(scene);
        }
}

static void wait_said(Scene *scene, const char *expected)
{
        while (scene->said->len < strlen(expected))
                turn(scene);
        g_assert_cmpstr(scene->said->str, ==, expected);
}

static void wait_end(Scene *scene, int status)
{
        while (scene->status < 0)
                turn(scene);
        g_assert_cmpint(scene->status, ==, status);
}

static RunnerOptions with_signal(uint64_t settle)
{
        return (RunnerOptions){
                .signal = SIGHUP, .settle_usec = settle, .stop_usec = LATE, .wait_usec = LATE
        };
}

static RunnerOptions with_restart(uint64_t settle, uint64_t stop, uint64_t wait)
{
        return (RunnerOptions){ .settle_usec = settle, .stop_usec = stop, .wait_usec = wait };
}

/* Ends the program as somebody would who has had enough of it. */
static void ask_to_end(Scene *scene, int status)
{
        runner_pass(scene->runner, SIGTERM, false);
        wait_end(scene, status);
}

static void test_signal(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(SOON), "trap 'echo hup' HUP; trap 'exit 7' TERM; " LOOP);
        g_assert_false(runner_has_begun(scene.runner));
        runner_take(scene.runner, 3);
        g_assert_true(runner_has_begun(scene.runner));
        wait_said(&scene, "3 applied\n");
        wait_output(&scene, "ready 3\n");
        runner_take(scene.runner, 4);
        wait_output(&scene, "ready 3\nhup\n");
        wait_said(&scene, "3 applied\n4 applied\n");
        /* Told already. */
        runner_take(scene.runner, 4);
        runner_take(scene.runner, 2);
        wait_said(&scene, "3 applied\n4 applied\n2 applied\n");
        g_assert_cmpstr(scene.text->str, ==, "ready 3\nhup\nhup\n");
        ask_to_end(&scene, 7);
        g_assert_cmpstr(scene.said->str, ==, "3 applied\n4 applied\n2 applied\n");
}

/* As under nohup(1). */
static void test_signal_ignored(void)
{
        (void) signal(SIGHUP, SIG_IGN);
        test_signal();
        (void) signal(SIGHUP, SIG_DFL);
}

static void test_dies_at_once(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(LATE), "exit 3");
        runner_take(scene.runner, 1);
        wait_end(&scene, 3);
        g_assert_cmpstr(scene.said->str, ==, "1 the program exited with status 3\n");
}

static void test_no_time_to_settle(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(0), "exit 3");
        runner_take(scene.runner, 1);
        g_assert_cmpstr(scene.said->str, ==, "1 applied\n");
        wait_end(&scene, 3);
        g_assert_cmpstr(scene.said->str, ==, "1 applied\n");
}

static void test_goes_into_background(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(LATE), "exit 0");
        runner_take(scene.runner, 1);
        wait_end(&scene, 0);
        g_assert_cmpstr(scene.said->str, ==,
                        "1 the program exited with status 0; it has to stay in the foreground\n");
}

/* That it dies later is not the version's fault. */
static void test_dies_later(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(SOON), "trap 'exit 9' USR1; " LOOP);
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 applied\n");
        wait_output(&scene, "ready 1\n");
        runner_pass(scene.runner, SIGUSR1, false);
        wait_end(&scene, 9);
        g_assert_cmpstr(scene.said->str, ==, "1 applied\n");
}

static void test_version_kills(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(AMPLE), "trap 'kill -SEGV $$' HUP; ulimit -c 0; " LOOP);
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 applied\n");
        wait_output(&scene, "ready 1\n");
        runner_take(scene.runner, 2);
        wait_end(&scene, 128 + SIGSEGV);
        g_assert_cmpstr(scene.said->str, ==, "1 applied\n2 the program was killed by SIGSEGV\n");
}

static void test_not_handled(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(AMPLE), LOOP);
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 applied\n");
        runner_take(scene.runner, 2);
        wait_end(&scene, 128 + SIGHUP);
        g_assert_cmpstr(scene.said->str, ==,
                        "1 applied\n2 the program was killed by SIGHUP, by which it was told of the "
                        "version: it "
                        "does not handle that\n");
}

/* A program that has just been started may not handle the signal yet. */
static void test_new_version_while_starting(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(AMPLE), "trap 'echo hup' HUP; trap 'exit 0' TERM; " LOOP);
        runner_take(scene.runner, 1);
        runner_take(scene.runner, 2);
        runner_take(scene.runner, 3);
        wait_said(&scene, "3 applied\n");
        wait_output(&scene, "ready 1\nhup\n");
        ask_to_end(&scene, 0);
}

/* Of versions that come while one settles, the newest is what counts. */
static void test_newest_counts(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(AMPLE), "trap 'echo hup' HUP; trap 'exit 0' TERM; " LOOP);
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 applied\n");
        wait_output(&scene, "ready 1\n");
        runner_take(scene.runner, 2);
        wait_output(&scene, "ready 1\nhup\n");
        runner_take(scene.runner, 3);
        wait_said(&scene, "1 applied\n3 applied\n");
        wait_output(&scene, "ready 1\nhup\nhup\n");
        ask_to_end(&scene, 0);
}

/* Whoever is asked to end says nothing about the version. */
static void test_asked_to_end(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(LATE), "trap 'exit 4' TERM; " LOOP);
        runner_take(scene.runner, 1);
        wait_output(&scene, "ready 1\n");
        ask_to_end(&scene, 4);
        g_assert_cmpstr(scene.said->str, ==, "");
}

/* What a terminal sends, the group has already: the program would hear it twice. */
static void test_terminal(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(SOON), "trap 'echo int' INT; trap 'exit 0' TERM; " LOOP);
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 applied\n");
        wait_output(&scene, "ready 1\n");
        runner_pass(scene.runner, SIGINT, true);
        runner_pass(scene.runner, SIGINT, false);
        wait_output(&scene, "ready 1\nint\n");
        ask_to_end(&scene, 0);
        g_assert_cmpstr(scene.text->str, ==, "ready 1\nint\n");
}

static void test_cannot_be_executed(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_signal(SOON), "");
        g_free(scene.command[0]);
        scene.command[0] = g_strdup("/proc/no/such/program");
        runner_take(scene.runner, 1);
        g_assert_cmpint(scene.status, ==, 127);
        g_assert_cmpstr(scene.said->str, ==,
                        "1 '/proc/no/such/program' cannot be executed: No such file or directory\n");
}

static void test_restart(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_restart(SOON, LATE, LATE), "trap 'echo term; exit 0' TERM; " LOOP);
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 applied\n");
        wait_output(&scene, "ready 1\n");
        runner_take(scene.runner, 2);
        wait_said(&scene, "1 applied\n2 applied\n");
        wait_output(&scene, "ready 1\nterm\nready 2\n");
        ask_to_end(&scene, 0);
}

/* It is killed then; and of what came meanwhile, the newest is started. */
static void test_restart_stubborn(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_restart(SOON, AMPLE, LATE), "trap 'echo term' TERM; " LOOP);
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 applied\n");
        wait_output(&scene, "ready 1\n");
        runner_take(scene.runner, 2);
        wait_output(&scene, "ready 1\nterm\n");
        runner_take(scene.runner, 3);
        wait_said(&scene, "1 applied\n3 applied\n");
        wait_output(&scene, "ready 1\nterm\nready 3\n");
        runner_pass(scene.runner, SIGUSR2, false);
        wait_end(&scene, 128 + SIGUSR2);
}

/* It fails, and gets another chance with the next version, or the same again. */
static void test_restart_fails(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_restart(AMPLE, LATE, LATE),
               "trap 'exit 0' TERM; test $RECONF_VERSION -ne 2 || exit 6; " LOOP);
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 applied\n");
        wait_output(&scene, "ready 1\n");
        runner_take(scene.runner, 2);
        wait_said(&scene, "1 applied\n2 the program exited with status 6\n");
        runner_take(scene.runner, 2);
        wait_said(&scene,
                  "1 applied\n2 the program exited with status 6\n2 the program exited with status 6\n");
        g_string_truncate(scene.said, 0);
        runner_take(scene.runner, 3);
        wait_said(&scene, "3 applied\n");
        g_assert_cmpint(scene.status, ==, -1);
        ask_to_end(&scene, 0);
}

static void test_restart_gives_up(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_restart(LATE, LATE, SOON), "exit 6");
        runner_take(scene.runner, 1);
        wait_end(&scene, 6);
        g_assert_cmpstr(scene.said->str, ==, "1 the program exited with status 6\n");
        /* It is over. */
        runner_take(scene.runner, 2);
        runner_pass(scene.runner, SIGTERM, false);
}

/* Nobody needs to wait for a version that may never come. */
static void test_restart_interrupted(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_restart(LATE, LATE, LATE), "exit 6");
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 the program exited with status 6\n");
        g_assert_cmpint(scene.status, ==, -1);
        runner_pass(scene.runner, SIGWINCH, true);
        runner_pass(scene.runner, SIGHUP, false);
        g_assert_cmpint(scene.status, ==, -1);
        runner_pass(scene.runner, SIGINT, true);
        g_assert_cmpint(scene.status, ==, 6);
}

static void test_terminal_is_gone(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_restart(LATE, LATE, LATE), "exit 6");
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 the program exited with status 6\n");
        runner_pass(scene.runner, SIGHUP, true);
        g_assert_cmpint(scene.status, ==, 6);
}

/* One that is asked to end while it is to be restarted is not started again. */
static void test_restart_asked_to_end(void)
{
        g_auto(Scene) scene = { 0 };

        set_up(&scene, with_restart(SOON, LATE, LATE), "trap 'echo term' TERM; trap 'exit 5' INT; " LOOP);
        runner_take(scene.runner, 1);
        wait_said(&scene, "1 applied\n");
        wait_output(&scene, "ready 1\n");
        runner_take(scene.runner, 2);
        wait_output(&scene, "ready 1\nterm\n");
        runner_pass(scene.runner, SIGINT, false);
        wait_end(&scene, 5);
        g_assert_cmpstr(scene.said->str, ==, "1 applied\n");
}

int main(int argc, char **argv)
{
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        g_assert_cmpint(sigprocmask(SIG_BLOCK, &mask, NULL), ==, 0);
        /* Whatever started us. */
        (void) signal(SIGHUP, SIG_DFL);
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-runner/signal", test_signal);
        g_test_add_func("/ctl-runner/signal-ignored", test_signal_ignored);
        g_test_add_func("/ctl-runner/dies-at-once", test_dies_at_once);
        g_test_add_func("/ctl-runner/no-time-to-settle", test_no_time_to_settle);
        g_test_add_func("/ctl-runner/goes-into-background", test_goes_into_background);
        g_test_add_func("/ctl-runner/dies-later", test_dies_later);
        g_test_add_func("/ctl-runner/version-kills", test_version_kills);
        g_test_add_func("/ctl-runner/not-handled", test_not_handled);
        g_test_add_func("/ctl-runner/new-version-while-starting", test_new_version_while_starting);
        g_test_add_func("/ctl-runner/newest-counts", test_newest_counts);
        g_test_add_func("/ctl-runner/asked-to-end", test_asked_to_end);
        g_test_add_func("/ctl-runner/terminal", test_terminal);
        g_test_add_func("/ctl-runner/cannot-be-executed", test_cannot_be_executed);
        g_test_add_func("/ctl-runner/restart", test_restart);
        g_test_add_func("/ctl-runner/restart-stubborn", test_restart_stubborn);
        g_test_add_func("/ctl-runner/restart-fails", test_restart_fails);
        g_test_add_func("/ctl-runner/restart-gives-up", test_restart_gives_up);
        g_test_add_func("/ctl-runner/restart-interrupted", test_restart_interrupted);
        g_test_add_func("/ctl-runner/terminal-is-gone", test_terminal_is_gone);
        g_test_add_func("/ctl-runner/restart-asked-to-end", test_restart_asked_to_end);
        return g_test_run();
}
