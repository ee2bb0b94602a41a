/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YAML failures: what libyaml complains of, for people
 *
 * libyaml says what it was doing and what it did not expect, in terms of its grammar. The commonest
 * complaints are put into words that say what to do; the others are passed on. None quotes the file.
 */
#include "daemon/model/yaml-failure.h"

#include "daemon/model/decode-private.h"

#include <string.h>

static Place place_of(yaml_mark_t mark)
{
        return (Place){ (uint32_t) mark.line + 1, (uint32_t) mark.column + 1 };
}

/* What libyaml says of the commonest mistakes, in words for whoever made them. */
static const char *reword(const char *problem)
{
        static const struct {
                const char *problem, *message;
        } words[] = {
                { "mapping values are not allowed in this context",
                  "there cannot be a key here: check the indentation, and put a value that holds ': ' in "
                  "quotes" },
                { "could not find expected ':'", "expected a ':' behind this key" },
                { "did not find expected key",
                  "expected a key here: check the indentation and the quotes before it" },
                { "did not find expected '-' indicator", "expected a '-' here: check the indentation" },
                { "found character that cannot start any token",
                  "a value cannot begin with this character: put it in quotes, and indent with spaces, not "
                  "tabs" },
                { "found a tab character that violates indentation", "indent with spaces, not tabs" },
                { "control characters are not allowed",
                  "there is a control character here: in double quotes, write it as \\x and two digits" },
                { "found unexpected end of stream", "the text in quotes does not end" },
                { "did not find expected <document start>",
                  "expected the end of the file: there can be one document only" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (strcmp(words[i].problem, problem) == 0)
                        return words[i].message;
        return problem;
}

/* True for what is wrong where it begins, and noticed lines later or at the end of the file. */
static bool is_noticed_late(const char *problem)
{
        return strcmp(problem, "could not find expected ':'") == 0 ||
               strcmp(problem, "found unexpected end of stream") == 0;
}

Failure *yaml_failure_new(const yaml_parser_t *parser, const char *text, const char *file)
{
        Place place = place_of(parser->problem_mark), start = place_of(parser->context_mark);

        if (parser->error == YAML_MEMORY_ERROR)
                return failure_new_at(FAILURE_TOO_LARGE, FAILURE_STAGE_PARSE, file, 0, 0, NULL,
                                      "there is not enough memory to parse the file");
        if (parser->error == YAML_READER_ERROR) {
                place = decode_place(text, parser->problem_offset);
                return failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, file, place.line,
                                      place.column, NULL, "%s", reword(parser->problem));
        }

        if (is_noticed_late(parser->problem))
                place = start;
        if (!parser->context || start.line == place.line)
                return failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, file, place.line,
                                      place.column, NULL, "%s", reword(parser->problem));
        return failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, file, place.line, place.column,
                              NULL, "%s (%s that begins in line %" G_GUINT32_FORMAT ")",
                              reword(parser->problem), parser->context, start.line);
}
