/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each state of the automaton is a set of states that the pattern could be in, its bits in one key. A match
 * is looked for anywhere, so the start joins every set again. Bytes that no state tells apart share a
 * column.
 */
#include "daemon/model/schema/automaton.h"

#include "daemon/model/schema/nfa.h"

#include <string.h>

#define MAX_STATES 512U
#define SET_WORDS (NFA_MAX_STATES / 64)

/* The states that are the same in all automata; nothing leads out of them. */
#define STATE_DEAD 0U
#define STATE_FOUND 1U
#define STATE_FIRST 2U

typedef struct StateSet {
        uint64_t words[SET_WORDS];
} StateSet;

struct Automaton {
        uint8_t columns[256]; /* of each byte */
        uint16_t stride;      /* of a row: all columns, and one for whether the text may end here */
        uint16_t *next;       /* a row for each state, of where those begin that it leads to */
        uint16_t first;       /* where the row of the first state begins */
};

typedef struct Construction {
        const Nfa *nfa;
        Automaton *automaton;
        StateSet *sets; /* of each state */
        unsigned n_states;
        GHashTable *numbers; /* of StateSet to the state's number */
        uint64_t *work;
} Construction;

static guint hash_set(const void *key)
{
        const StateSet *set = key;
        uint64_t hash = 0;

        for (size_t i = 0; i < SET_WORDS; i++)
                hash = (hash ^ set->words[i]) * 0x9E3779B97F4A7C15U;
        return (guint) (hash >> 32);
}

static gboolean equal_sets(const void *a, const void *b)
{
        return memcmp(a, b, sizeof(StateSet)) == 0;
}

static bool set_has(const StateSet *set, unsigned state)
{
        return set->words[state / 64] >> (state % 64) & 1;
}

/* Adds a state and all that nothing but the place in the text parts from it. */
static void add_closure(const Nfa *nfa, StateSet *set, uint16_t state, bool at_start, bool at_end)
{
        uint16_t waiting[2 * NFA_MAX_STATES + 1];
        unsigned n_waiting = 0;

        waiting[n_waiting++] = state;
        while (n_waiting > 0) {
                uint16_t index = waiting[--n_waiting];
                const NfaState *at = &nfa->states[index];
                bool passes = at->kind == NFA_SPLIT || (at->kind == NFA_START && at_start) ||
                              (at->kind == NFA_END && at_end);

                if (set_has(set, index))
                        continue;
                set->words[index / 64] |= (uint64_t) 1 << (index % 64);
                if (passes && !set_has(set, at->first))
                        waiting[n_waiting++] = at->first;
                if (at->kind == NFA_SPLIT && !set_has(set, at->second))
                        waiting[n_waiting++] = at->second;
        }
}

static bool has_match(const Nfa *nfa, const StateSet *set)
{
        /* It is the first state that is made. */
        return set_has(set, 0);
}

/* Whether the text may end in that set. */
static bool ends_found(const Nfa *nfa, const StateSet *set, bool at_start)
{
        StateSet end = { { 0 } };

        for (unsigned i = 0; i < nfa->n_states; i++)
                if (set_has(set, i) && nfa->states[i].kind == NFA_END)
                        add_closure(nfa, &end, (uint16_t) i, at_start, true);
        return has_match(nfa, &end);
}

/* The number of a set, which becomes a new state if it is none. False where there are too many. */
static bool find_state(Construction *construction, const StateSet *set, bool at_start, uint16_t *ret)
{
        static const StateSet nothing = { { 0 } };
        size_t stride = construction->automaton->stride;
        void *number;

        if (has_match(construction->nfa, set)) {
                *ret = STATE_FOUND;
                return true;
        }
        if (equal_sets(set, &nothing)) {
                *ret = STATE_DEAD;
                return true;
        }
        /* The first state is like no other: it alone is at the start. */
        if (!at_start && g_hash_table_lookup_extended(construction->numbers, set, NULL, &number)) {
                *ret = (uint16_t) GPOINTER_TO_UINT(number);
                return true;
        }
        if (construction->n_states == MAX_STATES || (construction->n_states + 1) * stride > UINT16_MAX)
                return false;
        *ret = (uint16_t) construction->n_states++;
        construction->sets[*ret] = *set;
        construction->automaton->next[*ret * stride + stride - 1] =
                        ends_found(construction->nfa, set, at_start);
        if (!at_start)
                g_hash_table_insert(construction->numbers, &construction->sets[*ret],
                                    GUINT_TO_POINTER(*ret));
        return true;
}

static void fill_columns(Automaton *automaton, const Nfa *nfa)
{
        bool begins[257] = { false };

        for (unsigned i = 0; i < nfa->n_states; i++)
                if (nfa->states[i].kind == NFA_BYTES) {
                        begins[nfa->states[i].low] = true;
                        begins[nfa->states[i].high + 1] = true;
                }
        automaton->stride = 2;
        for (unsigned byte = 0; byte < 256; byte++) {
                if (byte > 0 && begins[byte])
                        automaton->stride++;
                automaton->columns[byte] = (uint8_t) (automaton->stride - 2);
        }
}

/* Where that byte leads from a state's set. */
static bool step(Construction *construction, const StateSet *from, uint8_t byte, const StateSet *restart,
                 uint16_t *ret)
{
        const Nfa *nfa = construction->nfa;
        StateSet to = *restart;

        for (size_t word = 0; word < SET_WORDS; word++)
                for (uint64_t bits = from->words[word]; bits != 0; bits &= bits - 1) {
                        const NfaState *state = &nfa->states[word * 64 + (size_t) __builtin_ctzll(bits)];

                        if (state->kind == NFA_BYTES && byte >= state->low && byte <= state->high)
                                add_closure(nfa, &to, state->first, false, false);
                }
        return find_state(construction, &to, false, ret);
}

static bool fill_row(Construction *construction, unsigned state, const StateSet *restart)
{
        Automaton *automaton = construction->automaton;
        uint16_t *row = &automaton->next[state * automaton->stride];
        uint64_t cost = (uint64_t) automaton->stride * (construction->nfa->n_states + SET_WORDS);

        if (*construction->work < cost)
                return false;
        *construction->work -= cost;
        for (unsigned byte = 0; byte < 256; byte++) {
                if (byte > 0 && automaton->columns[byte] == automaton->columns[byte - 1])
                        continue;
                if (!step(construction, &construction->sets[state], (uint8_t) byte, restart,
                          &row[automaton->columns[byte]]))
                        return false;
        }
        return true;
}

static bool construct(Construction *construction)
{
        const Nfa *nfa = construction->nfa;
        StateSet start = { { 0 } }, restart = { { 0 } };
        uint16_t first;

        add_closure(nfa, &start, nfa->start, true, false);
        add_closure(nfa, &restart, nfa->start, false, false);
        construction->n_states = STATE_FIRST;
        if (!find_state(construction, &start, true, &first))
                return false;
        for (unsigned state = STATE_FIRST; state < construction->n_states; state++)
                if (!fill_row(construction, state, &restart))
                        return false;
        construction->automaton->first = first;
        return true;
}

/* From numbers of states to the places of their rows, and no more memory than they take. */
static void finish(Automaton *automaton, unsigned n_states)
{
        size_t stride = automaton->stride;

        for (size_t state = 0; state < n_states; state++)
                for (size_t column = 0; column + 1 < stride; column++)
                        automaton->next[state * stride + column] *= (uint16_t) stride;
        automaton->first *= (uint16_t) stride;
        automaton->next[STATE_FOUND * stride + stride - 1] = true;
        automaton->next = g_renew(uint16_t, automaton->next, n_states * stride);
}

Automaton *automaton_new(const PatternNode *pattern, uint64_t *work)
{
        g_autoptr(Automaton) automaton = g_new0(Automaton, 1);
        g_autofree Nfa *nfa = g_new(Nfa, 1);
        g_autofree StateSet *sets = g_new(StateSet, MAX_STATES);
        g_autoptr(GHashTable) numbers = g_hash_table_new(hash_set, equal_sets);
        Construction construction = {
                .nfa = nfa, .automaton = automaton, .sets = sets, .numbers = numbers, .work = work
        };

        nfa_build(nfa, pattern);
        if (nfa->failed)
                return NULL;
        fill_columns(automaton, nfa);
        automaton->next = g_new0(uint16_t, (gsize) MAX_STATES * automaton->stride);
        if (!construct(&construction))
                return NULL;
        finish(automaton, construction.n_states);
        return g_steal_pointer(&automaton);
}

Automaton *automaton_free(Automaton *automaton)
{
        if (!automaton)
                return NULL;

        g_free(automaton->next);
        g_free(automaton);
        return NULL;
}

bool automaton_match(const Automaton *automaton, const char *text, size_t length)
{
        const uint16_t *next = automaton->next;
        size_t stride = automaton->stride, state = automaton->first;

        for (size_t i = 0; i < length && state >= STATE_FIRST * stride; i++)
                state = next[state + automaton->columns[(uint8_t) text[i]]];
        return next[state + stride - 1];
}
