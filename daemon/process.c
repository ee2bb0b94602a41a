/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/process.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

/* The field "starttime" of /proc/PID/stat, counted after the name, which may hold anything. */
#define START_TIME_AFTER_NAME 19

static bool read_text(int number, const char *name, char **ret)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", number, name);

        return g_file_get_contents(path, ret, NULL, NULL);
}

/* The process's number where /proc counts, which need not be where we live; 0 where it is not seen there. */
static int number_in_proc(int pidfd)
{
        g_autofree char *path = g_strdup_printf("/proc/self/fdinfo/%d", pidfd);
        g_autofree char *text = NULL;
        const char *line;

        if (!g_file_get_contents(path, &text, NULL, NULL))
                return 0;
        line = strstr(text, "\nPid:");
        return line ? MAX(atoi(line + strlen("\nPid:")), 0) : 0;
}

static int64_t clock_usec(clockid_t clock)
{
        struct timespec now = { 0 };

        (void) clock_gettime(clock, &now);
        return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* The kernel counts from the boot; µs, realtime, or 0. */
static uint64_t parse_start_time(const char *stat)
{
        const char *field = strrchr(stat, ')');
        int64_t ticks, usec;

        for (unsigned i = 0; i < START_TIME_AFTER_NAME + 1 && field; i++)
                field = strchr(field + 1, ' ');
        if (!field)
                return 0;
        ticks = g_ascii_strtoll(field, NULL, 10);
        usec = ticks * G_USEC_PER_SEC / sysconf(_SC_CLK_TCK);
        return (uint64_t) MAX(clock_usec(CLOCK_REALTIME) - clock_usec(CLOCK_BOOTTIME) + usec, 1);
}

static void read_facts(int pidfd, ProcessFacts *facts)
{
        int number = number_in_proc(pidfd);
        g_autofree char *name = NULL, *stat = NULL, *valid = NULL;
        size_t length;

        if (number == 0 || !read_text(number, "comm", &name) || !read_text(number, "stat", &stat))
                return;

        length = strlen(name);
        if (length > 0 && name[length - 1] == '\n')
                name[length - 1] = '\0';
        valid = g_utf8_make_valid(name, -1);
        (void) g_strlcpy(facts->name, valid, sizeof facts->name);
        facts->start_time = parse_start_time(stat);
}

/* Where it does, its number has not been given to another yet. */
static bool lives(int pidfd)
{
        struct pollfd look = { .fd = pidfd, .events = POLLIN };

        return poll(&look, 1, 0) == 0;
}

int process_open(pid_t pid, ProcessFacts *ret)
{
        int pidfd;

        *ret = (ProcessFacts){ 0 };
        if (pid <= 0)
                return -ESRCH;
        pidfd = pidfd_open(pid, 0);
        if (pidfd < 0)
                return -errno;

        read_facts(pidfd, ret);
        if (!lives(pidfd)) {
                close(pidfd);
                *ret = (ProcessFacts){ 0 };
                return -ESRCH;
        }
        return pidfd;
}
