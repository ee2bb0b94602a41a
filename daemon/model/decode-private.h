/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decoders behind decode()
 *
 * One function for each format, called by decode.c alone. The text they get is UTF-8 without NUL and without
 * a byte-order mark, its length within 32 bits, and it need not end in a NUL. Each feeds the builder one
 * map, root and all, from open to close, and leaves builder_end() to the caller. A failure names file (which
 * may be NULL) and carries FAILURE_STAGE_PARSE; lines and columns count from 1, columns in characters.
 */
#pragma once

#include "daemon/model/builder.h"
#include "daemon/model/failure.h"

Failure *decode_yaml(Builder *builder, const char *text, size_t length, const char *file);
Failure *decode_json(Builder *builder, const char *text, size_t length, const char *file);
/* separator nests keys; NULL or "" leaves them as they are. */
Failure *decode_env(Builder *builder, const char *text, size_t length, const char *file,
                    const char *separator);
Failure *decode_ini(Builder *builder, const char *text, size_t length, const char *file);

/* The place of a byte of the text: counts from the start, so it is for failures only. */
Place decode_place(const char *text, size_t offset);
