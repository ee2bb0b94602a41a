/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access lists of files, as text: "u::rw,g::-,o::-,u:1234:r,m::r"
 */
#pragma once

#include <stdbool.h>
#include <sys/acl.h>

/* False where the file system has no lists. */
bool access_list_set(const char *path, acl_type_t type, const char *text);
