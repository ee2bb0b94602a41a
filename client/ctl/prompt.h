/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prompt: a line on the terminal, and the key that answers it
 *
 * Keys are read without Enter and not shown, and what was typed before the line was there does not count.
 * The terminal gets its settings back when the prompt is freed; signals that would end the program before
 * that are answers, too, and those that would stop it do nothing.
 */
#pragma once

#include "client/ctl/style.h"

#include <systemd/sd-event.h>

typedef enum PromptAnswer {
        PROMPT_YES,   /* Enter, y, k */
        PROMPT_NO,    /* Ctrl-C, n */
        PROMPT_LEAVE, /* the program is asked to end, or the terminal is gone */
} PromptAnswer;

typedef struct Prompt Prompt;

typedef void (*PromptAnswered)(PromptAnswer answer, void *userdata);

/* Whether somebody is there to ask: at the terminal of standard input and error, in its foreground. */
bool prompt_is_possible(void);
/* Or a negative errno. */
int prompt_new(sd_event *event, const Style *style, PromptAnswered answered, void *userdata, Prompt **ret);
/* Takes the line away. */
Prompt *prompt_free(Prompt *prompt);

/* Puts a line in place of the one before, on standard error; what does not fit is cut. */
void prompt_show(Prompt *prompt, const char *line);
/* Takes it away, until the next. */
void prompt_hide(Prompt *prompt);
