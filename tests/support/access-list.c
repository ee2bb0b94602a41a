/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/access-list.h"

#include <errno.h>
#include <glib.h>

bool access_list_set(const char *path, acl_type_t type, const char *text)
{
        acl_t list = acl_from_text(text);
        int r;

        g_assert_nonnull(list);
        r = acl_set_file(path, type, list);
        acl_free(list);
        if (r < 0 && errno == EOPNOTSUPP)
                return false;
        g_assert_cmpint(r, ==, 0);
        return true;
}
