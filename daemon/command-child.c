/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands as children
 *
 * Between the daemon and the command stands a supervisor, a fork of the daemon that keeps its rights and
 * nothing else. Whatever the command starts, and be it a daemon of its own, becomes the supervisor's child
 * once its parents are gone, so that all of it can be found and killed: when the command ends, when the
 * daemon closes its end of a pipe, or when the daemon is no more.
 *
 * The daemon has other threads, so what runs after fork() makes system calls and touches its own stack,
 * nothing else.
 */
#include "daemon/command-private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long a supervisor may take to kill everybody. */
#define GRACE_USEC G_USEC_PER_SEC
/* Where the supervisor has its ends of the pipes, next to the command's streams. */
#define RECORD_FD 3
#define LIFE_FD 4
#define FIRST_FREE_FD 5
#define N_FDS FIRST_FREE_FD

/* What the supervisor has to say of the command. */
typedef struct Record {
        int32_t end; /* CommandEnd */
        int32_t status;
} Record;

/* What the supervisor is given. */
typedef struct Plan {
        char *const *words;
        int fds[N_FDS];
        bool drop; /* the daemon is root: become somebody else */
        uid_t uid;
        gid_t gid;
        rlim_t cpu_sec;
        const char *directory, *file; /* to be removed; or NULL */
} Plan;

static void tell(CommandEnd end, int status)
{
        Record record = { .end = end, .status = status };
        ssize_t n;

        do
                n = write(RECORD_FD, &record, sizeof record);
        while (n < 0 && errno == EINTR);
}

static G_NORETURN void give_up(void)
{
        tell(COMMAND_NOT_STARTED, errno);
        _exit(EXIT_FAILURE);
}

static bool limit(int resource, rlim_t most)
{
        struct rlimit present, wanted = { most, most };

        if (getrlimit(resource, &present) < 0)
                return false;
        /* Whoever has less already keeps less. */
        if (present.rlim_max < most)
                wanted = (struct rlimit){ present.rlim_max, present.rlim_max };
        return setrlimit(resource, &wanted) >= 0;
}

static bool drop_privileges(const Plan *plan)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct nothing[_LINUX_CAPABILITY_U32S_3] = { 0 };

        if (plan->drop && (setgroups(0, NULL) < 0 || setresgid(plan->gid, plan->gid, plan->gid) < 0 ||
                           setresuid(plan->uid, plan->uid, plan->uid) < 0))
                return false;
        /* Together these hold for root, too: what execve() would give comes out of what there is. */
        return syscall(SYS_capset, &header, nothing) >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) >= 0;
}

static void reset_signals(void)
{
        sigset_t none;

        for (int number = 1; number < NSIG; number++)
                (void) signal(number, SIG_DFL);
        sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

static G_NORETURN void run_command(const Plan *plan, pid_t supervisor)
{
        close(LIFE_FD);
        if (fcntl(RECORD_FD, F_SETFD, FD_CLOEXEC) < 0 || setsid() < 0 || chdir("/") < 0 ||
            !limit(RLIMIT_CPU, plan->cpu_sec) || !limit(RLIMIT_FSIZE, COMMAND_MAX_FILE_SIZE) ||
            !limit(RLIMIT_NOFILE, COMMAND_MAX_FILES) || !limit(RLIMIT_CORE, 0) ||
            !limit(RLIMIT_AS, COMMAND_MAX_MEMORY) || !drop_privileges(plan))
                give_up();
        umask(077);
        /* After the change of user, which resets it. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
                give_up();
        if (getppid() != supervisor)
                _exit(EXIT_FAILURE);
        reset_signals();
        execve(plan->words[0], plan->words, (char *const *) command_environment);
        give_up();
}

/* False where the kernel does not tell who the children are. */
static bool kill_children(void)
{
        char list[4096];
        int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? -1 : read(fd, list, sizeof list);
        pid_t pid = 0;

        if (fd >= 0)
                close(fd);
        if (length < 0)
                return false;
        /* A number that the buffer cuts short has no space behind it; the next look finds it. */
        for (ssize_t i = 0; i < length; i++) {
                if (list[i] != ' ') {
                        pid = 10 * pid + (list[i] - '0');
                        continue;
                }
                (void) kill(pid, SIGKILL);
                pid = 0;
        }
        return true;
}

/* Ends all that has come of the command, which was not waited for yet: its number is nobody else's. */
static void kill_all(pid_t command)
{
        pid_t ended;

        (void) kill(-command, SIGKILL);
        (void) kill(command, SIGKILL);
        do {
                int flags = kill_children() ? 0 : WNOHANG;

                ended = waitpid(-1, NULL, flags);
        } while (ended > 0 || (ended < 0 && errno == EINTR));
}

static bool wait_for_end(pid_t command)
{
        struct pollfd fds[] = {
                { .fd = LIFE_FD, .events = POLLIN },
                { .fd = pidfd_open(command, 0), .events = POLLIN },
        };
        int r;

        if (fds[1].fd < 0) {
                tell(COMMAND_NOT_STARTED, errno);
                return false;
        }
        do
                r = poll(fds, G_N_ELEMENTS(fds), -1);
        while (r < 0 && errno == EINTR);
        return r > 0 && fds[0].revents == 0;
}

static G_NORETURN void supervise(const Plan *plan)
{
        int copies[N_FDS], directory = -1;
        siginfo_t info = { 0 };
        sigset_t all;
        pid_t self = getpid(), command;
        bool ended;

        sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);
        /* Out of the way first: what is to be at 0 may be at 1. */
        for (int i = 0; i < N_FDS; i++)
                copies[i] = fcntl(plan->fds[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        for (int i = 0; i < N_FDS; i++)
                if (copies[i] < 0 || dup2(copies[i], i) < 0)
                        _exit(EXIT_FAILURE);
        if (close_range(FIRST_FREE_FD, ~0U, 0) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
                give_up();

        /* Before it is somebody else's, who might put another in its place. */
        if (plan->directory)
                directory = open(plan->directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        command = fork();
        if (command < 0)
                give_up();
        if (command == 0)
                run_command(plan, self);
        (void) close_range(0, 2, 0);
        ended = wait_for_end(command) && waitid(P_PID, (id_t) command, &info, WEXITED | WNOWAIT) >= 0;
        kill_all(command);
        /* Who waits for the command cleans up himself, but he may have been killed. */
        if (!ended && directory >= 0) {
                (void) unlinkat(directory, plan->file, 0);
                (void) rmdir(plan->directory);
        }
        if (ended)
                tell(info.si_code == CLD_EXITED ? COMMAND_EXITED : COMMAND_KILLED, info.si_status);
        _exit(EXIT_SUCCESS);
}

/* The parent's side. */
typedef struct Child {
        pid_t supervisor;
        int record; /* to read */
        int life;   /* whose closing ends it */
} Child;

static int start(const Command *command, const Streams *streams, Child *ret)
{
        int record[2], life[2], r = 0;
        Plan plan;

        if (pipe2(record, O_CLOEXEC) < 0)
                return -errno;
        if (pipe2(life, O_CLOEXEC) < 0) {
                r = -errno;
                close(record[0]);
                close(record[1]);
                return r;
        }

        plan = (Plan){
                .words = command->words,
                .fds = { streams->theirs[0], streams->theirs[1], streams->theirs[2], record[1], life[0] },
                .drop = geteuid() == 0,
                .uid = command->uid,
                .gid = command->gid,
                .cpu_sec = command->timeout_usec / G_USEC_PER_SEC + 1,
                .directory = command->directory,
                .file = command->file,
        };
        *ret = (Child){ .supervisor = fork(), .record = record[0], .life = life[1] };
        if (ret->supervisor == 0)
                supervise(&plan);
        if (ret->supervisor < 0) {
                r = -errno;
                close(record[0]);
                close(life[1]);
        }
        close(record[1]);
        close(life[0]);
        return r;
}

/* The supervisor has said its last word, or ended without one. */
static void read_record(const Child *child, CommandResult *result)
{
        Record record;
        ssize_t n;

        do
                n = read(child->record, &record, sizeof record);
        while (n < 0 && errno == EINTR);
        if (n == (ssize_t) sizeof record) {
                result->end = (CommandEnd) record.end;
                result->status = record.status;
        } else {
                result->end = COMMAND_KILLED;
                result->status = SIGKILL;
        }
}

/* Until the command has ended, or has to. */
static void attend(const Command *command, const Child *child, Streams *streams)
{
        uint64_t deadline = (uint64_t) g_get_monotonic_time() + command->timeout_usec;
        CommandResult *result = streams->result;

        for (;;) {
                struct pollfd fds[3];

                streams_poll(streams, fds);
                fds[2] = (struct pollfd){ .fd = child->record, .events = POLLIN };
                (void) poll(fds, G_N_ELEMENTS(fds), COMMAND_TICK_MSEC);
                if (!streams_read(streams)) {
                        result->end = COMMAND_FLOODED;
                        return;
                }
                if (fds[2].revents != 0) {
                        /* Everybody is dead: what they wrote is there now. */
                        read_record(child, result);
                        if (!streams_read(streams))
                                result->end = COMMAND_FLOODED;
                        return;
                }
                if (command_is_over(command, deadline, result))
                        return;
        }
}

/* Everything that is still there is killed by the supervisor, which then ends. */
static void finish(const Child *child)
{
        uint64_t deadline = (uint64_t) g_get_monotonic_time() + GRACE_USEC;
        struct pollfd end = { .fd = child->record };

        close(child->life);
        while (waitpid(child->supervisor, NULL, WNOHANG) == 0) {
                if ((uint64_t) g_get_monotonic_time() >= deadline) {
                        (void) kill(child->supervisor, SIGKILL);
                        (void) waitpid(child->supervisor, NULL, 0);
                        break;
                }
                (void) poll(&end, 1, COMMAND_TICK_MSEC);
        }
        close(child->record);
}

void command_run_child(const Command *command, CommandResult *result)
{
        Streams streams;
        Child child = { 0 };
        int r = streams_open(&streams, command, result);

        if (r >= 0)
                r = start(command, &streams, &child);
        streams_close_theirs(&streams);
        if (r < 0) {
                result->end = COMMAND_NOT_STARTED;
                result->status = -r;
        } else {
                attend(command, &child, &streams);
                finish(&child);
        }
        streams_close(&streams);
}
