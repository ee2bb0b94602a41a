/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what is read of a process
 *
 * pidfd_open() is this file's own, so that a process can end, and its number be given away, at the worst
 * moment. What takes namespaces runs in a child, which fails by its status.
 */
#include "daemon/process.h"

#include "tests/support/namespace.h"

#include <errno.h>
#include <glib.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child's test could not have; other than 0 and the status of an assertion. */
#define SKIPPED 77

static void (*after_open)(pid_t pid);

int pidfd_open(pid_t pid, unsigned flags)
{
        int fd = (int) syscall(SYS_pidfd_open, pid, flags);

        if (after_open)
                after_open(pid);
        return fd;
}

/* A process that calls itself so, and waits to be ended. */
static pid_t start(const char *name)
{
        int fds[2];
        char byte;
        pid_t pid;

        g_assert_cmpint(pipe(fds), ==, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) prctl(PR_SET_NAME, name);
                if (write(fds[1], "", 1) == 1)
                        pause();
                _exit(1);
        }
        g_assert_cmpint(read(fds[0], &byte, 1), ==, 1);
        close(fds[0]);
        close(fds[1]);
        return pid;
}

static void end(pid_t pid)
{
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static void assert_nothing(const ProcessFacts *facts)
{
        g_assert_cmpstr(facts->name, ==, "");
        g_assert_cmpuint(facts->start_time, ==, 0);
}

static void run_in_child(void (*test)(void))
{
        pid_t pid = fork();
        int status;

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                test();
                _exit(0);
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
                g_test_skip("namespaces cannot be had here");
        else
                g_assert_cmpint(status, ==, 0);
}

/* Goes on as the first process of a pid namespace; the parent does nothing but wait for it. */
static void enter_pid_namespace(void)
{
        pid_t pid;
        int status;

        if (!enter_namespace() || unshare(CLONE_NEWPID) < 0)
                _exit(SKIPPED);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                return;
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        _exit(status == 0 ? 0 : WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void mount_proc(const char *options)
{
        if (mount("proc", "/proc", "proc", 0, options) < 0)
                _exit(SKIPPED);
}

static void test_facts(void)
{
        /* To the tick of the kernel's clock, and what the other clock was set by meanwhile. */
        const uint64_t tolerance = G_USEC_PER_SEC;
        uint64_t before = (uint64_t) g_get_real_time();
        pid_t pid = start("webshop");
        uint64_t after = (uint64_t) g_get_real_time();
        ProcessFacts facts;
        struct pollfd look = { .fd = process_open(pid, &facts), .events = POLLIN };

        g_assert_cmpint(look.fd, >=, 0);
        g_assert_cmpstr(facts.name, ==, "webshop");
        g_assert_cmpuint(facts.start_time, >=, before - tolerance);
        g_assert_cmpuint(facts.start_time, <=, after + tolerance);
        g_assert_cmpint(poll(&look, 1, 0), ==, 0);
        end(pid);
        g_assert_cmpint(poll(&look, 1, 0), ==, 1);
        close(look.fd);
}

static void test_names(void)
{
        static const struct {
                const char *name, *expected;
        } cases[] = {
                { "", "" },
                { ") R 1 1 (x", ") R 1 1 (x" },
                { "a\nb", "a\nb" },
                { "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
                { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef"
                  "\xbf\xbd"
                  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
                /* Cut by the kernel after the first byte of a character. */
                { "fourteen-bytes\xc3\xa4", "fourteen-bytes\xef\xbf\xbd" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                pid_t pid = start(cases[i].name);
                ProcessFacts facts;
                int fd = process_open(pid, &facts);

                g_assert_cmpint(fd, >=, 0);
                g_assert_cmpstr(facts.name, ==, cases[i].expected);
                g_assert_cmpuint(facts.start_time, >, 0);
                close(fd);
                end(pid);
        }
}

static void test_none(void)
{
        pid_t pids[] = { 0, -1, INT32_MAX };
        ProcessFacts facts;

        for (size_t i = 0; i < G_N_ELEMENTS(pids); i++) {
                int r = process_open(pids[i], &facts);

                g_assert_cmpint(r, ==, -ESRCH);
                assert_nothing(&facts);
        }
}

/* One that has ended is no process, whether somebody asked for its status yet or not. */
static void test_ended(void)
{
        pid_t pid = start("webshop");
        ProcessFacts facts;
        siginfo_t info;

        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), ==, 0);
        g_assert_cmpint(process_open(pid, &facts), ==, -ESRCH);
        assert_nothing(&facts);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        g_assert_cmpint(process_open(pid, &facts), ==, -ESRCH);
}

/* The number goes to another between being looked at and being read of. */
static void give_away(pid_t pid)
{
        g_autofree char *before = g_strdup_printf("%d", pid - 1);

        after_open = NULL;
        end(pid);
        if (!g_file_set_contents_full("/proc/sys/kernel/ns_last_pid", before, -1, G_FILE_SET_CONTENTS_NONE,
                                      0, NULL))
                _exit(SKIPPED);
        g_assert_cmpint(start("impostor"), ==, pid);
}

static void reuse(void)
{
        ProcessFacts facts;
        pid_t pid;
        int fd;

        enter_pid_namespace();
        mount_proc(NULL);
        pid = start("webshop");
        after_open = give_away;
        g_assert_cmpint(process_open(pid, &facts), ==, -ESRCH);
        assert_nothing(&facts);
        /* It was the same number, so this is the other one. */
        fd = process_open(pid, &facts);
        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpstr(facts.name, ==, "impostor");
}

static void test_reuse(void)
{
        run_in_child(reuse);
}

/* /proc counts otherwise than we do: what stands there under our number is another process. */
static void foreign_proc(void)
{
        ProcessFacts facts;
        int fd;

        enter_pid_namespace();
        g_assert_cmpint(prctl(PR_SET_NAME, "first"), ==, 0);
        fd = process_open(getpid(), &facts);
        g_assert_cmpint(getpid(), ==, 1);
        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpstr(facts.name, ==, "first");
}

static void test_foreign_proc(void)
{
        run_in_child(foreign_proc);
}

static void hidden(void)
{
        ProcessFacts facts;
        pid_t pid;
        int fd;

        if (geteuid() != 0)
                _exit(SKIPPED);
        enter_pid_namespace();
        mount_proc("hidepid=2");
        pid = start("webshop");
        /* Whoever is in root's group is spared. */
        g_assert_cmpint(setgroups(0, NULL), ==, 0);
        g_assert_cmpint(setresgid(65534, 65534, 65534), ==, 0);
        g_assert_cmpint(setresuid(65534, 65534, 65534), ==, 0);
        fd = process_open(pid, &facts);
        g_assert_cmpint(fd, >=, 0);
        assert_nothing(&facts);
}

static void test_hidden(void)
{
        run_in_child(hidden);
}

static void no_proc(void)
{
        ProcessFacts facts;
        int fd;

        if (!enter_namespace() || mount("none", "/proc", "tmpfs", 0, NULL) < 0)
                _exit(SKIPPED);
        fd = process_open(getpid(), &facts);
        g_assert_cmpint(fd, >=, 0);
        assert_nothing(&facts);
}

static void test_no_proc(void)
{
        run_in_child(no_proc);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/process/facts", test_facts);
        g_test_add_func("/process/names", test_names);
        g_test_add_func("/process/none", test_none);
        g_test_add_func("/process/ended", test_ended);
        g_test_add_func("/process/reuse", test_reuse);
        g_test_add_func("/process/foreign-proc", test_foreign_proc);
        g_test_add_func("/process/hidden", test_hidden);
        g_test_add_func("/process/no-proc", test_no_proc);
        return g_test_run();
}
