/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Quit on one screen, colors, no line folding, leave the screen as it is, long prompt. */
#define LESS_OPTIONS "FRSXMK"

static pid_t pager = 0;

static bool runs_with_more_rights(void)
{
        const char *value = g_getenv("SYSTEMD_PAGERSECURE");

        if (value)
                return !g_strv_contains((const char *[]){ "0", "no", "false", "off", NULL }, value);
        return g_getenv("SUDO_UID") || g_getenv("PKEXEC_UID");
}

/* The command line, or NULL where none is wanted. */
static char **find_command(bool secure)
{
        static const char *const variables[] = { "RECONF_PAGER", "SYSTEMD_PAGER", "PAGER" };
        const char *text = NULL;
        char **command = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(variables) && !text; i++)
                text = g_getenv(variables[i]);
        if (text && (!*text || g_str_equal(text, "cat")))
                return NULL;
        if (!text || secure)
                return g_strdupv((char *[]){ (char *) "less", NULL });
        return g_shell_parse_argv(text, NULL, &command, NULL) ? command : NULL;
}

static void run(char **command, int input, bool secure)
{
        const char *less = g_getenv("SYSTEMD_LESS");

        /* The reader must not outlive us, nor see the signals that we were told to ignore. */
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        signal(SIGINT, SIG_DFL);
        if (dup2(input, STDIN_FILENO) < 0)
                _exit(EXIT_FAILURE);
        g_setenv("LESS", less ? less : LESS_OPTIONS, TRUE);
        if (g_get_charset(NULL))
                g_setenv("LESSCHARSET", "utf-8", TRUE);
        if (secure)
                g_setenv("LESSSECURE", "1", TRUE);
        execvp(command[0], command);
        _exit(127);
}

/* Runs the command at the reading end of a pipe. */
static bool start(char **command, bool secure, int *ret_output)
{
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return false;
        fflush(stdout);
        pager = fork();
        if (pager == 0)
                run(command, fds[0], secure);
        close(fds[0]);
        if (pager < 0) {
                close(fds[1]);
                return false;
        }
        *ret_output = fds[1];
        return true;
}

bool pager_open(void)
{
        g_auto(GStrv) command = NULL;
        g_autofree char *program = NULL;
        bool secure = runs_with_more_rights();
        int output;

        if (pager > 0 || !isatty(STDOUT_FILENO))
                return pager > 0;
        command = find_command(secure);
        if (!command)
                return false;
        program = g_find_program_in_path(command[0]);
        if (!program || !start(command, secure, &output))
                return false;

        /* What the reader does on ^C is its own business; we wait for it. It may leave before the end. */
        signal(SIGINT, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        (void) dup2(output, STDOUT_FILENO);
        close(output);
        return true;
}

bool pager_close(void)
{
        if (pager <= 0)
                return false;

        fclose(stdout);
        while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
                ;
        pager = 0;
        return true;
}
