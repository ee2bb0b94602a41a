/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step between a pattern and its automaton: states that several ways lead out of
 */
#pragma once

#include "daemon/model/schema/pattern-tree.h"

#define NFA_MAX_STATES 1024U

typedef enum NfaKind {
        NFA_MATCH,
        NFA_BYTES, /* to first on a byte from low to high */
        NFA_SPLIT, /* to first and second, on nothing */
        NFA_START, /* to first, at the start of the text */
        NFA_END,   /* to first, at its end */
} NfaKind;

typedef struct NfaState {
        NfaKind kind;
        uint8_t low, high;
        uint16_t first, second;
} NfaState;

typedef struct Nfa {
        NfaState states[NFA_MAX_STATES];
        unsigned n_states;
        unsigned n_steps; /* what was built, also where it is nothing, as in (){9999} */
        uint16_t start;
        bool failed; /* too big, or cannot be done */
} Nfa;

/* Fills it in; look at failed. */
void nfa_build(Nfa *nfa, const PatternNode *pattern);
