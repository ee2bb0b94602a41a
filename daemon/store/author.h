/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authors: who asked for something
 *
 * The bus says which user and which process; the unit is looked up under the process's number, and is for
 * people.
 */
#pragma once

#include <sys/types.h>

/* Where nobody asked, uid is (uid_t) -1, pid 0 and unit NULL. */
typedef struct Author {
        uid_t uid;
        pid_t pid;
        char *unit;
} Author;
