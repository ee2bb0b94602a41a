/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/password-agent.h"

#include "client/ctl/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "pkttyagent"

static bool was_opened = false;
static pid_t agent = 0;

/* What we were told to ignore or keep back is no business of another program. */
static void reset_signals(void)
{
        sigset_t none;

        for (int number = 1; number < NSIG; number++)
                if (number != SIGKILL && number != SIGSTOP)
                        (void) signal(number, SIG_DFL);
        sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* It opens the terminal by itself, and what it has to say of its own start is nobody's concern. */
static bool silence(void)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        return null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
               dup2(null, STDERR_FILENO) >= 0;
}

static void run(const char *program, int notify, const char *number, pid_t parent)
{
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        reset_signals();
        /* Who died before we asked to be told has left us to somebody else. */
        if (getppid() != parent || !silence() || fcntl(notify, F_SETFD, 0) < 0)
                _exit(EXIT_FAILURE);
        execl(program, PROGRAM, "--notify-fd", number, "--fallback", NULL);
        _exit(127);
}

/* It closes its end when polkit knows it, and when it ends; nothing ever comes. */
static void wait_ready(int notify)
{
        char byte;

        while (read(notify, &byte, 1) < 0 && errno == EINTR)
                ;
}

static void start(const char *program)
{
        g_autofree char *number = NULL;
        pid_t parent = getpid();
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return;
        number = g_strdup_printf("%d", fds[1]);
        fflush(stdout);
        agent = fork();
        if (agent == 0)
                run(program, fds[1], number, parent);
        close(fds[1]);
        if (agent > 0)
                wait_ready(fds[0]);
        close(fds[0]);
}

void password_agent_open(void)
{
        g_autofree char *program = NULL;

        if (was_opened || !prompt_is_possible())
                return;
        was_opened = true;
        program = g_find_program_in_path(PROGRAM);
        if (program)
                start(program);
}

void password_agent_close(void)
{
        if (agent <= 0)
                return;

        (void) kill(agent, SIGTERM);
        /* It may have been stopped, as a job in the background that reads. */
        (void) kill(agent, SIGCONT);
        while (waitpid(agent, NULL, 0) < 0 && errno == EINTR)
                ;
        agent = 0;
}
