/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/user-count.h"

UserCount *user_count_new(void)
{
        return g_hash_table_new(NULL, NULL);
}

UserCount *user_count_free(UserCount *count)
{
        g_clear_pointer(&count, g_hash_table_unref);
        return NULL;
}

unsigned user_count_get(const UserCount *count, uid_t uid)
{
        return GPOINTER_TO_UINT(g_hash_table_lookup((GHashTable *) count, GUINT_TO_POINTER(uid)));
}

void user_count_add(UserCount *count, uid_t uid)
{
        g_hash_table_insert(count, GUINT_TO_POINTER(uid), GUINT_TO_POINTER(user_count_get(count, uid) + 1));
}

void user_count_remove(UserCount *count, uid_t uid)
{
        unsigned left = user_count_get(count, uid) - 1;

        if (left == 0)
                g_hash_table_remove(count, GUINT_TO_POINTER(uid));
        else
                g_hash_table_insert(count, GUINT_TO_POINTER(uid), GUINT_TO_POINTER(left));
}
