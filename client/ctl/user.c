/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/user.h"

#include <glib.h>
#include <pwd.h>

char *user_format(uid_t uid, bool elsewhere)
{
        const struct passwd *user = elsewhere ? NULL : getpwuid(uid);

        return user ? g_strdup(user->pw_name) : g_strdup_printf("%u", (unsigned) uid);
}
