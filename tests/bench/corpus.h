/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Corpus: configs of any size to measure with
 *
 * The settings of a made-up service for many tenants, the same tree in YAML and in JSON: maps four levels
 * deep, lists, and scalars of all kinds, some quoted and some not. The same size and seed always make the
 * same bytes. One number in the middle is a counter that can be set without moving anything else: that is
 * the one key that changes.
 */
#pragma once

#include "daemon/model/decode.h"

typedef struct Corpus {
        char *text;
        size_t length;
        size_t counter; /* where its digits stand */
} Corpus;

/* At least size bytes, and at most a tenant more. format is FORMAT_YAML or FORMAT_JSON. */
Corpus *corpus_new(Format format, size_t size, uint32_t seed);
Corpus *corpus_free(Corpus *corpus);
/* Another value each time, for some hundred thousand times. */
void corpus_change(Corpus *corpus);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Corpus, corpus_free)
