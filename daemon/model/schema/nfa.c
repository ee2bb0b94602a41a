/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Built from the end: whatever is built is told the state that follows it, and answers with its own first
 * one.
 */
#include "daemon/model/schema/nfa.h"

#define MAX_STEPS (16 * NFA_MAX_STATES)

static uint16_t add_state(Nfa *nfa, NfaState state)
{
        if (nfa->n_states == NFA_MAX_STATES) {
                nfa->failed = true;
                return 0;
        }
        nfa->states[nfa->n_states] = state;
        return (uint16_t) nfa->n_states++;
}

static uint16_t add_split(Nfa *nfa, uint16_t first, uint16_t second)
{
        return add_state(nfa, (NfaState){ .kind = NFA_SPLIT, .first = first, .second = second });
}

/* The sequences of bytes between two of equal length that differ in their last bytes only. */
static uint16_t add_bytes(Nfa *nfa, const uint8_t *low, const uint8_t *high, size_t length, uint16_t next)
{
        for (size_t i = length; i-- > 0;)
                next = add_state(nfa, (NfaState){ .kind = NFA_BYTES,
                                                  .low = low[i],
                                                  .high = high[i],
                                                  .first = next });
        return next;
}

/*
 * Splits a range of code points until the bytes of its ends form a box: then each byte may be anything
 * between them by itself. Returns a state that leads to all boxes and to other.
 */
static uint16_t add_range(Nfa *nfa, gunichar low, gunichar high, uint16_t next, uint16_t other,
                          bool *has_other)
{
        static const gunichar lasts[] = { 0x7F, 0x7FF, 0xFFFF };
        char low_bytes[6], high_bytes[6];
        gunichar middle = high;
        uint16_t state;
        int length;

        for (size_t i = 0; i < G_N_ELEMENTS(lasts) && middle == high; i++)
                if (low <= lasts[i] && high > lasts[i])
                        middle = lasts[i];
        for (unsigned bits = 6; bits <= 18 && middle == high && high > 0x7F; bits += 6) {
                gunichar mask = ((gunichar) 1 << bits) - 1;

                if ((low & ~mask) == (high & ~mask))
                        break;
                if ((low & mask) != 0)
                        middle = low | mask;
                else if ((high & mask) != mask)
                        middle = (high & ~mask) - 1;
        }
        if (middle != high) {
                other = add_range(nfa, low, middle, next, other, has_other);
                return nfa->failed ? 0 : add_range(nfa, middle + 1, high, next, other, has_other);
        }

        length = g_unichar_to_utf8(low, low_bytes);
        g_unichar_to_utf8(high, high_bytes);
        state = add_bytes(nfa, (const uint8_t *) low_bytes, (const uint8_t *) high_bytes, (size_t) length,
                          next);
        if (*has_other)
                state = add_split(nfa, state, other);
        *has_other = true;
        return state;
}

static uint16_t build_set(Nfa *nfa, const PatternNode *node, uint16_t next)
{
        bool has_other = false;
        uint16_t state = 0;

        for (guint i = 0; i < node->set->len && !nfa->failed; i++) {
                CodeRange range = g_array_index(node->set, CodeRange, i);

                state = add_range(nfa, range.low, range.high, next, state, &has_other);
        }
        /* Nothing is in an empty set: a byte that UTF-8 does not have. */
        if (!has_other)
                state = add_state(nfa,
                                  (NfaState){ .kind = NFA_BYTES, .low = 0xFF, .high = 0xFF, .first = next });
        return state;
}

static uint16_t build(Nfa *nfa, const PatternNode *node, uint16_t next);

static uint16_t build_repeat(Nfa *nfa, const PatternNode *node, uint16_t next)
{
        uint32_t optional = node->high == PATTERN_NO_END ? 0 : node->high - node->low;
        uint16_t state = next;

        if (node->high == PATTERN_NO_END) {
                state = add_split(nfa, 0, next);
                if (!nfa->failed)
                        nfa->states[state].first = build(nfa, node->child, state);
        }
        for (uint32_t i = 0; i < optional && !nfa->failed; i++)
                state = add_split(nfa, build(nfa, node->child, state), next);
        for (uint32_t i = 0; i < node->low && !nfa->failed; i++)
                state = build(nfa, node->child, state);
        return state;
}

/* Last first; patterns are flat, so that is found by going through them again. */
static uint16_t build_sequence(Nfa *nfa, const PatternNode *node, uint16_t next)
{
        g_autoptr(GPtrArray) children = g_ptr_array_new();

        for (PatternNode *child = node->child; child; child = child->next)
                g_ptr_array_add(children, child);
        for (guint i = children->len; i-- > 0 && !nfa->failed;)
                next = build(nfa, g_ptr_array_index(children, i), next);
        return next;
}

static uint16_t build_choice(Nfa *nfa, const PatternNode *node, uint16_t next)
{
        uint16_t state = build(nfa, node->child, next);

        for (const PatternNode *child = node->child->next; child && !nfa->failed; child = child->next)
                state = add_split(nfa, state, build(nfa, child, next));
        return state;
}

static uint16_t build(Nfa *nfa, const PatternNode *node, uint16_t next)
{
        nfa->failed |= ++nfa->n_steps > MAX_STEPS;
        if (nfa->failed)
                return 0;

        switch (node->kind) {
        case PATTERN_SET:
                nfa->failed |= node->properties != NULL;
                return nfa->failed ? 0 : build_set(nfa, node, next);
        case PATTERN_SEQUENCE:
                return build_sequence(nfa, node, next);
        case PATTERN_CHOICE:
                return build_choice(nfa, node, next);
        case PATTERN_REPEAT:
                return build_repeat(nfa, node, next);
        case PATTERN_GROUP:
                return build(nfa, node->child, next);
        case PATTERN_START:
                return add_state(nfa, (NfaState){ .kind = NFA_START, .first = next });
        case PATTERN_END:
                return add_state(nfa, (NfaState){ .kind = NFA_END, .first = next });
        default:
                nfa->failed = true;
                return 0;
        }
}

void nfa_build(Nfa *nfa, const PatternNode *pattern)
{
        nfa->n_states = 0;
        nfa->n_steps = 0;
        nfa->failed = false;
        nfa->start = build(nfa, pattern, add_state(nfa, (NfaState){ .kind = NFA_MATCH }));
}
