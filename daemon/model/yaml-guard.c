/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YAML guard: what libyaml would take too long over
 *
 * Both checks look at bytes alone and know nothing of YAML's syntax, so they must be generous; and they are
 * quick: the first is one search for a rare string, the second looks at one byte in a thousand.
 */
#include "daemon/model/yaml-guard.h"

#include "daemon/model/decode-private.h"

#include <stdbool.h>
#include <string.h>

#define TAG_DIRECTIVE "%TAG"
#define MAX_TAG_DIRECTIVES 64U
/* Shorter runs of white space do no harm. */
#define SHORTEST_RUN 1024U
/* A run's bytes times the bytes behind it: libyaml wipes some 5e10 bytes a second. */
#define MAX_RUN_COST 100000000000U

/* True for what white space is made of in YAML 1.1, and by mistake for a few other characters. */
static bool is_blank(char c)
{
        switch ((unsigned char) c) {
        case ' ':
        case '\t':
        case '\n':
        case '\r':
        case 0xC2: /* U+0085 */
        case 0x85:
        case 0xE2: /* U+2028, U+2029 */
        case 0x80:
        case 0xA8:
        case 0xA9:
                return true;
        default:
                return false;
        }
}

static Failure *check_directives(const char *text, size_t length, const char *file)
{
        const char *end = text + length, *at = text;
        unsigned count = 0;
        Place place;

        for (; (at = memchr(at, '%', (size_t) (end - at))); at++) {
                /* Only a line can begin with one. */
                if ((at > text && !is_blank(at[-1])) || (size_t) (end - at) < strlen(TAG_DIRECTIVE) ||
                    memcmp(at, TAG_DIRECTIVE, strlen(TAG_DIRECTIVE)) != 0 || ++count <= MAX_TAG_DIRECTIVES)
                        continue;

                place = decode_place(text, (size_t) (at - text));
                return failure_new_at(FAILURE_TOO_LARGE, FAILURE_STAGE_PARSE, file, place.line, place.column,
                                      NULL, "there are more than %u %%TAG directives", MAX_TAG_DIRECTIVES);
        }
        return NULL;
}

static Failure *check_runs(const char *text, size_t length, const char *file)
{
        for (size_t at = SHORTEST_RUN; at < length; at += SHORTEST_RUN) {
                size_t start = at, end = at;
                Place place;

                if (!is_blank(text[at]))
                        continue;
                while (start > 0 && is_blank(text[start - 1]))
                        start--;
                while (end < length && is_blank(text[end]))
                        end++;
                if (end - start > SHORTEST_RUN && (uint64_t) (end - start) * (length - end) > MAX_RUN_COST) {
                        place = decode_place(text, start);
                        return failure_new_at(FAILURE_TOO_LARGE, FAILURE_STAGE_PARSE, file, place.line,
                                              place.column, NULL,
                                              "%zu bytes of white space begin here, with %zu bytes behind "
                                              "them: take them out",
                                              end - start, length - end);
                }
                at = MAX(at, end);
        }
        return NULL;
}

Failure *yaml_guard(const char *text, size_t length, const char *file)
{
        Failure *failure = check_directives(text, length, file);

        return failure ? failure : check_runs(text, length, file);
}
