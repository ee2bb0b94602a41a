/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users by their names
 */
#pragma once

#include <sys/types.h>

/* Their name, or the number where this machine knows none. To be freed. */
char *user_format(uid_t uid);
