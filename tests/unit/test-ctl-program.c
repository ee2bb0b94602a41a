/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting a program, and words for its end
 */
#include "client/ctl/program.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(siginfo_t *end, const sigset_t *mask, const char *script)
{
        char *command[] = { (char *) "sh", (char *) "-c", (char *) script, NULL };
        char *environment[] = { (char *) "ANSWER=42", NULL };
        pid_t pid;

        g_assert_cmpint(program_start(command, environment, mask, 0, &pid), ==, 0);
        g_assert_cmpint(waitid(P_PID, (id_t) pid, end, WEXITED), ==, 0);
}

static void assert_end(const char *script, int status, const char *words)
{
        g_autofree char *text = NULL;
        siginfo_t end;
        sigset_t mask;

        sigemptyset(&mask);
        start(&end, &mask, script);
        text = program_describe_end(&end);
        g_assert_cmpint(program_status(&end), ==, status);
        g_assert_cmpstr(text, ==, words);
}

static void test_ends(void)
{
        assert_end("exit 0", 0, "exited with status 0");
        assert_end("exit 3", 3, "exited with status 3");
        assert_end("exit 255", 255, "exited with status 255");
        assert_end("kill -TERM $$", 143, "was killed by SIGTERM");
        assert_end("kill -KILL $$", 137, "was killed by SIGKILL");
        assert_end("ulimit -c 0; kill -34 $$", 162, "was killed by signal 34");
}

static void test_environment(void)
{
        assert_end("exit $ANSWER", 42, "exited with status 42");
        assert_end("exit ${HOME+1}0", 0, "exited with status 0");
}

/* The parent's mask is one thing, the program's another. */
static void test_mask(void)
{
        sigset_t mask, before;
        siginfo_t end;

        sigemptyset(&mask);
        sigaddset(&mask, SIGUSR1);
        g_assert_cmpint(sigprocmask(SIG_BLOCK, &mask, &before), ==, 0);
        start(&end, &before, "kill -USR1 $$; exit 5");
        g_assert_cmpint(program_status(&end), ==, 128 + SIGUSR1);
        start(&end, &mask, "kill -USR1 $$; exit 5");
        g_assert_cmpint(program_status(&end), ==, 5);
        g_assert_cmpint(sigprocmask(SIG_SETMASK, &before, NULL), ==, 0);
}

static void test_not_executable(void)
{
        g_autofree char *directory = g_dir_make_tmp("reconf-XXXXXX", NULL);
        g_autofree char *file = g_build_filename(directory, "file", NULL);
        char *missing[] = { (char *) "reconf-no-such-program", NULL }, *plain[] = { file, NULL };
        char *environment[] = { NULL };
        sigset_t mask;
        pid_t pid;

        sigemptyset(&mask);
        g_assert_true(g_file_set_contents(file, "", 0, NULL));
        g_assert_cmpint(g_chmod(file, 0644), ==, 0);
        g_assert_cmpint(program_start(missing, environment, &mask, 0, &pid), ==, -ENOENT);
        g_assert_cmpint(program_start(plain, environment, &mask, 0, &pid), ==, -EACCES);
        g_assert_cmpint(program_status_of_errno(-ENOENT), ==, 127);
        g_assert_cmpint(program_status_of_errno(-EACCES), ==, 126);
        /* Nothing is left to be waited for. */
        g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
        g_assert_cmpint(errno, ==, ECHILD);

        g_assert_cmpint(g_unlink(file), ==, 0);
        g_assert_cmpint(g_rmdir(directory), ==, 0);
}

/* A program whose parent is killed is asked to end. */
static void test_orphan(void)
{
        char script[] = "trap 'echo asked >&2; exit' TERM; echo ready >&2; while :; do sleep 0.01; done";
        char *command[] = { (char *) "sh", (char *) "-c", script, NULL };
        char *environment[] = { NULL };
        char text[16] = "";
        int fds[2], size = 0;
        ssize_t n;
        sigset_t mask;
        pid_t parent, pid;

        sigemptyset(&mask);
        g_assert_cmpint(pipe(fds), ==, 0);
        parent = fork();
        if (parent == 0) {
                (void) dup2(fds[1], STDERR_FILENO);
                close(fds[0]);
                close(fds[1]);
                (void) program_start(command, environment, &mask, 0, &pid);
                pause();
        }
        close(fds[1]);
        g_assert_cmpint(read(fds[0], text, sizeof text), ==, 6);
        g_assert_cmpint(kill(parent, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(parent, NULL, 0), ==, parent);
        while ((n = read(fds[0], text + size, sizeof text - 1 - (size_t) size)) > 0)
                size += (int) n;
        g_assert_true(g_str_has_prefix(text, "asked\n"));
        close(fds[0]);
}

static void assert_signal(const char *text, int expected)
{
        int number = 0;

        g_assert_true(program_parse_signal(text, &number));
        g_assert_cmpint(number, ==, expected);
}

static void test_signals(void)
{
        int number;

        assert_signal("HUP", SIGHUP);
        assert_signal("SIGHUP", SIGHUP);
        assert_signal("usr1", SIGUSR1);
        assert_signal("sigusr2", SIGUSR2);
        assert_signal("1", 1);
        assert_signal("64", 64);
        g_assert_true(program_can_handle(SIGHUP));
        g_assert_false(program_can_handle(SIGKILL));
        g_assert_false(program_can_handle(SIGSTOP));
        g_assert_false(program_parse_signal("", &number));
        g_assert_false(program_parse_signal("SIG", &number));
        g_assert_false(program_parse_signal("BOGUS", &number));
        g_assert_false(program_parse_signal("0", &number));
        g_assert_false(program_parse_signal("65", &number));
        g_assert_false(program_parse_signal("-1", &number));
        g_assert_false(program_parse_signal("HUP ", &number));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-program/ends", test_ends);
        g_test_add_func("/ctl-program/environment", test_environment);
        g_test_add_func("/ctl-program/mask", test_mask);
        g_test_add_func("/ctl-program/not-executable", test_not_executable);
        g_test_add_func("/ctl-program/orphan", test_orphan);
        g_test_add_func("/ctl-program/signals", test_signals);
        return g_test_run();
}
