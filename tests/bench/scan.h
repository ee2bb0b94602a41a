/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scan: what libyaml alone makes of the same bytes
 *
 * Reads all events of a YAML text and drops them: nobody who decodes YAML with libyaml can be faster.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* False where the text is no YAML. */
bool scan_yaml(const char *text, size_t length);
