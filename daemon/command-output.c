/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/command-output.h"

#include <string.h>

/* What programs call their standard input. */
static const char *const input_names[] = { "-", "<stdin>", "stdin", "/dev/stdin", NULL };

/* The output as clean text, with the config's own file in place of the copy. */
static char *clean(const CommandReport *report)
{
        g_autofree char *valid = g_utf8_make_valid((const char *) report->output->data ?: "",
                                                   (gssize) report->output->len);
        g_autoptr(GString) text = g_string_new(NULL);

        for (const char *place = valid; *place; place = g_utf8_next_char(place)) {
                gunichar character = g_utf8_get_char(place);

                if (character == '\r')
                        continue;
                if (g_unichar_iscntrl(character) && character != '\n' && character != '\t')
                        character = 0xFFFD;
                g_string_append_unichar(text, character);
        }
        if (report->copy)
                g_string_replace(text, report->copy, report->file, 0);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The number that a colon ends at *place, which then is behind the colon. */
static bool read_number(const char **place, uint32_t *ret)
{
        const char *digits = *place, *end = digits;
        g_autofree char *text = NULL;
        uint64_t number;

        while (g_ascii_isdigit(*end))
                end++;
        if (*end != ':')
                return false;
        text = g_strndup(digits, (gsize) (end - digits));
        if (!g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &number, NULL))
                return false;
        *ret = (uint32_t) number;
        *place = end + 1;
        return true;
}

/* The file that a line is about: the config's, any absolute one, or NULL. */
static char *name_file(const CommandReport *report, const char *name, size_t length)
{
        g_autofree char *given = g_strndup(name, length);
        g_autofree char *base = g_path_get_basename(report->file);

        if (g_str_equal(given, base) || g_strv_contains(input_names, given))
                return g_strdup(report->file);
        return *given == '/' ? g_steal_pointer(&given) : NULL;
}

/* False where the line says nothing of a place. */
static bool read_place(const CommandReport *report, const char *line, char **ret_file, uint32_t *ret_line,
                       uint32_t *ret_column, const char **ret_message)
{
        /* A file's name may have colons in it, too: the first that a number follows ends it. */
        for (const char *colon = strchr(line, ':'); colon; colon = strchr(colon + 1, ':')) {
                const char *rest = colon + 1;

                if (!read_number(&rest, ret_line))
                        continue;
                *ret_file = name_file(report, line, (size_t) (colon - line));
                if (!*ret_file)
                        return false;
                if (!read_number(&rest, ret_column))
                        *ret_column = 0;
                while (*rest == ' ' || *rest == '\t')
                        rest++;
                *ret_message = *rest ? rest : "is not accepted";
                return true;
        }
        return false;
}

static void add(Failure **failure, const CommandReport *report, const char *file, uint32_t line,
                uint32_t column, const char *message)
{
        if (*failure)
                failure_add_problem(*failure, file, line, column, NULL, "%s", message);
        else
                *failure = failure_new_at(report->code, report->stage, file, line, column, NULL, "%s",
                                          message);
}

Failure *command_report_to_failure(const CommandReport *report)
{
        g_autofree char *text = clean(report);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autoptr(GString) others = g_string_new(NULL);
        Failure *failure = NULL;
        guint room = COMMAND_MAX_PROBLEMS - 1;

        if (report->is_telling)
                add(&failure, report, report->file, 0, 0, report->summary);
        for (char **line = lines; *line; line++) {
                g_autofree char *file = NULL;
                const char *message;
                uint32_t number, column;

                if (!read_place(report, *line, &file, &number, &column, &message)) {
                        g_string_append(others, g_strchomp(*line));
                        g_string_append_c(others, '\n');
                } else if (!failure || failure->problems->len < room) {
                        add(&failure, report, file, number, column, message);
                }
        }
        if (*g_strchug(g_strchomp(others->str)))
                add(&failure, report, report->file, 0, 0, others->str);
        if (!failure)
                add(&failure, report, report->file, 0, 0, report->summary);
        return failure;
}
