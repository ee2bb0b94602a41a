/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers: arithmetic on nodes as JSON Schema means it
 *
 * JSON has one sort of number, so 1 and 1.0 are equal, and both are integers. Nothing is rounded on the way:
 * integers are not compared as doubles, and a multiple is one of the decimal fraction that was written (0.3
 * is a multiple of 0.1). A NaN is a number that has no order with any other.
 */
#pragma once

#include "daemon/model/document.h"

/* What number_compare returns where there is no order. */
#define NUMBER_UNORDERED 2

bool number_is(const Node *node);
/* True also for doubles without a fraction. */
bool number_is_integer(const Node *node);
/* -1, 0 or 1 as a is below, equal to or above b; NUMBER_UNORDERED. Both must be numbers. */
int number_compare(const Node *a, const Node *b);
/* True if value is divisor times an integer; divisor is above 0. */
bool number_is_multiple(const Node *value, const Node *divisor);
/* As it is written in JSON. */
char *number_format(const Node *node);
