/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YAML guard: what libyaml would take too long over
 *
 * libyaml keeps no file out, and two kinds of them take it a time that grows with the square of their size:
 * minutes for 10 MiB, which no caller waits for. Each %TAG directive is compared with all before it. And a
 * run of white space inside a scalar leaves a buffer of its size, which is wiped anew at each later gap in
 * the scalar. No config has either in earnest, so they are refused before libyaml sees them.
 */
#pragma once

#include "daemon/model/failure.h"

#include <stddef.h>

Failure *yaml_guard(const char *text, size_t length, const char *file);
