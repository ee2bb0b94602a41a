/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON: written piece by piece
 *
 * json-glib would be the library for it, but writes 18446744073709551615 as -1, infinity as inf.0, 0.1 as
 * 0.10000000000000001, and C1 controls as they are (measured on 1.6.6): not for values out of a
 * config, nor for a terminal. Here numbers are the shortest that read back the same, what is not visible is
 * escaped, and what JSON has no number for (.inf, -.inf, .nan) is a string.
 */
#pragma once

#include "daemon/model/document.h"

typedef enum JsonMode {
        JSON_OFF,
        JSON_SHORT,  /* one line */
        JSON_PRETTY, /* indented */
} JsonMode;

typedef struct Json Json;

Json *json_new(JsonMode mode);
Json *json_free(Json *json);
/* The text, without a newline at its end. Takes the writer. */
char *json_end(Json *json);

void json_open_object(Json *json);
void json_open_array(Json *json);
/* Closes the innermost object or array. */
void json_close(Json *json);

/* The key of the next value in an object. */
void json_add_key(Json *json, const char *key);
void json_add_null(Json *json);
void json_add_boolean(Json *json, bool value);
void json_add_integer(Json *json, int64_t value);
void json_add_unsigned(Json *json, uint64_t value);
void json_add_double(Json *json, double value);
/* NULL is written as null. */
void json_add_string(Json *json, const char *value);
void json_add_node(Json *json, const Node *node);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Json, json_free)
