/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replacing files in tests: what is expected of file_replace()
 *
 * Content is text, NULL for no file. Files that are created get mode 0640.
 */
#pragma once

#include "daemon/model/failure.h"

#include <sys/types.h>

void assert_replaced(const char *path, const char *expected, const char *content);
/* Refused, with that text in the message. */
void assert_kept(const char *path, const char *expected, const char *content, FailureCode code,
                 const char *message);
void assert_conflict(const char *path, const char *expected, const char *content);
mode_t mode_of(const char *path);
