/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/reconf/path.h"

#include "client/lib/error-private.h"
#include "daemon/model/path.h"

#include <string.h>

/**
 * reconf_path_is_valid:
 * @path: what may be a dotted path
 * @error: return location for a #GError
 *
 * Checks a path. What is wrong with a malformed one is %RECONF_ERROR_INVALID_PATH.
 *
 * Returns: whether it is well-formed
 */
gboolean reconf_path_is_valid(const char *path, GError **error)
{
        g_autoptr(Path) parsed = NULL;
        Failure *failure;

        g_return_val_if_fail(path, FALSE);

        failure = path_parse(path, &parsed);
        if (failure)
                error_take_failure(error, failure);
        return !failure;
}

/**
 * reconf_path_append:
 * @path: a dotted path
 * @key: a key, or the index of an item in decimal
 *
 * Makes the path of a member of what is at @path, with quotes where the key needs them.
 *
 * Returns: (transfer full): the member's path
 */
char *reconf_path_append(const char *path, const char *key)
{
        GString *text;

        g_return_val_if_fail(path && key, NULL);

        text = g_string_new(path);
        path_append_dotted(text, key, strlen(key));
        return g_string_free(text, FALSE);
}

/**
 * reconf_path_split:
 * @path: a dotted path
 * @error: return location for a #GError
 *
 * Takes a path apart: its keys and indexes, without quotes. What is wrong with a malformed one is
 * %RECONF_ERROR_INVALID_PATH.
 *
 * Returns: (transfer full) (array zero-terminated=1): the segments, none for the whole document; %NULL where
 *   the path is malformed
 */
char **reconf_path_split(const char *path, GError **error)
{
        g_autoptr(Path) parsed = NULL;
        Failure *failure;
        char **segments;

        g_return_val_if_fail(path, NULL);

        failure = path_parse(path, &parsed);
        if (failure) {
                error_take_failure(error, failure);
                return NULL;
        }
        segments = g_new0(char *, path_length(parsed) + 1);
        for (size_t i = 0; i < path_length(parsed); i++)
                segments[i] = g_strdup(path_segment(parsed, i, NULL));
        return segments;
}
