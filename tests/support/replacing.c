/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/replacing.h"

#include "daemon/file.h"
#include "tests/support/file-scene.h"

#include <string.h>
#include <sys/stat.h>

static Failure *replace(const char *path, const char *expected, const char *content)
{
        g_autoptr(GBytes) before = expected ? g_bytes_new(expected, strlen(expected)) : NULL;
        g_autoptr(GBytes) after = content ? g_bytes_new(content, strlen(content)) : NULL;

        return file_replace(path, before, after, 0640);
}

void assert_replaced(const char *path, const char *expected, const char *content)
{
        g_autoptr(Failure) failure = replace(path, expected, content);

        assert_success(failure);
        if (content)
                assert_content(path, content);
        else
                g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

void assert_kept(const char *path, const char *expected, const char *content, FailureCode code,
                 const char *message)
{
        g_autoptr(Failure) failure = replace(path, expected, content);

        assert_failure(failure, code, path, message);
        g_assert_cmpint(failure->stage, ==, FAILURE_STAGE_NONE);
}

void assert_conflict(const char *path, const char *expected, const char *content)
{
        assert_kept(path, expected, content, FAILURE_VERSION_CONFLICT, "changed by somebody else");
}

mode_t mode_of(const char *path)
{
        struct stat status;

        g_assert_cmpint(stat(path, &status), ==, 0);
        return status.st_mode & 07777;
}
