/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Patterns: an automaton finds what GRegex finds
 *
 * The pattern is the first line, the text all that follows.
 */
#include "daemon/model/schema/pattern.h"
#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <string.h>

static Pattern *compile(const char *text, uint64_t work)
{
        g_autofree char *message = NULL;
        Pattern *pattern = pattern_new(text, &work, &message);

        g_assert_cmpint(pattern == NULL, ==, message != NULL);
        return pattern;
}

static void try_pattern(const char *text, const char *subject)
{
        Pattern *pattern = compile(text, 10000000), *slow = compile(text, 0);
        PatternResult found, expected;

        /* Some that GRegex finds too large can be automata. */
        if (pattern && slow && pattern_is_linear(pattern)) {
                found = pattern_match(pattern, subject, strlen(subject));
                expected = pattern_match(slow, subject, strlen(subject));
                g_assert_cmpint(found, !=, PATTERN_GAVE_UP);
                if (expected != PATTERN_GAVE_UP)
                        g_assert_cmpint(found, ==, expected);
        }
        pattern_free(pattern);
        pattern_free(slow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *text = g_strndup((const char *) data, size);
        char *end = strchr(text, '\n');
        const char *subject = end ? end + 1 : "";

        if (end)
                *end = '\0';
        if (g_utf8_validate(text, -1, NULL) && g_utf8_validate(subject, -1, NULL))
                try_pattern(text, subject);
        return 0;
}
