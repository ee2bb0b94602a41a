/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/program.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

Failure *program_new(const Author *author, const Credentials *credentials, Program **ret)
{
        g_autoptr(Program) program = g_new(Program, 1);

        *program = (Program){
                .references = 1,
                .pid = author->pid,
                .uid = author->uid,
                .unit = g_strdup(author->unit),
                .credentials = credentials ? credentials_copy(credentials) : NULL,
        };
        program->pidfd = process_open(author->pid, &program->facts);
        if (program->pidfd == -EMFILE || program->pidfd == -ENFILE)
                return failure_new(FAILURE_LIMIT_EXCEEDED, "no descriptors are left to watch process %d",
                                   (int) author->pid);
        *ret = g_steal_pointer(&program);
        return NULL;
}

Program *program_ref(Program *program)
{
        program->references++;
        return program;
}

Program *program_unref(Program *program)
{
        if (!program || --program->references > 0)
                return NULL;

        peer_release(&program->hold);
        sd_event_source_disable_unref(program->end);
        if (program->pidfd >= 0)
                close(program->pidfd);
        credentials_free(program->credentials);
        g_free(program->unit);
        g_free(program);
        return NULL;
}

static void tell_end(Program *program)
{
        g_autoptr(Program) kept = program_ref(program);
        ProgramEnded ended = program->ended;

        /* Of process and connection, the other may end before the last reference is gone. */
        program->ended = NULL;
        if (ended)
                ended(kept, kept->userdata);
}

static void on_left(PeerHold *hold)
{
        tell_end((Program *) hold);
}

static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        /* It stays readable. */
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        tell_end(userdata);
        return 0;
}

int program_watch(Program *program, const char *client, Peers *peers, sd_event *event, ProgramEnded ended,
                  void *userdata)
{
        int r = 0;

        program->ended = ended;
        program->userdata = userdata;
        if (program->pidfd >= 0)
                r = sd_event_add_io(event, &program->end, program->pidfd, EPOLLIN, on_end, program);
        if (r >= 0 && client)
                peers_hold(peers, client, &program->hold, on_left);
        return r;
}
