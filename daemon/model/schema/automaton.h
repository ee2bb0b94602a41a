/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Automata: patterns that take one step a byte
 *
 * Most patterns in schemas are made of characters, classes, choices and repetitions. Such a one becomes a
 * deterministic automaton over the bytes of UTF-8, so that matching takes time linear in the text, whatever
 * the pattern is, and no memory. What needs more than that (a look ahead or behind, a reference, a Unicode
 * property), or would become too big, is none.
 */
#pragma once

#include "daemon/model/schema/pattern-tree.h"

typedef struct Automaton Automaton;

/*
 * NULL where the pattern is better left to others. work is what making automata may still cost, and
 * is lowered by what it did.
 */
Automaton *automaton_new(const PatternNode *pattern, uint64_t *work);
Automaton *automaton_free(Automaton *automaton);

/* True if the pattern is found anywhere in the text. */
bool automaton_match(const Automaton *automaton, const char *text, size_t length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Automaton, automaton_free)
