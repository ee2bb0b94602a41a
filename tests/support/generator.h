/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Generator: documents out of any bytes
 *
 * Each byte is a decision, so that a fuzzer that flips one changes one thing, and the same bytes always make
 * the same document. Bytes that ran out count as zeros, which end what is open. Keys are drawn from a few
 * awkward ones, so that they meet; sizes cross the widths of a snapshot's offsets now and then.
 */
#pragma once

#include "daemon/model/document.h"

typedef struct Generator {
        const uint8_t *data;
        size_t length;
        unsigned n_large; /* long strings that may still come */
} Generator;

/* data is borrowed. */
void generator_init(Generator *generator, const void *data, size_t length);
Document *generator_document(Generator *generator);
/* A document like the other one, but for members that went, came or became something else. */
Document *generator_variation(Generator *generator, Document *document);
