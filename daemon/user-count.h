/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * User counts: how many things of a kind each user has, for what is limited by user
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef GHashTable UserCount;

UserCount *user_count_new(void);
UserCount *user_count_free(UserCount *count);

unsigned user_count_get(const UserCount *count, uid_t uid);
void user_count_add(UserCount *count, uid_t uid);
void user_count_remove(UserCount *count, uid_t uid);
