/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of commands: how they end, what they get, what they may, and that nothing of them stays
 */
#include "daemon/command-private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIB 1024U
/* Long: reached only by what is to be stopped sooner. */
#define LONG_USEC (60 * G_USEC_PER_SEC)

static Command shell(const char *script, char **words)
{
        words[0] = (char *) "/bin/sh";
        words[1] = (char *) "-c";
        words[2] = (char *) script;
        words[3] = NULL;
        return (Command){
                .words = words,
                .scope = SCOPE_USER,
                .uid = geteuid(),
                .gid = getegid(),
                .max_output = 64 * KIB,
                .max_errors = 64 * KIB,
                .timeout_usec = LONG_USEC,
        };
}

static void run_script(const char *script, CommandResult *ret)
{
        char *words[4];
        Command command = shell(script, words);

        command_run_child(&command, ret);
}

static char *text_of(const GByteArray *bytes)
{
        /* Where there is none there is not even a pointer. */
        return bytes->len > 0 ? g_strndup((const char *) bytes->data, bytes->len) : g_strdup("");
}

static void assert_bytes(const GByteArray *bytes, const char *expected)
{
        g_autofree char *text = text_of(bytes);

        g_assert_cmpstr(text, ==, expected);
}

static void assert_end(const CommandResult *result, CommandEnd end, int status)
{
        g_assert_cmpint(result->end, ==, end);
        g_assert_cmpint(result->status, ==, status);
        g_assert_cmpint(command_result_is_good(result), ==, end == COMMAND_EXITED && status == 0);
}

static void test_ends(void)
{
        static const struct {
                const char *script;
                CommandEnd end;
                int status;
        } cases[] = {
                { "exit 0", COMMAND_EXITED, 0 },
                { "exit 1", COMMAND_EXITED, 1 },
                { "exit 255", COMMAND_EXITED, 255 },
                { "kill -SEGV $$", COMMAND_KILLED, SIGSEGV },
                { "kill -KILL $$", COMMAND_KILLED, SIGKILL },
                { "kill -TERM $$", COMMAND_KILLED, SIGTERM },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_auto(CommandResult) result = { 0 };

                run_script(cases[i].script, &result);
                assert_end(&result, cases[i].end, cases[i].status);
                g_assert_cmpuint(result.output->len + result.errors->len, ==, 0);
        }
        /* All that were started have been waited for. */
        g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
        g_assert_cmpint(errno, ==, ECHILD);
}

static void test_cannot_start(void)
{
        static const struct {
                const char *program;
                int error;
        } cases[] = {
                { "/nonexistent/program", ENOENT },
                { "/etc/passwd", EACCES },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                char *words[] = { (char *) cases[i].program, NULL }, *none[4];
                g_auto(CommandResult) result = { 0 };
                g_autofree char *text = NULL;
                Command command = shell("", none);

                command.words = words;
                command_run(&command, &result);
                assert_end(&result, COMMAND_NOT_STARTED, cases[i].error);
                text = command_describe(&command, &result);
                g_assert_true(g_str_has_prefix(text, cases[i].program));
                g_assert_nonnull(strstr(text, g_strerror(cases[i].error)));
        }
}

static void test_streams(void)
{
        char *words[4];
        Command command = shell("cat; echo out; echo err >&2", words);
        g_autoptr(GBytes) input = g_bytes_new_static("in\n", 3);
        g_auto(CommandResult) apart = { 0 }, merged = { 0 }, none = { 0 };

        command.input = input;
        command_run_child(&command, &apart);
        assert_end(&apart, COMMAND_EXITED, 0);
        assert_bytes(apart.output, "in\nout\n");
        assert_bytes(apart.errors, "err\n");

        command.merged = true;
        command_run_child(&command, &merged);
        assert_bytes(merged.output, "in\nout\nerr\n");
        assert_bytes(merged.errors, "");

        command.input = NULL;
        command_run_child(&command, &none);
        assert_bytes(none.output, "out\nerr\n");
}

/* Each of the standard files can be opened by its name, too, whoever the command runs as. */
static void test_named_streams(void)
{
        char *words[4];
        Command command = shell("cat </dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr", words);
        g_autoptr(GBytes) input = g_bytes_new_static("in\n", 3);
        g_auto(CommandResult) result = { 0 };

        command.input = input;
        if (geteuid() == 0)
                command.uid = command.gid = 65534;
        command_run_child(&command, &result);
        assert_end(&result, COMMAND_EXITED, 0);
        assert_bytes(result.output, "in\nout\n");
        assert_bytes(result.errors, "err\n");
}

static void test_large_input(void)
{
        const size_t size = 5 * 1024 * KIB;
        char *words[4];
        Command command = shell("cat", words);
        g_autofree char *data = g_malloc(size);
        g_autoptr(GBytes) input = NULL;
        g_auto(CommandResult) result = { 0 }, unread = { 0 };

        memset(data, 'x', size);
        input = g_bytes_new_take(g_steal_pointer(&data), size);
        command.input = input;
        command.max_output = size;
        command_run_child(&command, &result);
        assert_end(&result, COMMAND_EXITED, 0);
        g_assert_cmpuint(result.output->len, ==, size);
        g_assert_cmpmem(result.output->data, size, g_bytes_get_data(input, NULL), size);

        words[2] = (char *) "exit 3";
        command_run_child(&command, &unread);
        assert_end(&unread, COMMAND_EXITED, 3);
}

static void test_environment(void)
{
        g_auto(CommandResult) result = { 0 };
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;

        g_setenv("RECONF_TEST_SECRET", "1", true);
        run_script("/usr/bin/env", &result);
        text = text_of(result.output);
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; **line; line++) /* the shell itself exports PWD */
                g_assert_true(g_str_has_prefix(*line, "PATH=") || g_str_equal(*line, "LANG=C.UTF-8") ||
                              g_str_equal(*line, "PWD=/") || g_str_has_prefix(*line, "_=") ||
                              g_str_has_prefix(*line, "SHLVL=") || g_str_has_prefix(*line, "OLDPWD"));
}

/* Two signals are the C library's, which sets them back for nobody. Who started the tests may have them
 * ignored. */
static void reset_reserved_signals(void)
{
        const struct {
                void *handler;
                unsigned long flags;
                void *restorer;
                uint64_t mask;
        } none = { 0 };

        for (int number = 32; number < SIGRTMIN; number++)
                g_assert_cmpint(syscall(SYS_rt_sigaction, number, &none, NULL, sizeof none.mask), ==, 0);
}

static void test_state(void)
{
        g_auto(CommandResult) fds = { 0 }, mask = { 0 }, signals = { 0 }, session = { 0 };

        /* The fourth is ls's own. */
        run_script("exec ls /proc/self/fd", &fds);
        assert_bytes(fds.output, "0\n1\n2\n3\n");
        run_script("umask; pwd", &mask);
        assert_bytes(mask.output, "0077\n/\n");
        (void) signal(SIGXFSZ, SIG_IGN);
        reset_reserved_signals();
        run_script("exec grep -E '^Sig(Blk|Ign)' /proc/self/status", &signals);
        assert_bytes(signals.output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
        run_script("test \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$", &session);
        assert_end(&session, COMMAND_EXITED, 0);
}

static void test_privileges(void)
{
        g_auto(CommandResult) result = { 0 };

        run_script("exec grep -E '^(NoNewPrivs|Cap(Inh|Prm|Eff|Amb)):' /proc/self/status", &result);
        assert_bytes(result.output,
                     "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
                     "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n");
}

static void test_user(void)
{
        char *words[4];
        Command command = shell("id -u; id -g; id -G", words);
        g_auto(CommandResult) result = { 0 };

        if (geteuid() != 0) {
                g_test_skip("only root can become somebody else");
                return;
        }
        command.uid = 65534;
        command.gid = 65533;
        command_run_child(&command, &result);
        assert_bytes(result.output, "65534\n65533\n65533\n");
}

static void test_limits(void)
{
        g_auto(CommandResult) limits = { 0 }, memory = { 0 };
        g_autofree char *expected = g_strdup_printf("0\n%u\n%u\n%u\n61\n", COMMAND_MAX_FILES,
                                                    COMMAND_MAX_MEMORY / KIB, COMMAND_MAX_FILE_SIZE / 512);

        run_script("ulimit -Hc; ulimit -Hn; ulimit -Hv; ulimit -Hf; ulimit -Ht", &limits);
        assert_bytes(limits.output, expected);
        run_script("exec head -c 2000m /dev/zero | tail -c 1900m >/dev/null || exit 9", &memory);
        assert_end(&memory, COMMAND_EXITED, 9);
}

static void test_timeout(void)
{
        char *words[4];
        Command command = shell("echo before; sleep 1000", words);
        g_auto(CommandResult) result = { 0 };
        g_autofree char *text = NULL;

        /* Long enough for echo, on a busy machine, too. */
        command.timeout_usec = G_USEC_PER_SEC;
        command_run_child(&command, &result);
        assert_end(&result, COMMAND_TIMED_OUT, 0);
        assert_bytes(result.output, "before\n");
        text = command_describe(&command, &result);
        g_assert_nonnull(strstr(text, "TimeoutSec="));
}

static void test_processor_time(void)
{
        char *words[4];
        Command command = shell("while :; do :; done", words);
        g_auto(CommandResult) result = { 0 };

        command.timeout_usec = G_USEC_PER_SEC / 100;
        command_run_child(&command, &result);
        assert_end(&result, COMMAND_TIMED_OUT, 0);
}

static void test_flood(void)
{
        char *words[4];
        Command command = shell("exec head -c 65536 /dev/zero", words);
        g_auto(CommandResult) enough = { 0 }, output = { 0 }, errors = { 0 }, endless = { 0 };

        command_run_child(&command, &enough);
        assert_end(&enough, COMMAND_EXITED, 0);
        g_assert_cmpuint(enough.output->len, ==, 64 * KIB);

        words[2] = (char *) "head -c 65537 /dev/zero; sleep 1000";
        command_run_child(&command, &output);
        assert_end(&output, COMMAND_FLOODED, 0);
        g_assert_cmpuint(output.output->len, ==, 64 * KIB);

        words[2] = (char *) "exec cat /dev/zero >&2";
        command_run_child(&command, &errors);
        assert_end(&errors, COMMAND_FLOODED, 0);
        g_assert_cmpuint(errors.errors->len, ==, 64 * KIB);

        words[2] = (char *) "exec cat /dev/zero";
        command.merged = true;
        command_run_child(&command, &endless);
        assert_end(&endless, COMMAND_FLOODED, 0);
}

static void *cancel(void *cancelled)
{
        g_atomic_int_set((int *) cancelled, true);
        return NULL;
}

static void test_cancelled(void)
{
        int cancelled = false;
        char *words[4];
        Command command = shell("sleep 1000", words);
        g_auto(CommandResult) before = { 0 }, during = { 0 };
        GThread *thread;

        command.cancelled = &cancelled;
        thread = g_thread_new("cancel", cancel, &cancelled);
        command_run_child(&command, &during);
        g_thread_join(thread);
        assert_end(&during, COMMAND_CANCELLED, 0);
        command_run_child(&command, &before);
        assert_end(&before, COMMAND_CANCELLED, 0);
}

/* The numbers in a file, one a line, are of processes that are gone. */
static void assert_all_gone(const char *list, guint count)
{
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;

        g_assert_true(g_file_get_contents(list, &text, NULL, NULL));
        lines = g_strsplit(g_strchomp(text), "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), ==, count);
        for (char **line = lines; *line; line++) {
                int64_t pid;

                g_assert_true(g_ascii_string_to_signed(*line, 10, 2, INT32_MAX, &pid, NULL));
                g_assert_cmpint(kill((pid_t) pid, 0), ==, -1);
                g_assert_cmpint(errno, ==, ESRCH);
        }
}

/*
 * A child, one in a session of its own, and one whose parents are gone; all ignore what can be ignored. Goes
 * on when all three have written their numbers down.
 */
#define OFFSPRING                                                        \
        "trap '' TERM HUP INT; exec 3>>%1$s; sleep 1000 & echo $! >&3; " \
        "setsid sh -c 'echo $$ >&3; exec sleep 1000' & "                 \
        "setsid sh -c 'sh -c \"echo \\$\\$ >&3; exec sleep 1000\" &'; "  \
        "while [ $(wc -l <%1$s) -lt 3 ]; do :; done; "

static void test_nothing_stays(void)
{
        static const struct {
                const char *end;
                uint64_t timeout_usec;
                CommandEnd expected;
        } cases[] = {
                { "exit 0", LONG_USEC, COMMAND_EXITED },
                { "kill -ABRT $$", LONG_USEC, COMMAND_KILLED },
                { "sleep 1000", 2 * G_USEC_PER_SEC, COMMAND_TIMED_OUT },
                { "exec cat /dev/zero >&2", LONG_USEC, COMMAND_FLOODED },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *directory = g_dir_make_tmp("reconf-test-XXXXXX", NULL);
                g_autofree char *list = g_build_filename(directory, "list", NULL);
                g_autofree char *offspring = g_strdup_printf(OFFSPRING, list);
                g_autofree char *script = g_strconcat(offspring, cases[i].end, NULL);
                g_auto(CommandResult) result = { 0 };
                char *words[4];
                Command command = shell(script, words);

                command.timeout_usec = cases[i].timeout_usec;
                command_run_child(&command, &result);
                g_assert_cmpint(result.end, ==, cases[i].expected);
                assert_all_gone(list, 3);
                g_assert_cmpint(unlink(list), ==, 0);
                g_assert_cmpint(rmdir(directory), ==, 0);
        }
}

/* Whoever holds on to the output keeps nobody waiting. */
static void test_output_held(void)
{
        g_auto(CommandResult) result = { 0 };

        run_script("setsid sleep 1000 & echo done", &result);
        assert_end(&result, COMMAND_EXITED, 0);
        assert_bytes(result.output, "done\n");
}

/* The daemon dies in the middle: what it ran dies, too. */
static void test_orphaned(void)
{
        g_autofree char *directory = g_dir_make_tmp("reconf-test-XXXXXX", NULL);
        g_autofree char *fifo = g_build_filename(directory, "fifo", NULL);
        g_autofree char *script = g_strdup_printf("setsid sleep 1000 <%s & exec sleep 1000 <%s", fifo, fifo);
        pid_t pid;
        int fd;

        g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                g_auto(CommandResult) result = { 0 };

                run_script(script, &result);
                _exit(1);
        }
        /* Opens once a reader is there; is closed by the death of the last. */
        fd = open(fifo, O_WRONLY | O_CLOEXEC);
        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        for (struct pollfd end = { .fd = fd }; !(end.revents & POLLERR);)
                g_assert_cmpint(poll(&end, 1, -1), >=, 0);
        close(fd);
        g_assert_cmpint(unlink(fifo), ==, 0);
        g_assert_cmpint(rmdir(directory), ==, 0);
}

static void *run_true(void *data)
{
        for (int i = 0; i < 20; i++) {
                g_auto(CommandResult) result = { 0 };

                run_script("echo yes", &result);
                assert_end(&result, COMMAND_EXITED, 0);
                assert_bytes(result.output, "yes\n");
        }
        return NULL;
}

static void test_threads(void)
{
        GThread *threads[4];

        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                threads[i] = g_thread_new("run", run_true, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                g_thread_join(threads[i]);
}

static void test_descriptions(void)
{
        static const struct {
                CommandResult result;
                const char *expected;
        } cases[] = {
                { { .end = COMMAND_EXITED, .status = 3 }, "/bin/sh exited with status 3" },
                { { .end = COMMAND_KILLED, .status = SIGSEGV },
                  "/bin/sh was killed by signal 11 (Segmentation fault)" },
                { { .end = COMMAND_KILLED, .status = 99 }, "/bin/sh was killed by signal 99 (unknown)" },
                { { .end = COMMAND_CANCELLED }, "/bin/sh was killed, for its answer is no longer wanted" },
                { { .end = COMMAND_FLOODED },
                  "/bin/sh wrote more than it may (65536 bytes, 65536 to standard error) and was killed" },
        };
        char *words[4];
        Command command = shell("", words);

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = command_describe(&command, &cases[i].result);

                g_assert_cmpstr(text, ==, cases[i].expected);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/command/ends", test_ends);
        g_test_add_func("/command/cannot-start", test_cannot_start);
        g_test_add_func("/command/streams", test_streams);
        g_test_add_func("/command/named-streams", test_named_streams);
        g_test_add_func("/command/large-input", test_large_input);
        g_test_add_func("/command/environment", test_environment);
        g_test_add_func("/command/state", test_state);
        g_test_add_func("/command/privileges", test_privileges);
        g_test_add_func("/command/user", test_user);
        g_test_add_func("/command/limits", test_limits);
        g_test_add_func("/command/timeout", test_timeout);
        g_test_add_func("/command/processor-time", test_processor_time);
        g_test_add_func("/command/flood", test_flood);
        g_test_add_func("/command/cancelled", test_cancelled);
        g_test_add_func("/command/nothing-stays", test_nothing_stays);
        g_test_add_func("/command/output-held", test_output_held);
        g_test_add_func("/command/orphaned", test_orphaned);
        g_test_add_func("/command/threads", test_threads);
        g_test_add_func("/command/descriptions", test_descriptions);
        return g_test_run();
}
