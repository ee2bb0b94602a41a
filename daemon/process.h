/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes: who somebody is, as the kernel says
 *
 * A pid is another process's as soon as the first has ended; a pidfd never is. Everything is read through a
 * pidfd, and only believed where the process still lives afterwards. What the kernel does not show (hidepid,
 * another pid namespace, no /proc) is unknown, which is no error.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* 15 bytes and a NUL, where each byte may have become three. */
#define PROCESS_NAME_SIZE 48

typedef struct ProcessFacts {
        char name[PROCESS_NAME_SIZE]; /* of the program, as in /proc/PID/comm, as UTF-8; "" where unknown */
        uint64_t start_time;          /* µs, realtime; 0 where unknown */
} ProcessFacts;

/*
 * Returns a pidfd, which becomes readable when the process ends; or negative errno, and no facts: -ESRCH
 * where there is no such process (any longer).
 */
int process_open(pid_t pid, ProcessFacts *ret);
