/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Code sets: sets of characters, as ranges of code points
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define CODE_MAX 0x10FFFFU

typedef struct CodeRange {
        gunichar low;
        gunichar high;
} CodeRange;

/* Of CodeRange; in order and apart from each other once normalized. */
typedef GArray CodeSet;

CodeSet *code_set_new(void);
void code_set_add(CodeSet *set, gunichar low, gunichar high);
/* Adds the characters of \d, \s or \w, or with a capital letter all others. */
void code_set_add_class(CodeSet *set, char name);
void code_set_normalize(CodeSet *set);
/* Turns a normalized set into all that is not in it. */
void code_set_invert(CodeSet *set);
