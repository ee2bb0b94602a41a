/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keywords: which there are, and where schemas stand in them
 */
#pragma once

#include "daemon/model/schema/compiler.h"

typedef enum KeywordHolds {
        HOLDS_NO_SCHEMA,
        HOLDS_SCHEMA,
        HOLDS_LIST,
        HOLDS_MAP,
} KeywordHolds;

typedef struct Keyword {
        const char *name;
        KeywordHolds holds;
        KeywordCompile compile; /* or NULL, where it asserts nothing by itself */
} Keyword;

/* NULL where a key is no keyword: then it means nothing. */
const Keyword *keyword_find(const char *name);
