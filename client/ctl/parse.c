/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/parse.h"

#include "client/ctl/ctl-error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool parse_version(const char *text, uint64_t *ret)
{
        guint64 version;

        if (g_str_equal(text, "active"))
                version = 0;
        else if (!g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, &version, NULL))
                return false;
        *ret = version;
        return true;
}

/* How much of the path ends with its last "..". */
static size_t length_through_parents(const char *path)
{
        size_t length = 0;

        for (const char *p = path; (p = strstr(p, "/..")); p += 3)
                if (p[3] == '/' || p[3] == '\0')
                        length = (size_t) (p - path) + 3;
        return length;
}

/* Takes out empty segments and ".". */
static char *tidy(const char *path)
{
        g_auto(GStrv) segments = g_strsplit(path, "/", -1);
        GString *out = g_string_new(NULL);

        for (char **segment = segments; *segment; segment++)
                if (**segment && !g_str_equal(*segment, "."))
                        g_string_append_printf(out, "/%s", *segment);
        if (out->len == 0)
                g_string_append_c(out, '/');
        return g_string_free(out, FALSE);
}

char *parse_file(const char *text, GError **error)
{
        g_autofree char *current = g_get_current_dir();
        g_autofree char *absolute = *text == '/' ? g_strdup(text) : g_strconcat(current, "/", text, NULL);
        g_autofree char *parents = NULL, *whole = NULL;
        size_t length;

        if (!*text) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "the name of a file is empty");
                return NULL;
        }

        length = length_through_parents(absolute);
        if (length > 0) {
                g_autofree char *head = g_strndup(absolute, length);
                char *real = realpath(head, NULL);

                if (!real) {
                        g_set_error(error, CTL_ERROR, CTL_EXIT_BAD_FILE, "%s: %s", head, g_strerror(errno));
                        return NULL;
                }
                parents = g_strdup(real);
                free(real);
        }
        whole = g_strconcat(parents ? parents : "", absolute + length, NULL);
        return tidy(whole);
}

char *parse_remote_file(const char *text, GError **error)
{
        if (*text == '/')
                return tidy(text);
        g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                    "a file of another machine takes its whole path, from / on, not '%s'", text);
        return NULL;
}
