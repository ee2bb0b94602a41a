/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/program.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child. What goes wrong is written to the pipe, which executing closes. */
static void execute(char *const *command, char *const *environment, const sigset_t *mask, int told,
                    pid_t parent, int problem)
{
        int error;

        if (told > 0)
                (void) signal(told, SIG_DFL);

        /* The parent may have ended before the kernel was asked to tell. */
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent &&
            sigprocmask(SIG_SETMASK, mask, NULL) == 0)
                (void) execvpe(command[0], command, environment);
        error = errno;
        (void) !write(problem, &error, sizeof error);
        _exit(PROGRAM_EXIT_NOT_FOUND);
}

/* What the child wrote, once it executes something else or gave up. */
static int read_problem(int descriptor)
{
        ssize_t n;
        int error;

        do
                n = read(descriptor, &error, sizeof error);
        while (n < 0 && errno == EINTR);
        return n == 0 ? 0 : n == sizeof error ? -error : -EIO;
}

int program_start(char *const *command, char *const *environment, const sigset_t *mask, int told, pid_t *ret)
{
        pid_t parent = getpid(), child;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        child = fork();
        if (child == 0)
                execute(command, environment, mask, told, parent, fds[1]);
        r = child < 0 ? -errno : 0;
        close(fds[1]);
        if (r == 0) {
                r = read_problem(fds[0]);
                if (r < 0)
                        (void) waitpid(child, NULL, 0);
        }
        close(fds[0]);
        if (r == 0)
                *ret = child;
        return r;
}

int program_status_of_errno(int r)
{
        return r == -ENOENT ? PROGRAM_EXIT_NOT_FOUND : PROGRAM_EXIT_NOT_EXECUTABLE;
}

int program_status(const siginfo_t *end)
{
        return end->si_code == CLD_EXITED ? end->si_status : PROGRAM_EXIT_SIGNALLED + end->si_status;
}

char *program_describe_end(const siginfo_t *end)
{
        g_autofree char *name = NULL;

        if (end->si_code == CLD_EXITED)
                return g_strdup_printf("exited with status %d", end->si_status);
        name = program_signal_name(end->si_status);
        return g_strdup_printf("was killed by %s%s", name,
                               end->si_code == CLD_DUMPED ? " and dumped core" : "");
}

bool program_parse_signal(const char *text, int *ret)
{
        guint64 number;

        if (g_ascii_string_to_unsigned(text, 10, 1, (guint64) SIGRTMAX, &number, NULL)) {
                *ret = (int) number;
                return true;
        }
        if (g_ascii_strncasecmp(text, "SIG", 3) == 0)
                text += 3;
        for (int i = 1; i < SIGRTMIN; i++) {
                const char *name = sigabbrev_np(i);

                if (name && g_ascii_strcasecmp(name, text) == 0) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

bool program_can_handle(int number)
{
        return number != SIGKILL && number != SIGSTOP;
}

char *program_signal_name(int number)
{
        const char *name = sigabbrev_np(number);

        return name ? g_strconcat("SIG", name, NULL) : g_strdup_printf("signal %d", number);
}
