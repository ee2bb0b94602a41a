/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoders: the bytes of a file to a document
 *
 * One function for all formats; each format has a file of its own behind it. Whatever the bytes are, the
 * answer is a document within the limits or a failure with its place. Takes no locks and touches nothing
 * shared: any thread may call it.
 */
#pragma once

#include "daemon/model/document.h"
#include "daemon/model/failure.h"

typedef enum Format {
        FORMAT_NONE,
        FORMAT_YAML,
        FORMAT_JSON,
        FORMAT_ENV,
        FORMAT_INI,
        N_FORMATS,
} Format;

/* What aliases may expand to in one YAML file. */
#define DECODE_MAX_ALIAS_NODES 100000U
#define DECODE_MAX_ALIAS_BYTES (40U * 1024 * 1024)

/* "yaml", "json", "env", "ini" and back; FORMAT_NONE for any other name. */
Format format_from_string(const char *name);
const char *format_to_string(Format format);
/* What the file's name tells: .yaml .yml .json .env .env.* .ini; FORMAT_NONE where it tells nothing. */
Format format_from_file(const char *file);

/*
 * Decodes the bytes of one file. file is what failures name, layer what nodes carry. separator nests the
 * keys of a file in ENV form (with "__", A__B=1 is a.b) and may be NULL.
 */
Failure *decode(Format format, const char *file, unsigned layer, const char *data, size_t length,
                const char *separator, Document **ret);
