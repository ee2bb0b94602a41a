/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/log.h"

#include <unistd.h>

#define DOMAIN "reconfd"

/* What others call their files, or say, makes up no line of its own. */
static char *make_line(const char *message)
{
        g_autofree char *valid = g_utf8_make_valid(message, -1);
        GString *line = g_string_new(NULL);

        for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);

                g_string_append_unichar(line, g_unichar_isprint(c) ? c : 0xfffd);
        }
        return g_string_free(line, FALSE);
}

void log_fields(GLogLevelFlags level, const char *message, const GLogField *others, size_t n_others)
{
        g_autofree char *line = make_line(message);
        g_autofree GLogField *fields = g_new(GLogField, 4 + n_others);
        size_t count = 0;

        fields[count++] = (GLogField){ "GLIB_DOMAIN", DOMAIN, -1 };
        fields[count++] = (GLogField){ "SYSLOG_IDENTIFIER", DOMAIN, -1 };
        fields[count++] = (GLogField){ "MESSAGE", line, -1 };
        /* syslog's priorities, which are what the journal knows. */
        fields[count++] = (GLogField){ "PRIORITY",
                                       level & G_LOG_LEVEL_CRITICAL  ? "3"
                                       : level & G_LOG_LEVEL_WARNING ? "4"
                                       : level & G_LOG_LEVEL_MESSAGE ? "5"
                                                                     : "6",
                                       -1 };
        for (size_t i = 0; i < n_others; i++)
                fields[count++] = others[i];
        /* By itself GLib leaves out what only informs; a journal is where that belongs. */
        if (!g_log_writer_is_journald(STDERR_FILENO) ||
            g_log_writer_journald(level, fields, count, NULL) != G_LOG_WRITER_HANDLED)
                g_log_structured_array(level, fields, count);
}

static void write_record(GLogLevelFlags level, const char *config, const Failure *failure,
                         const char *message)
{
        GLogField fields[4];
        size_t count = 0;
        g_autofree char *line = NULL;

        if (config)
                fields[count++] = (GLogField){ "RECONF_CONFIG", config, -1 };
        if (failure) {
                const Problem *problem = g_ptr_array_index(failure->problems, 0);

                fields[count++] = (GLogField){ "RECONF_ERROR", failure_code_to_string(failure->code), -1 };
                fields[count++] = (GLogField){ "RECONF_FILE", problem->file, -1 };
                line = g_strdup_printf("%" G_GUINT32_FORMAT, problem->line);
                fields[count++] = (GLogField){ "RECONF_LINE", line, -1 };
        }
        log_fields(level, message, fields, count);
}

void log_config(GLogLevelFlags level, const char *config, const char *format, ...)
{
        g_autofree char *message = NULL;
        va_list arguments;

        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        write_record(level, config, NULL, message);
}

void log_failure(GLogLevelFlags level, const char *config, const Failure *failure, const char *format, ...)
{
        g_autofree char *what = NULL;
        g_autofree char *why = failure_format(failure);
        g_autofree char *message = NULL;
        va_list arguments;

        va_start(arguments, format);
        what = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        message = g_strconcat(what, ": ", why, NULL);
        write_record(level, config, failure, message);
}
