/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scalars: text to null, boolean or number
 *
 * The YAML 1.2 core schema for plain scalars, and the two conversions that JSON shares with it. No text here
 * has to end in a NUL, no locale matters, and nothing is rounded silently: an integer that fits neither
 * int64_t nor uint64_t is out of range, and so is a float too big to be finite.
 */
#pragma once

#include "daemon/model/document.h"

typedef enum ScalarResult {
        SCALAR_VALID,
        SCALAR_INVALID,      /* the text is none */
        SCALAR_OUT_OF_RANGE, /* the text is one, too big to hold */
} ScalarResult;

/* A value of any kind up to NODE_STRING, which holds nothing here: the text itself is the value. */
typedef struct Scalar {
        NodeKind kind;
        union {
                bool boolean;
                int64_t integer;
                uint64_t unsigned_integer;
                double number;
        };
} Scalar;

/*
 * A decimal integer with an optional sign: NODE_INTEGER, or NODE_UNSIGNED where it is above that. "-0" is 0
 * and leading zeros count for nothing; formats that refuse them look first.
 */
ScalarResult scalar_parse_integer(const char *text, size_t length, Scalar *ret);
/* A decimal number with digits on at least one side of an optional point, an optional sign and exponent. */
ScalarResult scalar_parse_double(const char *text, size_t length, Scalar *ret);

/* The core schema's null, boolean, integer and float, each by itself. */
ScalarResult scalar_parse_null(const char *text, size_t length, Scalar *ret);
ScalarResult scalar_parse_boolean(const char *text, size_t length, Scalar *ret);
ScalarResult scalar_parse_core_integer(const char *text, size_t length, Scalar *ret);
ScalarResult scalar_parse_core_float(const char *text, size_t length, Scalar *ret);

/* What a plain scalar is in the core schema. Never SCALAR_INVALID: what is nothing else is a string. */
ScalarResult scalar_resolve(const char *text, size_t length, Scalar *ret);
