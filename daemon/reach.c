/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/reach.h"

#include "daemon/access.h"
#include "daemon/file.h"
#include "daemon/identity.h"
#include "daemon/load.h"

#include <string.h>
#include <unistd.h>

static bool holds_active(const ReachQuestion *question)
{
        for (guint i = 0; question->files[i]; i++) {
                g_autoptr(GBytes) bytes = NULL;
                g_autoptr(Failure) failure = file_read(question->files[i], question->max_size, &bytes);
                Hash hash;

                if (i >= question->active->len ||
                    (failure && (i == 0 || failure->code != FAILURE_FILE_NOT_FOUND)))
                        return false;
                hash = load_hash(bytes);
                if (memcmp(&hash, &g_array_index(question->active, Hash, i), sizeof hash) != 0)
                        return false;
        }
        return true;
}

/* With his rights: what he could not open is not compared with anything. */
static bool could_read_active(const ReachQuestion *question)
{
        const Credentials *credentials = question->credentials;
        Identity identity;
        bool holds;

        if (!question->active)
                return false;
        if (credentials->uid == geteuid())
                return holds_active(question);
        if (identity_assume(credentials->uid, credentials->gid, credentials->groups, credentials->n_groups,
                            &identity) < 0)
                return false;
        holds = holds_active(question);
        identity_restore(&identity);
        return holds;
}

static bool could_write_all(const ReachQuestion *question)
{
        return access_is_allowed(question->credentials, question->files, ACCESS_WRITE) &&
               (!question->others ||
                access_is_allowed(question->credentials, question->others, ACCESS_WRITE));
}

Reach reach_find(const ReachQuestion *question)
{
        if (question->must_exist && access(question->files[0], F_OK) < 0)
                return REACH_NONE;
        if (!question->only_public && could_write_all(question))
                return REACH_ALL;
        if (!access_is_allowed(question->credentials, question->files, ACCESS_READ))
                return REACH_NONE;
        return !question->only_public && could_read_active(question) ? REACH_ACTIVE : REACH_PUBLIC;
}
