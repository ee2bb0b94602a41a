/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/code-set.h"

/* As ECMA-262 has them: digits and words are ASCII, white space is not. */
static const CodeRange digits[] = { { '0', '9' } };
static const CodeRange words[] = { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } };
static const CodeRange spaces[] = {
        { 0x09, 0x0D },     { 0x20, 0x20 },     { 0xA0, 0xA0 },     { 0x1680, 0x1680 }, { 0x2000, 0x200A },
        { 0x2028, 0x2029 }, { 0x202F, 0x202F }, { 0x205F, 0x205F }, { 0x3000, 0x3000 }, { 0xFEFF, 0xFEFF },
};

CodeSet *code_set_new(void)
{
        return g_array_new(FALSE, FALSE, sizeof(CodeRange));
}

void code_set_add(CodeSet *set, gunichar low, gunichar high)
{
        CodeRange range = { low, high };

        g_array_append_val(set, range);
}

static void add_class(CodeSet *set, char name)
{
        switch (name) {
        case 'd':
                g_array_append_vals(set, digits, G_N_ELEMENTS(digits));
                break;
        case 's':
                g_array_append_vals(set, spaces, G_N_ELEMENTS(spaces));
                break;
        default:
                g_array_append_vals(set, words, G_N_ELEMENTS(words));
                break;
        }
}

void code_set_add_class(CodeSet *set, char name)
{
        g_autoptr(GArray) others = NULL;

        if (g_ascii_islower(name)) {
                add_class(set, name);
                return;
        }
        others = code_set_new();
        add_class(others, g_ascii_tolower(name));
        code_set_normalize(others);
        code_set_invert(others);
        g_array_append_vals(set, others->data, others->len);
}

static int compare_ranges(const void *a, const void *b)
{
        const CodeRange *first = a, *second = b;

        return (first->low > second->low) - (first->low < second->low);
}

void code_set_normalize(CodeSet *set)
{
        guint kept = 0;

        g_array_sort(set, compare_ranges);
        for (guint i = 0; i < set->len; i++) {
                CodeRange range = g_array_index(set, CodeRange, i);
                CodeRange *last = kept > 0 ? &g_array_index(set, CodeRange, kept - 1) : NULL;

                if (last && range.low <= last->high + 1)
                        last->high = MAX(last->high, range.high);
                else
                        g_array_index(set, CodeRange, kept++) = range;
        }
        g_array_set_size(set, kept);
}

void code_set_invert(CodeSet *set)
{
        g_autoptr(GArray) others = code_set_new();
        gunichar next = 0;

        for (guint i = 0; i < set->len; i++) {
                CodeRange range = g_array_index(set, CodeRange, i);

                if (range.low > next)
                        code_set_add(others, next, range.low - 1);
                next = range.high + 1;
        }
        if (next <= CODE_MAX)
                code_set_add(others, next, CODE_MAX);
        g_array_set_size(set, 0);
        g_array_append_vals(set, others->data, others->len);
}
