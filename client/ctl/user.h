/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users by their names
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Their name, or the number where this machine knows none, or they are another machine's. To be freed. */
char *user_format(uid_t uid, bool elsewhere);
