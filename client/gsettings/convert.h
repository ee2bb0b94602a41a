/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Converting: values of a document as those of settings
 *
 * A document has one type of integers where GSettings has six, lists of anything where it has arrays and
 * tuples, and no others. What type the key is of is known, so each value is made one of that:
 *
 *   integer           y, n, q, i, u, x, t where it is in their range; d
 *   other number      d
 *   boolean           b
 *   string            s, and so enums; o and g where it is one
 *   list              arrays, and so flags; tuples of as many items
 *   map               a{sv}, a{ss} and other dictionaries
 *   null              nothing, of a maybe type
 *   any               just that, of a maybe type; v
 *
 * In a v, what it holds has the types that GVariant text would give it: i for an integer that is not too
 * large for that, as, ai and so on for a list of items that are alike.
 *
 * A string that does not fit as it is, is read as GVariant text, which is what `gsettings set` takes: INI
 * and ENV files hold nothing but strings, and what YAML cannot write can be written so.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* A new value of that type, which is a definite one; NULL where what the document has does not fit. */
GVariant *convert_value(GVariant *value, const GVariantType *type);

/* Whether it is a document's null. */
bool convert_is_null(GVariant *value);

/* What kind of value of a document's this is, with its article. */
const char *convert_describe(GVariant *value);
