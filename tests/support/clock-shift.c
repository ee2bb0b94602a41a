/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clock shift: a wall clock that a test sets, for one process
 *
 * Preloaded into a program, it adds to the real time what stands in the file named by
 * RECONF_TEST_CLOCK_SHIFT, a number of seconds in 8 bytes, whenever the program asks. All other clocks are
 * the kernel's.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *ret);
int gettimeofday(struct timeval *restrict ret, void *restrict zone);
time_t time(time_t *ret);

static int64_t shift(void)
{
        const char *path = getenv("RECONF_TEST_CLOCK_SHIFT");
        int64_t seconds = 0;
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

        if (fd < 0)
                return 0;
        if (read(fd, &seconds, sizeof seconds) != sizeof seconds)
                seconds = 0;
        (void) close(fd);
        return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
        int r = (int) syscall(SYS_clock_gettime, clock, ret);

        if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                ret->tv_sec += shift();
        return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
        struct timespec now;

        if (clock_gettime(CLOCK_REALTIME, &now) < 0)
                return -1;
        *ret = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
        return 0;
}

time_t time(time_t *ret)
{
        struct timespec now = { 0 };

        (void) clock_gettime(CLOCK_REALTIME, &now);
        if (ret)
                *ret = now.tv_sec;
        return now.tv_sec;
}
