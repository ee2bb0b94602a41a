/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/prompt.h"

#include "client/ctl/text.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C '\x03'

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

struct Prompt {
        Style style; /* of standard error */
        PromptAnswered answered;
        void *userdata;
        struct termios settings; /* of the terminal, before */
        bool is_set;
        sigset_t mask; /* before */
        sd_event_source *input;
        sd_event_source *signals[G_N_ELEMENTS(signals)];
        size_t width; /* of the line that is there */
};

bool prompt_is_possible(void)
{
        return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Prompt *prompt = userdata;

        prompt->answered(info->ssi_signo == SIGINT ? PROMPT_NO : PROMPT_LEAVE, prompt->userdata);
        return 0;
}

static bool find_answer(char key, PromptAnswer *ret)
{
        if (key == '\0')
                return false;
        if (strchr("\r\nyYkK", key))
                *ret = PROMPT_YES;
        else if (key == CTRL_C || strchr("nN", key))
                *ret = PROMPT_NO;
        else
                return false;
        return true;
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Prompt *prompt = userdata;
        PromptAnswer answer;
        char key;
        ssize_t n;

        n = read(fd, &key, 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return 0;
        if (n > 0) {
                if (find_answer(key, &answer))
                        prompt->answered(answer, prompt->userdata);
                return 0;
        }
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        prompt->answered(PROMPT_LEAVE, prompt->userdata);
        return 0;
}

static int catch_signals(Prompt *prompt, sd_event *event)
{
        sigset_t mask;
        int r = 0;

        sigemptyset(&mask);
        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
                sigaddset(&mask, signals[i]);
        if (sigprocmask(SIG_BLOCK, &mask, &prompt->mask) < 0)
                return -errno;
        for (size_t i = 0; i < G_N_ELEMENTS(signals) && r >= 0; i++)
                r = sd_event_add_signal(event, &prompt->signals[i], signals[i], on_signal, prompt);
        return r;
}

static int set_terminal(Prompt *prompt)
{
        struct termios settings;

        if (tcgetattr(STDIN_FILENO, &prompt->settings) < 0)
                return -errno;
        settings = prompt->settings;
        settings.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
        settings.c_cc[VMIN] = 1;
        settings.c_cc[VTIME] = 0;
        settings.c_cc[VSUSP] = settings.c_cc[VQUIT] = _POSIX_VDISABLE;
        if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) < 0)
                return -errno;
        prompt->is_set = true;
        return 0;
}

int prompt_new(sd_event *event, const Style *style, PromptAnswered answered, void *userdata, Prompt **ret)
{
        Prompt *prompt = g_new0(Prompt, 1);
        int r;

        prompt->style = style_for_errors(style);
        prompt->answered = answered;
        prompt->userdata = userdata;
        (void) sigprocmask(SIG_BLOCK, NULL, &prompt->mask);
        r = catch_signals(prompt, event);
        if (r >= 0)
                r = set_terminal(prompt);
        if (r >= 0)
                r = sd_event_add_io(event, &prompt->input, STDIN_FILENO, EPOLLIN, on_input, prompt);
        if (r < 0) {
                prompt_free(prompt);
                return r;
        }
        *ret = prompt;
        return 0;
}

Prompt *prompt_free(Prompt *prompt)
{
        if (!prompt)
                return NULL;

        prompt_hide(prompt);
        sd_event_source_disable_unref(prompt->input);
        if (prompt->is_set)
                (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &prompt->settings);
        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
                sd_event_source_disable_unref(prompt->signals[i]);
        (void) sigprocmask(SIG_SETMASK, &prompt->mask, NULL);
        g_free(prompt);
        return NULL;
}

/* A full row would move the cursor to the next. */
void prompt_show(Prompt *prompt, const char *line)
{
        size_t room = prompt->style.columns > 1 ? prompt->style.columns - 1 : 1;
        g_autofree char *cut = text_ellipsize(line, room, prompt->style.unicode);
        size_t width = text_width(cut);
        int padding = (int) (prompt->width > width ? prompt->width - width : 0);

        fprintf(stderr, "\r%s%*s", cut, padding, "");
        fflush(stderr);
        prompt->width = width;
}

void prompt_hide(Prompt *prompt)
{
        if (prompt->width == 0)
                return;
        fprintf(stderr, "\r%*s\r", (int) prompt->width, "");
        fflush(stderr);
        prompt->width = 0;
}
