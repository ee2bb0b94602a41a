/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Evaluated: which members of a map, or items of a list, some rule has had a look at
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values of usual size need no memory. */
#define EVALUATED_USUAL_WORDS 4U

typedef struct Evaluated {
        size_t length;
        uint64_t usual[EVALUATED_USUAL_WORDS];
        uint64_t *words;
} Evaluated;

void evaluated_init(Evaluated *evaluated, size_t length);
void evaluated_clear(Evaluated *evaluated);
void evaluated_add(Evaluated *evaluated, size_t index);
void evaluated_add_all(Evaluated *evaluated);
/* Adds all of another one, of the same value. */
void evaluated_join(Evaluated *evaluated, const Evaluated *other);
bool evaluated_has(const Evaluated *evaluated, size_t index);
