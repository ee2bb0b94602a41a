/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoding: what tests have to say of a decoder
 *
 * All go through decode(), as the daemon does, with the file name "file" and layer 3. separator may be NULL.
 */
#pragma once

#include "daemon/model/decode.h"

/* The document that the text must decode to, whatever it is; ends the test otherwise. */
Document *decoding_take(Format format, const char *separator, const char *text);
/* Holds the text to be what notation_parse() makes of the notation. */
void decoding_assert(Format format, const char *separator, const char *text, const char *notation);
/* Holds the text to be refused at that place, with a message that has part in it. */
void decoding_assert_refused(Format format, const char *separator, const char *text, FailureCode code,
                             uint32_t line, uint32_t column, const char *part);
/* Holds the node at a dotted path to stand there. */
void decoding_assert_place(const Document *document, const char *path, uint32_t line, uint32_t column);

/* The document that any bytes decode to, or NULL; if so, holds the failure to be one that can be sent and
 * shown. */
Document *decoding_try(Format format, const char *separator, const void *data, size_t length);
/* Holds a text, written from a document, to decode to that document. */
void decoding_assert_same(Format format, const char *separator, const GString *text,
                          const Document *document);
/* Holds two documents to be the same to the last place. */
void decoding_assert_identical(const Document *document, const Document *other);
