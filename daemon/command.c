/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/command.h"

#include "daemon/command-private.h"
#include "daemon/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

const char *const command_environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=C.UTF-8",
        NULL,
};

static void close_one(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

/* One end to read for us, without blocking, and one to write, which the command may also open anew by its
 * name. */
static int open_pipe(const Command *command, int *ret_ours, int *ret_theirs)
{
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        *ret_ours = fds[0];
        *ret_theirs = fds[1];
        if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ||
            (geteuid() == 0 && fchown(fds[1], command->uid, command->gid) < 0))
                return -errno;
        return 0;
}

int streams_open(Streams *streams, const Command *command, CommandResult *result)
{
        int r;

        *result = (CommandResult){ .output = g_byte_array_new(), .errors = g_byte_array_new() };
        *streams = (Streams){
                .theirs = { -1, -1, -1 },
                .ours = { -1, -1 },
                .result = result,
                .max = { command->max_output, command->max_errors },
        };

        /* All of it is there from the start: nobody has to feed a pipe, and nobody can be kept waiting by
         * one. */
        streams->theirs[0] = command->input ? memfd_new_sealed("input", command->input)
                                            : open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (streams->theirs[0] < 0)
                return command->input ? streams->theirs[0] : -errno;
        if (command->input && lseek(streams->theirs[0], 0, SEEK_SET) < 0)
                return -errno;
        r = open_pipe(command, &streams->ours[0], &streams->theirs[1]);
        if (r < 0)
                return r;
        if (!command->merged)
                return open_pipe(command, &streams->ours[1], &streams->theirs[2]);
        streams->theirs[2] = fcntl(streams->theirs[1], F_DUPFD_CLOEXEC, 0);
        return streams->theirs[2] < 0 ? -errno : 0;
}

void streams_close_theirs(Streams *streams)
{
        for (size_t i = 0; i < G_N_ELEMENTS(streams->theirs); i++)
                close_one(&streams->theirs[i]);
}

void streams_close(Streams *streams)
{
        streams_close_theirs(streams);
        for (size_t i = 0; i < G_N_ELEMENTS(streams->ours); i++)
                close_one(&streams->ours[i]);
}

void streams_poll(const Streams *streams, struct pollfd fds[static 2])
{
        for (size_t i = 0; i < G_N_ELEMENTS(streams->ours); i++)
                fds[i] = (struct pollfd){ .fd = streams->ours[i], .events = POLLIN };
}

/* False if there is more than max. */
static bool read_stream(int *fd, GByteArray *bytes, size_t max)
{
        uint8_t buffer[16 * 1024];

        while (*fd >= 0) {
                ssize_t n = read(*fd, buffer, sizeof buffer);
                size_t room;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return true;
                if (n <= 0) {
                        close_one(fd);
                        return true;
                }
                room = max - bytes->len;
                g_byte_array_append(bytes, buffer, (guint) MIN((size_t) n, room));
                if ((size_t) n > room)
                        return false;
        }
        return true;
}

bool streams_read(Streams *streams)
{
        bool fits = read_stream(&streams->ours[0], streams->result->output, streams->max[0]);

        return read_stream(&streams->ours[1], streams->result->errors, streams->max[1]) && fits;
}

bool command_is_over(const Command *command, uint64_t deadline, CommandResult *result)
{
        if (command->cancelled && g_atomic_int_get(command->cancelled))
                result->end = COMMAND_CANCELLED;
        else if ((uint64_t) g_get_monotonic_time() >= deadline)
                result->end = COMMAND_TIMED_OUT;
        else
                return false;
        return true;
}

void command_run(const Command *command, CommandResult *ret)
{
        if (!command_run_service(command, ret))
                command_run_child(command, ret);
}

void command_result_clear(CommandResult *result)
{
        g_clear_pointer(&result->output, g_byte_array_unref);
        g_clear_pointer(&result->errors, g_byte_array_unref);
}

bool command_result_is_good(const CommandResult *result)
{
        return result->end == COMMAND_EXITED && result->status == 0;
}

char *command_describe(const Command *command, const CommandResult *result)
{
        const char *program = command->words[0];

        switch (result->end) {
        case COMMAND_EXITED:
                return g_strdup_printf("%s exited with status %d", program, result->status);
        case COMMAND_KILLED:
                return g_strdup_printf("%s was killed by signal %d (%s)", program, result->status,
                                       sigdescr_np(result->status) ?: "unknown");
        case COMMAND_TIMED_OUT:
                return g_strdup_printf("%s took longer than it may (TimeoutSec=) and was killed", program);
        case COMMAND_FLOODED:
                return g_strdup_printf("%s wrote more than it may (%zu bytes, %zu to standard error) and "
                                       "was killed",
                                       program, command->max_output,
                                       command->merged ? command->max_output : command->max_errors);
        case COMMAND_CANCELLED:
                return g_strdup_printf("%s was killed, for its answer is no longer wanted", program);
        default:
                return g_strdup_printf("%s cannot be run: %s", program, g_strerror(result->status));
        }
}
